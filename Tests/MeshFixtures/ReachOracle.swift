/// Who is to reach whom, how, and what each host must therefore know: worked out pair by pair from the sketch, the slow
/// and plain way, without the program's own types.
package struct ReachOracle {
    package enum Way: Equatable {
        /// The declaration keeps the two apart.
        case none
        case direct
        case through(String)
        /// They are to talk and cannot.
        case impossible
    }

    private let sketch: MeshSketch
    /// The enabled peers by name.
    package let peers: [String: PeerSketch]
    package let names: [String]
    private var ways: [String: [String: Way]] = [:]

    package init(_ sketch: MeshSketch) {
        self.sketch = sketch
        let enabled = sketch.peers.filter { !$0.isDisabled }
        peers = Dictionary(uniqueKeysWithValues: enabled.map { ($0.name, $0) })
        names = enabled.map(\.name).sorted()
        for a in names { for b in names where a != b { ways[a, default: [:]][b] = findWay(a, b) } }
        // Whoever carries a pair's packets talks to both of them himself.
        for (a, row) in ways {
            for case .through(let relay) in row.values {
                ways[a]?[relay] = .direct
                ways[relay]?[a] = .direct
            }
        }
    }

    package func way(_ a: String, _ b: String) -> Way { ways[a]?[b] ?? .none }

    package var isPossible: Bool { ways.values.allSatisfy { $0.values.allSatisfy { $0 != .impossible } } }

    /// The pairs that are to talk.
    package var wished: [(String, String)] {
        names.flatMap { a in names.filter { $0 != a && way(a, $0) != .none }.map { (a, $0) } }
    }

    /// Whether the two have sections for each other.
    package func areNeighbours(_ a: String, _ b: String) -> Bool { way(a, b) == .direct }

    /// The peers that `a` reaches through `b`.
    package func carried(from a: String, by b: String) -> [String] { names.filter { way(a, $0) == .through(b) } }

    package func carries(_ name: String) -> Bool {
        names.contains { a in names.contains { way(a, $0) == .through(name) } }
    }

    /// The gateway by which a peer leaves for the Internet; nil for none.
    package func exit(of name: String) -> String? {
        sketch.exits.first { $0.users.contains(name) && $0.via != name }?.via
    }

    /// The networks behind a peer: its own, and the meshes that it joins to this one.
    package func networks(behind name: String) -> [String] {
        (peers[name]?.routes ?? []) + sketch.peerings.filter { $0.at == name }.flatMap(\.prefixes)
    }

    /// Where `a` sends to `b` first; nil when it cannot.
    package func endpoint(at a: String, for b: String) -> String? {
        guard let from = peers[a], let to = peers[b] else { return nil }
        let port = to.port ?? sketch.port
        if let site = from.site, to.site == site {
            for isV6 in [false, true] where from.privates.contains(where: { Self.isV6($0) == isV6 }) {
                if let address = to.privates.first(where: { Self.isV6($0) == isV6 }) { return Self.join(address, port) }
            }
        }
        if let endpoint = to.endpoint { return endpoint.contains(":") ? endpoint : "\(endpoint):\(port)" }
        for isV6 in [false, true] {
            let isAble = from.publics.isEmpty || from.publics.contains { Self.isV6($0) == isV6 }
            if isAble, let address = to.publics.first(where: { Self.isV6($0) == isV6 }) {
                return Self.join(address, port)
            }
        }
        return nil
    }

    package func keepalive(at a: String, for b: String) -> Int? {
        if let own = peers[a]?.keepalive { return own == 0 ? nil : own }
        let isNeeded = endpoint(at: a, for: b) != nil && endpoint(at: b, for: a) == nil
        return isNeeded && sketch.keepalive != 0 ? sketch.keepalive : nil
    }

    private func findWay(_ a: String, _ b: String) -> Way {
        let isDirectAllowed: Bool
        var between = relays
        switch sketch.topology {
        case .mesh: isDirectAllowed = true
        case .hub(let hubs):
            let hubs = resolve(hubs)
            isDirectAllowed = hubs.contains(a) || hubs.contains(b)
            if !isDirectAllowed { between = hubs + relays }
        case .custom(let links):
            let isLinked = links.contains { link in
                matches(link[0], a) && matches(link[1], b) || matches(link[0], b) && matches(link[1], a)
            }
            if !isLinked { return .none }
            isDirectAllowed = true
        }
        if isDirectAllowed && canMeet(a, b) { return .direct }
        let relay = between.first { $0 != a && $0 != b && canMeet(a, $0) && canMeet(b, $0) }
        return relay.map { .through($0) } ?? .impossible
    }

    private var relays: [String] { resolve(sketch.relays) }

    private func canMeet(_ a: String, _ b: String) -> Bool {
        endpoint(at: a, for: b) != nil || endpoint(at: b, for: a) != nil
    }

    private func resolve(_ selectors: [String]) -> [String] {
        selectors.reduce(into: []) { result, selector in
            result += names.filter { matches(selector, $0) && !result.contains($0) }
        }
    }

    private func matches(_ selector: String, _ name: String) -> Bool {
        selector == "all" || selector == name || (peers[name]?.groups.contains(selector) ?? false)
    }

    private static func isV6(_ address: String) -> Bool { address.contains(":") }

    private static func join(_ address: String, _ port: Int) -> String {
        isV6(address) ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
}
