import Addresses
import MeshModel

/// What may pass on the underlay besides WireGuard: published services, the rescue path, and the guard's exceptions.
struct UnderlayPlan: Sendable {
    private let mesh: DeclaredMesh
    /// The index in the mesh file of each host.
    private let hosts: [Int]
    private let permits: [Permit]
    /// By peer.
    private let published: [[ServicePorts]]

    /// Hosts count the enabled peers.
    init(_ mesh: DeclaredMesh, _ policy: DeclaredPolicy) {
        self.mesh = mesh
        hosts = mesh.peers.indices.filter { !mesh.peers[$0].isDisabled }
        permits = Self.permits(of: policy.guardDeclaration)
        published = hosts.map { peer in
            policy.services.filter { $0.exposure(on: peer, in: mesh) == .public }.flatMap(\.ports).merged
        }
    }

    /// What others may begin with a host; sorted, so that the order of exceptions in the file means nothing.
    func ingress(of host: Int) -> [UnderlayAllowance] {
        var result: [UnderlayAllowance] = []
        let ports = published[host]
        if !ports.isEmpty {
            result.append(UnderlayAllowance(remote: .any, ports: ports, scope: .publicSide, purpose: .published))
        }
        for permit in permits where contains(permit.to, host) {
            guard let remote = match(permit.from, as: host) else { continue }
            result.append(
                UnderlayAllowance(remote: remote, ports: permit.ports, scope: .every, purpose: permit.purpose))
        }
        return result.sorted()
    }

    /// What a host may begin with other members; sorted.
    func egress(of host: Int) -> [UnderlayAllowance] {
        var byPorts: [[ServicePorts]: [IPPrefix]] = [:]
        for other in hosts.indices where other != host {
            let ports = published[other]
            if !ports.isEmpty { byPorts[ports, default: []] += publishedAddresses(of: other, seenBy: host) }
        }
        var result = byPorts.compactMap { ports, addresses in
            PrefixSet(addresses).map {
                UnderlayAllowance(remote: .only($0), ports: ports, scope: .every, purpose: .published)
            }
        }
        for permit in permits where contains(permit.from, host) {
            guard let remote = match(permit.to, as: host) else { continue }
            result.append(
                UnderlayAllowance(remote: remote, ports: permit.ports, scope: .every, purpose: permit.purpose))
        }
        return result.sorted()
    }

    // MARK: rescue and exceptions

    private struct Permit: Sendable {
        let from: UnderlayEnd
        let to: UnderlayEnd
        let ports: [ServicePorts]
        let purpose: UnderlayPurpose
    }

    private static func permits(of declaration: GuardDeclaration) -> [Permit] {
        var result: [Permit] = []
        if let rescue = declaration.rescue, rescue.over == .underlay {
            result.append(Permit(from: rescue.from.value, to: .peers(.all), ports: [rescue.ports], purpose: .rescue))
        }
        for exception in declaration.exceptions {
            result.append(
                Permit(
                    from: exception.from.value, to: exception.to.value, ports: exception.ports,
                    purpose: .exception(exception.reason.description)))
        }
        return result
    }

    private func contains(_ end: UnderlayEnd, _ host: Int) -> Bool {
        switch end {
        case .peers(let set): return set.contains(peer: hosts[host], in: mesh)
        case .network(let prefix):
            let declared = mesh.peers[hosts[host]]
            return (declared.privateAddresses + declared.publicAddresses).contains { prefix.contains($0.value) }
        }
    }

    /// The underlay addresses of an end as a host meets them; nil when it has none.
    private func match(_ end: UnderlayEnd, as host: Int) -> AddressMatch? {
        switch end {
        case .network(let prefix): return PrefixSet([prefix]).map { .only($0) }
        case .peers(let set):
            let others = hosts.indices.filter { index in
                index != host && set.contains(peer: hosts[index], in: mesh)
            }
            return PrefixSet(others.flatMap { addresses(of: $0, seenBy: host) }).map { .only($0) }
        }
    }

    private func addresses(of peer: Int, seenBy host: Int) -> [IPPrefix] {
        let declared = mesh.peers[hosts[peer]]
        let site = mesh.peers[hosts[host]].site
        let near = site != nil && declared.site == site ? declared.privateAddresses : []
        return (near + declared.publicAddresses).map { IPPrefix.host($0.value) }
    }

    // MARK: published services

    /// Where the site names its public interface, services are on the public addresses alone.
    private func publishedAddresses(of peer: Int, seenBy host: Int) -> [IPPrefix] {
        let site = mesh.peers[hosts[peer]].site.map { mesh.sites[$0] }
        if site?.publicInterface == nil { return addresses(of: peer, seenBy: host) }
        return mesh.peers[hosts[peer]].publicAddresses.map { IPPrefix.host($0.value) }
    }
}
