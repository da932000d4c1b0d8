import Addresses

/// What a pair of peers may use to talk.
struct Transit {
    var allowsDirect: Bool
    /// Indices of peers, in the order of preference.
    var relays: [Int]
}

/// The topology's selectors resolved to bits, one of which each class of peers carries.
struct PeerSelection {
    private let declaration: TopologyDeclaration
    /// The bit of each selector that a link names.
    private let bits: [Selector: Int]
    /// Indices among the enabled peers.
    let hubs: [Int]
    let relays: [Int]
    private let alone: Set<Int>
    /// By index in the mesh file: the gateway of each user of an exit, among the enabled peers.
    private let exits: [Int: Int]

    init(_ mesh: DeclaredMesh, peers: [Int]) {
        declaration = mesh.topology
        var bits: [Selector: Int] = [:]
        if case .custom(let links) = mesh.topology {
            for selector in links.flatMap({ [$0.first, $0.second] }) where bits[selector] == nil {
                bits[selector] = bits.count
            }
        }
        self.bits = bits
        relays = Self.resolve(mesh.relays, mesh, peers)
        if case .hub(let selectors) = mesh.topology {
            hubs = Self.resolve(selectors, mesh, peers)
        } else {
            hubs = []
        }
        alone = Set(relays + hubs)
        exits = Self.exits(of: mesh, peers)
    }

    /// The enabled peers that the selectors name, in their order and each once.
    static func resolve(_ selectors: [Located<Selector>], _ mesh: DeclaredMesh, _ peers: [Int]) -> [Int] {
        var result: [Int] = []
        for selector in selectors {
            for (index, declared) in peers.enumerated()
            where matches(selector.value, declared, mesh.peers[declared]) && !result.contains(index) {
                result.append(index)
            }
        }
        return result
    }

    static func matches(_ selector: Selector, _ index: Int, _ peer: DeclaredPeer) -> Bool {
        switch selector {
        case .all: return true
        case .group(let group): return peer.groups.contains(group)
        case .peer(let named): return named == index
        }
    }

    /// `index` counts the enabled peers; `declaredIndex` those of the file.
    func reachClass(of index: Int, _ peer: DeclaredPeer, declaredIndex: Int) -> ReachClass {
        var memberships = [Bool](repeating: false, count: bits.count)
        for (selector, bit) in bits { memberships[bit] = Self.matches(selector, declaredIndex, peer) }
        return ReachClass(
            site: peer.site,
            privateFamilies: FamilySet(peer.privateAddresses.lazy.map(\.value)),
            publicFamilies: FamilySet(peer.publicAddresses.lazy.map(\.value)),
            hasEndpoint: peer.endpoint != nil,
            keepalive: peer.overrides.keepalive,
            memberships: memberships,
            alone: alone.contains(index) ? index : nil,
            platform: peer.platform,
            exit: exits[declaredIndex])
    }

    /// The first exit counts; that there is one only is held by a rule.
    private static func exits(of mesh: DeclaredMesh, _ peers: [Int]) -> [Int: Int] {
        var result: [Int: Int] = [:]
        for exit in mesh.policy?.exits ?? [] {
            guard let gateway = peers.firstIndex(of: exit.via.value) else { continue }
            for peer in peers where result[peer] == nil && exit.leads(peer, in: mesh) { result[peer] = gateway }
        }
        return result
    }

    /// How two classes are to talk; nil when the topology keeps them apart.
    func wish(_ a: ReachClass, _ b: ReachClass) -> Transit? {
        switch declaration {
        case .mesh: return Transit(allowsDirect: true, relays: relays)
        case .hub:
            let isHub = [a, b].contains { $0.alone.map(hubs.contains) ?? false }
            return Transit(allowsDirect: isHub, relays: isHub ? relays : hubs + relays)
        case .custom(let links):
            let isLinked = links.contains { link in
                guard let first = bits[link.first], let second = bits[link.second] else { return false }
                return a.memberships[first] && b.memberships[second] || b.memberships[first] && a.memberships[second]
            }
            return isLinked ? Transit(allowsDirect: true, relays: relays) : nil
        }
    }
}
