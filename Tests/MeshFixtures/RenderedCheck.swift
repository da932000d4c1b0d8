import Addresses
import HostPlans
import MeshModel
import Rendering

/// Holds what was rendered against the oracle; each method returns what is wrong, in words.
package struct RenderedCheck {
    private let sketch: MeshSketch
    private let oracle: ReachOracle
    private let rendered: RenderedMesh
    private let target: String
    private let configs: [String: WireGuardConfig]
    private let peers: [String: Peer]
    private var mesh: Mesh { rendered.mesh }

    /// Parses the target's files of all hosts; nil when one does not parse.
    package init?(_ sketch: MeshSketch, _ rendered: RenderedMesh, target: String) {
        self.sketch = sketch
        self.rendered = rendered
        self.target = target
        oracle = ReachOracle(sketch)
        var configs: [String: WireGuardConfig] = [:]
        for host in rendered.mesh.peers.indices {
            let (config, findings) = WireGuardConfig.parse(rendered.text(of: host, target), file: target)
            guard findings.isEmpty else { return nil }
            configs[rendered.mesh.peers[host].name] = config
        }
        self.configs = configs
        peers = Dictionary(uniqueKeysWithValues: rendered.mesh.peers.map { ($0.name, $0) })
    }

    package var problems: [String] {
        sectionProblems + disjointProblems + wayProblems + outsideProblems
            + configs.keys.sorted().flatMap(controlProblems)
    }

    /// Every section is the expected one, and none is missing: with it symmetry, keepalives and endpoints.
    private var sectionProblems: [String] {
        oracle.names.flatMap { a -> [String] in
            let expected = oracle.names.filter { $0 != a && oracle.areNeighbours(a, $0) }
            let found = configs[a]?.peers ?? []
            let keys = expected.map { peers[$0]?.publicKey ?? "" }
            if found.map(\.publicKey) != keys { return ["\(a) lists \(found.count) peers instead of \(expected)"] }
            return zip(expected, found).flatMap { b, section in sectionProblems(a, b, section) }
        }
    }

    private func sectionProblems(_ a: String, _ b: String, _ section: WireGuardConfig.Peer) -> [String] {
        var problems: [String] = []
        func expect(_ isRight: Bool, _ what: String) {
            if !isRight { problems.append("\(a) has a wrong \(what) for \(b)") }
        }
        expect(section.endpoint?.description == oracle.endpoint(at: a, for: b), "endpoint")
        expect(section.keepalive.map(Int.init) == oracle.keepalive(at: a, for: b), "keepalive")
        expect(section.hasPresharedKey == (sketch.presharedKeys != "off"), "preshared key")
        var prefixes = ([b] + oracle.carried(from: a, by: b)).flatMap(ownPrefixes)
        if oracle.exit(of: a) == b { prefixes += (peers[b]?.addresses ?? []).map { .everything($0.family) } }
        expect(section.allowedIPs.count == prefixes.count && Set(section.allowedIPs) == Set(prefixes), "allowed IPs")
        if sketch.peers.allSatisfy({ $0.keepalive == nil }), section.keepalive != nil {
            expect(oracle.endpoint(at: b, for: a) == nil, "keepalive, since the other side has an endpoint,")
        }
        return problems
    }

    private func ownPrefixes(_ name: String) -> [IPPrefix] {
        let routes = oracle.networks(behind: name).compactMap { try? IPPrefix(parsing: $0) }
        return (peers[name]?.addresses.map(IPPrefix.host) ?? []) + routes
    }

    private var disjointProblems: [String] {
        configs.sorted { $0.key < $1.key }.compactMap { host, config in
            let all = config.peers.flatMap(\.allowedIPs).filter { $0.length > 0 }.sorted()
            return zip(all, all.dropFirst()).contains { $0.overlaps($1) } ? "\(host) allows one prefix twice" : nil
        }
    }

    /// Every declared pair has a way in every family, and no other pair has one but through a relay's own sections.
    private var wayProblems: [String] {
        let walk = CryptokeyWalk(configs, keys: peers.mapValues(\.publicKey))
        return oracle.names.flatMap { a in
            oracle.names.flatMap { b -> [String] in
                guard a != b, let from = peers[a], let to = peers[b] else { return [] }
                return zip(from.addresses, to.addresses).compactMap { source, target in
                    let path = walk.path(from: source, at: a, to: target, of: b)
                    switch oracle.way(a, b) {
                    case .direct: return path == [b] ? nil : "\(a) does not reach \(b) directly"
                    case .through(let relay): return path == [relay, b] ? nil : "\(a) does not reach \(b) by \(relay)"
                    case .impossible: return "\(a) and \(b) were let through"
                    case .none where oracle.carries(a) || oracle.carries(b): return nil
                    // What has no section of its own goes where everything goes; there, the rules judge it.
                    case .none where path?.first == oracle.exit(of: a) && path != nil: return nil
                    case .none: return path == nil ? nil : "\(a) reaches \(b), which nobody declared"
                    }
                }
            }
        }
    }

    /// What is for the Internet goes to the gateway of those who have one and nowhere else, and what is for another mesh to
    /// the peer that joins it, from everybody who has a way to that peer.
    private var outsideProblems: [String] {
        let walk = CryptokeyWalk(configs, keys: peers.mapValues(\.publicKey))
        return oracle.names.flatMap { name -> [String] in
            guard let peer = peers[name] else { return [] }
            return peer.addresses.flatMap { source -> [String] in
                let far = source.family == .v4 ? "8.8.8.8" : "2001:4860:4860::8888"
                var problems: [String] = []
                if let address = try? IPAddress(parsing: far) {
                    let last = oracle.names.first { walk.path(from: source, at: name, to: address, of: $0) == [$0] }
                    if last != oracle.exit(of: name) { problems.append("\(name) leaves by \(last ?? "nobody")") }
                }
                return problems + crossingProblems(name, source, walk)
            }
        }
    }

    private func crossingProblems(_ name: String, _ source: IPAddress, _ walk: CryptokeyWalk) -> [String] {
        sketch.peerings.flatMap { peering in
            peering.prefixes.compactMap { try? IPPrefix(parsing: $0) }.compactMap { prefix -> String? in
                guard prefix.family == source.family, name != peering.at, let target = prefix.first.advanced(by: 9)
                else { return nil }
                let path = walk.path(from: source, at: name, to: target, of: peering.at)
                switch oracle.way(name, peering.at) {
                case .direct: return path == [peering.at] ? nil : "\(name) does not reach \(peering.name)"
                case .through(let relay):
                    return path == [relay, peering.at] ? nil : "\(name) does not reach \(peering.name) by \(relay)"
                case .none, .impossible: return nil
                }
            }
        }
    }

    /// Nothing but printable bytes and line feeds, one of them at the end.
    private func controlProblems(_ host: String) -> [String] {
        guard let index = mesh.index(of: host) else { return ["\(host) is not in the mesh"] }
        let text = rendered.text(of: index, target)
        let isClean = text.allSatisfy { $0 == 0x0a || $0 >= 0x20 && $0 != 0x7f }
        return isClean && text.last == 0x0a && text.dropLast().last != 0x0a ? [] : ["\(host): \(target) is unclean"]
    }
}
