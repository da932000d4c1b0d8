import Addresses
import HostPlans
import Lab
import MeshModel

/// What a mesh declares, in the lab's own words.
struct LabDeclaration {
    private let mesh: Mesh
    /// The folder with a rendered tree for each host.
    private let trees: String

    init(_ mesh: Mesh, trees: String) {
        self.mesh = mesh
        self.trees = trees
    }

    var topology: LabTopology {
        LabTopology(
            sites: mesh.sites.map { LabSite(name: $0.name, networks: $0.networks.map(\.value.description)) },
            hosts: mesh.peers.indices.map(host), expectations: expectations)
    }

    private func host(_ index: Int) -> LabHost {
        let peer = mesh.peers[index]
        let declared = peer.declared
        return LabHost(
            name: peer.name,
            site: declared.site.map { mesh.sites[$0].name },
            privateAddresses: declared.privateAddresses.map(\.value.description),
            publicAddresses: declared.publicAddresses.map(\.value.description),
            reach: declared.site == nil && declared.publicAddresses.isEmpty && declared.endpoint == nil
                ? .natted : .direct,
            interfaces: [(declared.overrides.interface ?? mesh.wireGuard.interface).description],
            overlayAddresses: peer.addresses.map(\.description),
            tree: "\(trees)/\(peer.name)",
            routedNetworks: declared.routes.map { route in
                LabRoutedNetwork(prefix: route.value.description, testAddress: testAddress(in: route.value).description)
            },
            dnsNames: endpointName(of: declared).map { [$0] } ?? [])
    }

    /// What the lab's Internet routes to the host: its public addresses, the address of its `endpoint:`, and for an
    /// endpoint by name alone an address of the lab's own (RFC 2544 keeps 198.18.0.0/15 for such networks).
    private func publicAddresses(of index: Int) -> [String] {
        let declared = mesh.peers[index].declared
        var addresses = declared.publicAddresses.map(\.value)
        if case .address(let address)? = declared.endpoint?.host, !addresses.contains(address) {
            addresses.append(address)
        }
        if addresses.isEmpty, endpointName(of: declared) != nil {
            addresses.append(.v4(0xc612_0000 + UInt32(truncatingIfNeeded: index + 1)))
        }
        return addresses.map(\.description)
    }

    private func endpointName(of peer: DeclaredPeer) -> String? {
        if case .name(let name)? = peer.endpoint?.host { return name.description }
        return nil
    }

    /// The highest address of the network that no peer has on the underlay.
    private func testAddress(in prefix: IPPrefix) -> IPAddress {
        let taken = Set(mesh.peers.flatMap { $0.declared.privateAddresses.map(\.value) })
        var candidate = prefix.last
        for _ in 0...taken.count + 2 {
            let next = candidate.advanced(by: -1)
            if candidate != prefix.last || prefix.lastOffset < 2, !taken.contains(candidate) { break }
            guard let next, prefix.contains(next) else { break }
            candidate = next
        }
        return candidate
    }

    private var expectations: [LabExpectation] {
        var result: [LabExpectation] = []
        for from in mesh.peers.indices {
            for to in mesh.peers.indices where to != from {
                result += expectations(from, to)
            }
        }
        return result
    }

    /// The peer itself in every family that both have, and the networks behind it.
    private func expectations(_ from: Int, _ to: Int) -> [LabExpectation] {
        let path: LabPath
        switch mesh.topology[from, to] {
        case .direct: path = .direct
        case .relay(let relay): path = .relay(mesh.peers[relay].name)
        case .none, .impossible: path = .none
        }
        let answer: LabExpectation.Answer = path == .none ? .unreachable : .reachable
        let families = Set(mesh.peers[from].addresses.map(\.family))
        let name = mesh.peers[from].name
        var result = mesh.peers[to].addresses.filter { families.contains($0.family) }.map { address in
            LabExpectation(
                from: name, to: mesh.peers[to].name, family: LabFamily(address.family), answer: answer, path: path)
        }
        let near = mesh.peers[from].declared.site.map { mesh.sites[$0].networks.map(\.value) } ?? []
        for route in mesh.peers[to].declared.routes.map(\.value)
        where families.contains(route.family) && !near.contains(where: { $0.overlaps(route) }) {
            result.append(
                LabExpectation(
                    from: name, to: LabTopology.nodeName(host: mesh.peers[to].name, prefix: route.description),
                    family: LabFamily(route.family), answer: answer, path: path))
        }
        return result
    }
}

extension LabFamily {
    init(_ family: IPFamily) {
        self = family == .v4 ? .ipv4 : .ipv6
    }
}
