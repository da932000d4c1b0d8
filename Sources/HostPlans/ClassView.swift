package import Addresses
package import MeshModel

/// The mesh as the hosts of one class see it: their sections are the same but for the one that would be their own.
package struct ClassView: Sendable {
    /// Index in the topology's classes.
    package let number: Int
    /// The hosts of the class, ascending.
    package let hosts: [Int]
    /// A section for every peer that some host of the class peers with, by ascending peer.
    ///
    /// A host leaves out its own, and in the section of a relay its own addresses.
    package let sections: [PeerSection]
    /// The indices of the sections that stand for relayed peers too, ascending.
    let relaySections: [Int]
    /// The networks behind peers that the class reaches, with the peer behind which they lie.
    package let routes: [(peer: Int, prefix: IPPrefix)]

    init(_ number: Int, in mesh: Mesh) {
        self.number = number
        hosts = mesh.topology.members[number]
        let viewer = mesh.topology.classes[number]
        var relayed: [Int: [Int]] = [:]
        var direct: [Int] = []
        for (peer, other) in mesh.topology.classOfPeer.enumerated() {
            switch mesh.topology.route(between: number, and: other) {
            case .direct: direct.append(peer)
            case .relay(let relay): relayed[relay, default: []].append(peer)
            case .none, .impossible: break
            }
        }
        let all = direct.map { peer in
            PeerSection(peer, as: viewer, in: mesh, relayed: relayed[peer] ?? [])
        }
        // Hosts of one class have one role, but for its name.
        let members = hosts.first.flatMap { mesh.role(of: $0) }?.members
        sections = all.filter { section in
            members?.contains(section.peer) ?? true
        }
        let reached = (direct + relayed.values.joined()).sorted()
        routes = reached.flatMap { peer in mesh.peers[peer].declared.routes.map { (peer, $0.value) } }
        relaySections = sections.enumerated().filter { !$1.relayed.isEmpty }.map(\.offset)
    }

    /// The section for a relay as one host sees it that is itself among the relayed; nil when it is as in ``sections``.
    package func ownSection(of section: PeerSection, for host: Int, in mesh: Mesh) -> PeerSection? {
        guard section.relayed.contains(host) else { return nil }
        let viewer = mesh.topology.classes[number]
        return PeerSection(section.peer, as: viewer, in: mesh, relayed: section.relayed.filter { $0 != host })
    }
}

extension PeerSection {
    init(_ peer: Int, as viewer: ReachClass, in mesh: Mesh, relayed: [Int]) {
        let other = mesh.topology.classes[mesh.topology.classOfPeer[peer]]
        let choice = viewer.choice(toward: other)
        var allowedIPs = mesh.peers[peer].ownPrefixes
        for index in relayed { allowedIPs += mesh.peers[index].ownPrefixes }
        if viewer.exit == peer { allowedIPs += mesh.peers[peer].addresses.map { .everything($0.family) } }
        self.init(
            peer: peer,
            endpoint: mesh.endpoint(of: peer, choice),
            keepalive: viewer.keepaliveInterval(toward: other, default: mesh.wireGuard.keepalive)
                ?? mesh.rotatingKeepalive(of: viewer),
            allowedIPs: allowedIPs,
            relayed: relayed)
    }
}

extension Peer {
    /// The peer's addresses as host prefixes, then the networks behind it.
    var ownPrefixes: [IPPrefix] {
        addresses.map(IPPrefix.host) + declared.routes.map(\.value).sorted()
    }
}

extension Mesh {
    /// While keys rotate, every interface calls every peer, also as it comes up: a host that was rebooted is heard on both
    /// at once, and the others need not find out that its sessions are gone. Nil otherwise, and for apps and for peers
    /// that say `keepalive: off`.
    fileprivate func rotatingKeepalive(of viewer: ReachClass) -> UInt16? {
        guard rotation != nil, viewer.platform != .app, viewer.keepalive == nil else { return nil }
        return wireGuard.keepalive == 0 ? 25 : wireGuard.keepalive
    }

    /// Where a peer listens; a port that its `endpoint:` names is that of the first interface.
    fileprivate func endpoint(of index: Int, _ choice: EndpointChoice) -> Endpoint? {
        let declared = peers[index].declared
        let port = port(of: index)
        switch choice {
        case .none: return nil
        case .declared:
            let named = declared.endpoint?.port
            return declared.endpoint.map {
                Endpoint(host: $0.host, port: (isOnTwin ? named.map { $0.twin ?? $0 } : named) ?? port)
            }
        case .privateAddress(let family): return endpoint(declared.privateAddresses, family, port)
        case .publicAddress(let family): return endpoint(declared.publicAddresses, family, port)
        }
    }

    private func endpoint(_ addresses: [Located<IPAddress>], _ family: IPFamily, _ port: Port) -> Endpoint? {
        addresses.first { $0.value.family == family }.map { Endpoint(host: .address($0.value), port: port) }
    }
}

extension ReachClass {
    /// Keepalives belong to the side that the other cannot call: it keeps its NAT's mapping open.
    ///
    /// A peer's own `keepalive:` holds toward everybody, needed or not.
    func keepaliveInterval(toward other: ReachClass, default interval: UInt16) -> UInt16? {
        if let keepalive { return keepalive == 0 ? nil : keepalive }
        let isNeeded = choice(toward: other) != .none && other.choice(toward: self) == .none
        return isNeeded && interval != 0 ? interval : nil
    }
}
