import Addresses
import Lab
import MeshModel

/// Where the lab puts what the mesh file does not: strangers, machines behind gateways.
struct LabPlaces {
    struct Stranger {
        let name: String
        /// Nil for the Internet.
        let site: String?
        let addresses: [IPAddress]
    }

    /// The source of what a router gives another; the kernel chooses.
    static let anywhere = "0.0.0.0"

    /// By peer.
    let hostNames: [String]
    /// What the lab's Internet routes to each peer itself.
    let publicAddresses: [[IPAddress]]
    private(set) var strangers: [Stranger] = []
    private let taken: Set<IPAddress>

    /// Of one mesh among those of the lab.
    init(_ meshes: LabMeshes, _ part: Int) {
        let mesh = meshes.parts[part].mesh
        hostNames = meshes.names(part)
        publicAddresses = mesh.peers.map { $0.declared.publicAddresses.map(\.value) }
        let peers = meshes.parts.flatMap(\.mesh.peers)
        taken = Set(peers.flatMap { ($0.declared.privateAddresses + $0.declared.publicAddresses).map(\.value) })
        for site in mesh.sites where !site.networks.isEmpty {
            var addresses: [IPAddress] = []
            for network in site.networks.map(\.value) where !addresses.contains(where: { $0.family == network.family })
            {
                addresses.append(testAddress(in: network))
            }
            if !addresses.contains(where: { $0.family == .v6 }), let own = free("fd6c:6162:1::", from: 0x66) {
                addresses.append(own)
            }
            strangers.append(Stranger(name: "stranger@\(site.name)", site: site.name, addresses: addresses))
        }
        let hasPublicIPv6 = peers.contains { $0.declared.publicAddresses.contains { $0.value.family == .v6 } }
        // Networks for documentation, RFC 5737 and RFC 3849.
        let outside = [free("192.0.2.", from: 77), hasPublicIPv6 ? free("2001:db8:6c61:77::", from: 77) : nil]
        strangers.append(Stranger(name: "stranger@internet", site: nil, addresses: outside.compactMap { $0 }))
    }

    /// The first address of this beginning that nobody has.
    private func free(_ beginning: String, from number: Int) -> IPAddress? {
        (number..<number + 100).lazy.compactMap { try? IPAddress(parsing: "\(beginning)\($0)") }
            .first { !taken.contains($0) }
    }

    /// The highest address of the network that no peer has on the underlay.
    func testAddress(in prefix: IPPrefix) -> IPAddress {
        var candidate = prefix.last
        for _ in 0...taken.count + 2 {
            let next = candidate.advanced(by: -1)
            if candidate != prefix.last || prefix.lastOffset < 2, !taken.contains(candidate) { break }
            guard let next, prefix.contains(next) else { break }
            candidate = next
        }
        return candidate
    }

    /// An address for each network that rules name inside of the prefix, the narrowest first; the highest of each.
    func namedAddresses(in prefix: IPPrefix, _ mesh: Mesh) -> [IPAddress] {
        let sets = (mesh.declared.policy?.rules ?? []).flatMap { [$0.from.value, $0.to.value] }
        let inside = Set(sets.flatMap { $0.networks(in: mesh.declared) }).filter { $0 != prefix && prefix.contains($0) }
        let whole = testAddress(in: prefix)
        var result: [IPAddress] = []
        for network in inside.sorted(by: { $0.length > $1.length || $0.length == $1.length && $0 < $1 }) {
            let address = testAddress(in: network)
            if address != whole, !result.contains(address) { result.append(address) }
        }
        return result
    }

    /// Whether a peer's own site has addresses of the network: then it does not go through the mesh.
    func isNear(_ peer: Int, _ prefix: IPPrefix, _ mesh: Mesh) -> Bool {
        let near = mesh.peers[peer].declared.site.map { mesh.sites[$0].networks.map(\.value) } ?? []
        return near.contains { $0.overlaps(prefix) }
    }

    /// The strangers in the lab's words; each on a site also sends to addresses of the mesh by way of the hosts there.
    func labStrangers(_ mesh: Mesh) -> [LabStranger] {
        strangers.map { stranger in
            let hosts = mesh.peers.indices.filter { index in
                stranger.site != nil && mesh.peers[index].declared.site.map { mesh.sites[$0].name } == stranger.site
            }
            let detours = hosts.flatMap { index in
                mesh.peers[index].addresses.map { LabDetour(address: $0.description, host: hostNames[index]) }
            }
            return LabStranger(
                name: stranger.name, site: stranger.site, addresses: stranger.addresses.map(\.description),
                detours: detours)
        }
    }
}
