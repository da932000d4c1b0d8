import Addresses
package import MeshModel

/// The peers of two states of a mesh, each once: matched by name, else by an address in the mesh.
struct JointPeers {
    struct Peer {
        /// The present name, or the last one.
        let name: String
        /// Index in the mesh file of each state; nil where the peer is not there.
        let places: [Int?]
    }

    /// In the natural order of names.
    let peers: [Peer]

    init(from applied: PolicyState, to desired: PolicyState) {
        var former = Dictionary(uniqueKeysWithValues: applied.enabled.map { (applied.mesh.peers[$0].name, $0) })
        var pairs: [(applied: Int?, desired: Int?)] = []
        var fresh: [Int] = []
        for index in desired.enabled {
            if let same = former.removeValue(forKey: desired.mesh.peers[index].name) {
                pairs.append((same, index))
            } else {
                fresh.append(index)
            }
        }
        var byAddress: [IPAddress: Int] = [:]
        for index in former.values { for address in applied.addresses(of: index) { byAddress[address] = index } }
        for index in fresh {
            let same = desired.addresses(of: index).lazy.compactMap { byAddress[$0] }.first
            if let same {
                for address in applied.addresses(of: same) { byAddress[address] = nil }
                former[applied.mesh.peers[same].name] = nil
            }
            pairs.append((same, index))
        }
        pairs += former.values.map { ($0, nil) }
        peers = pairs.map { pair in
            let name =
                pair.desired.map { desired.mesh.peers[$0].name } ?? pair.applied.map { applied.mesh.peers[$0].name }
            return Peer(name: name ?? "", places: [pair.applied, pair.desired])
        }.sorted { NaturalOrder.precedes($0.name, $1.name) }
    }

    /// Indices in ``peers`` of those that both states treat alike, in classes.
    func classes(_ states: [PolicyState]) -> [[Int]] {
        let keys = [ClassKeys(states[0]), ClassKeys(states[1])]
        var order: [[String]] = []
        var classes: [[String]: [Int]] = [:]
        for (index, peer) in peers.enumerated() {
            let declared = (0...1).compactMap { side in peer.places[side].map { states[side].mesh.peers[$0] } }
            let key = (0...1).map { side in
                peer.places[side].map { keys[side].key(of: $0) } ?? keys[side].key(ofStranger: declared)
            }
            // A gateway is alike nobody: what is behind it is reached without the mesh.
            let own = declared.contains { !$0.routes.isEmpty } ? ["\(index)"] : []
            if classes[key + own] == nil { order.append(key + own) }
            classes[key + own, default: []].append(index)
        }
        return order.compactMap { classes[$0] }
    }
}

/// What tells peers apart in one state, as words that are equal for those that are alike.
private struct ClassKeys {
    private let state: PolicyState
    private let networks: [IPPrefix]

    init(_ state: PolicyState) {
        self.state = state
        networks = state.underlayNetworks
    }

    func key(of peer: Int) -> String {
        state.classes?.classOfPeer[peer].map { "class \($0)" } ?? "any"
    }

    /// A host that is not of the mesh in this state is known by its addresses on the underlay.
    func key(ofStranger declared: [DeclaredPeer]) -> String {
        guard let peer = declared.first else { return "nobody" }
        return UnderlaySide.allCases.map { side -> String in
            switch state.stranger(peer, side) {
            case .peer(let index): return "is \(index)"
            case .anyone: return "anyone"
            case .address(let address): return networks.map { $0.contains(address) ? "1" : "0" }.joined()
            }
        }.joined(separator: " ")
    }
}

extension PolicyState {
    /// Who a host is on the underlay that is no peer in this state: whoever has its address now, or a stranger.
    package func stranger(_ peer: DeclaredPeer, _ side: UnderlaySide) -> FlowEnd {
        let own = [peer.publicAddresses, peer.privateAddresses].map { $0.map(\.value) }
        let address = side == .public ? own[0].first ?? own[1].first : own[1].first ?? own[0].first
        return address.map { AskedEnd.address($0, in: mesh).end }.map { end in
            if case .address = end { return address.map(FlowEnd.address) ?? .anyone }
            return end
        } ?? .anyone
    }
}
