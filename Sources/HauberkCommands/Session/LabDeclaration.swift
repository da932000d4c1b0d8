import Addresses
import HostPlans
import Lab
import MeshModel

/// What one mesh declares, in the lab's own words.
struct LabDeclaration {
    private let meshes: LabMeshes
    private let number: Int
    private let places: LabPlaces
    /// The dialect that the hosts' own are proved in; nil for what each declares.
    private let dialect: LabFirewall?

    private var part: LabMeshes.Part { meshes.parts[number] }
    private var mesh: Mesh { part.mesh }

    /// Of the mesh of that number among those of the lab.
    init(_ meshes: LabMeshes, _ number: Int, _ places: LabPlaces, _ dialect: LabFirewall?) {
        self.meshes = meshes
        self.number = number
        self.places = places
        self.dialect = dialect
    }

    func host(_ index: Int) -> LabHost {
        let peer = mesh.peers[index]
        let declared = peer.declared
        return LabHost(
            name: places.hostNames[index],
            site: declared.site.map { mesh.sites[$0].name },
            privateAddresses: declared.privateAddresses.map(\.value.description),
            publicAddresses: publicAddresses(of: index).map(\.description),
            reach: declared.site == nil && declared.publicAddresses.isEmpty && declared.endpoint == nil
                ? .natted : .direct,
            interfaces: [mesh.interface(of: index).description],
            overlayAddresses: peer.addresses.map(\.description),
            tree: "\(part.trees)/\(peer.name)",
            routedNetworks: meshes.routes(number, index).map { route in
                LabRoutedNetwork(
                    prefix: route.description, testAddress: places.testAddress(in: route).description,
                    moreAddresses: places.namedAddresses(in: route, mesh).map(\.description))
            },
            dnsNames: endpointName(of: declared).map { [$0] } ?? [], underlay: underlayNames(of: index),
            firewall: labFirewall(of: index), meshes: [mesh.name])
    }

    /// What the host's rules call its interfaces; the lab's own names where the mesh file gives none.
    private func underlayNames(of index: Int) -> LabUnderlayNames {
        let site = mesh.peers[index].declared.site.map { mesh.sites[$0] }
        let exits = mesh.declared.policy?.exits ?? []
        let exit = exits.first { $0.via.value == mesh.declaredIndices[index] }?.interface
        let outside = (exit ?? site?.publicInterface)?.description ?? "eth0"
        let inside = site?.interface?.description ?? "eth1"
        return LabUnderlayNames(public: outside == inside ? outside + "p" : outside, private: inside)
    }

    private func labFirewall(of index: Int) -> LabFirewall? {
        switch part.firewalls.kind(of: index) {
        case .none, .csf, .pf: return nil
        case .nftables: return .nftables
        case .iptables: return dialect == .iptablesLegacy ? .iptablesLegacy : .iptablesNft
        case .ufw: return .ufw
        case .firewalld: return .firewalld
        }
    }

    /// What the lab's Internet routes to the host: its public addresses, the address of its `endpoint:`, and for an
    /// endpoint by name alone an address of the lab's own (RFC 2544 keeps 198.18.0.0/15 for such networks).
    private func publicAddresses(of index: Int) -> [IPAddress] {
        let declared = mesh.peers[index].declared
        var addresses = declared.publicAddresses.map(\.value)
        if case .address(let address)? = declared.endpoint?.host, !addresses.contains(address) {
            addresses.append(address)
        }
        if addresses.isEmpty, endpointName(of: declared) != nil {
            addresses.append(.v4(0xc612_0000 + UInt32(truncatingIfNeeded: index + 1)))
        }
        return addresses
    }

    private func endpointName(of peer: DeclaredPeer) -> String? {
        if case .name(let name)? = peer.endpoint?.host { return name.description }
        return nil
    }

    var expectations: [LabExpectation] {
        var result: [LabExpectation] = []
        for from in part.chosen {
            for to in part.chosen where to != from {
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
        for route in meshes.routes(number, to)
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
