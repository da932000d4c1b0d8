import Addresses
import Diagnostics
import HostPlans
import Lab
import MeshFiles
import MeshModel

/// The meshes beside the one that is proved, run with it: their tunnels and rules on the hosts that both have, their own
/// hosts on the same wires, and every flow from one mesh to the other.
struct BesideLab {
    private let mesh: Mesh
    private let moment: Int64
    private var others: [BesideLabMesh] = []

    /// Renders the meshes below `folder`, in the same dialect. What cannot be rendered, for want of a lock file or of a
    /// key for its keyring, is left out, and said.
    init(
        _ mesh: Mesh, beside path: String, below folder: String, _ identity: IdentityOptions, _ dialect: ProofDialect
    ) throws {
        self.mesh = mesh
        moment = Moment.now.seconds
        guard mesh.declared.policy != nil else { return }
        for (number, beside) in mesh.declared.beside.enumerated() {
            let place = beside.value.hasPrefix("/") ? beside.value : "\(path)/\(beside.value)"
            let trees = "\(folder)/\(number)"
            do {
                let session = try RenderSession(
                    try LoadedMesh.read(place), identity: identity, targets: ["wg-quick"], firewall: dialect.kind,
                    .standIns)
                _ = try session.write(below: trees, only: [])
                let declaration = LabDeclaration(
                    session.mesh, trees: trees, firewalls: session.firewalls, dialect: dialect.lab, moment: moment)
                let other = BesideLabMesh(session.mesh, beside: mesh, hosts: declaration.topology)
                if !others.contains(where: { $0.mesh.name == other.mesh.name }) { others.append(other) }
            } catch let failure as Failure {
                let reason = failure.diagnostics.first?.message ?? "it cannot be read"
                Result.note("the mesh in \(quoted(beside.value)) is not in the lab: \(reason)")
            }
        }
    }

    /// The lab of the mesh, with the others in it.
    func joined(to topology: LabTopology) -> LabTopology {
        guard let flows = topology.flows, !others.isEmpty else { return topology }
        var hosts = topology.hosts
        var sites = topology.sites
        for other in others {
            other.join(&hosts)
            other.join(&sites)
        }
        // What stood for another mesh as a network behind the gateway gives way to the mesh itself.
        let stands = Set(others.flatMap { other in topology.hosts.flatMap { other.standIns(on: $0) } })
        var crossing = CrossingFlows(reasons: flows.reasons)
        for other in others { crossing.add(mesh, other, moment) }
        let ways = flows.ways.filter { !stands.contains($0.from) && !stands.contains($0.to) } + crossing.ways
        return LabTopology(
            sites: sites, hosts: hosts,
            expectations: topology.expectations.filter { !stands.contains($0.from) && !stands.contains($0.to) },
            strangers: topology.strangers,
            flows: LabFlowPlan(
                ways: ways, reasons: crossing.reasons, marker: flows.marker, guarding: flows.guarding))
    }
}

/// Another mesh in the lab.
struct BesideLabMesh {
    let mesh: Mesh
    /// The name of each of its hosts in the lab, and the index among the proved mesh's of those that both have.
    let places: [(name: String, shared: Int?)]
    private let topology: LabTopology

    init(_ other: Mesh, beside mesh: Mesh, hosts topology: LabTopology) {
        self.mesh = other
        self.topology = topology
        let taken = Set(mesh.peers.map(\.name))
        var shared: [Int: Int] = [:]
        for pair in SharedHosts.pairs(mesh.declared, other.declared) {
            if let own = mesh.declaredIndices.firstIndex(of: pair.own),
                let there = other.declaredIndices.firstIndex(of: pair.other)
            {
                shared[there] = own
            }
        }
        places = other.peers.enumerated().map { index, peer in
            if let own = shared[index] { return (mesh.peers[own].name, own) }
            return (taken.contains(peer.name) ? "\(peer.name)@\(other.name)" : peer.name, nil)
        }
    }

    /// Machines of the lab that stand for a network of this mesh behind a host.
    func standIns(on host: LabHost) -> [String] {
        host.routedNetworks.filter(isOwn).map { LabTopology.nodeName(host: host.name, prefix: $0.prefix) }
    }

    private func isOwn(_ network: LabRoutedNetwork) -> Bool {
        guard let prefix = try? IPPrefix(parsing: network.prefix) else { return false }
        return mesh.prefixes.contains { $0.overlaps(prefix) }
    }

    /// Adds the tunnels to the hosts that both have, and the others as hosts.
    func join(_ hosts: inout [LabHost]) {
        for (place, host) in zip(places, topology.hosts) {
            if let index = hosts.firstIndex(where: { $0.name == place.name }) {
                hosts[index] = hosts[index].joined(by: host, keeping: hosts[index].routedNetworks.filter { !isOwn($0) })
            } else {
                hosts.append(host.renamed(place.name))
            }
        }
    }

    func join(_ sites: inout [LabSite]) {
        for site in topology.sites {
            guard let index = sites.firstIndex(where: { $0.name == site.name }) else {
                sites.append(site)
                continue
            }
            let more = site.networks.filter { !sites[index].networks.contains($0) }
            sites[index] = LabSite(name: site.name, networks: sites[index].networks + more)
        }
    }
}

extension LabHost {
    /// The same host with another mesh on it. Where only the other mesh knows its site, that is its site.
    fileprivate func joined(by other: LabHost, keeping networks: [LabRoutedNetwork]) -> LabHost {
        let isNear = site == nil || site == other.site
        let more = isNear ? other.privateAddresses.filter { !privateAddresses.contains($0) } : []
        return LabHost(
            name: name, site: site ?? other.site, privateAddresses: privateAddresses + more,
            publicAddresses: publicAddresses + other.publicAddresses.filter { !publicAddresses.contains($0) },
            reach: reach, interfaces: interfaces + other.interfaces,
            overlayAddresses: overlayAddresses + other.overlayAddresses, tree: tree,
            moreTrees: moreTrees + [other.tree],
            routedNetworks: networks, dnsNames: dnsNames + other.dnsNames,
            underlay: site == nil ? other.underlay : underlay, firewall: firewall ?? other.firewall)
    }

    /// The same under another name, without networks behind it: those of another mesh are not asked.
    fileprivate func renamed(_ name: String) -> LabHost {
        LabHost(
            name: name, site: site, privateAddresses: privateAddresses, publicAddresses: publicAddresses, reach: reach,
            interfaces: interfaces, overlayAddresses: overlayAddresses, tree: tree, moreTrees: moreTrees,
            dnsNames: dnsNames, underlay: underlay, firewall: firewall)
    }
}
