import Addresses
package import MeshModel

/// Everything about one host of a mesh, free of secrets.
package struct HostPlan: Sendable {
    /// Index in the mesh's peers.
    package let host: Int
    package let interface: InterfacePlan
    /// The view that the host shares with its class.
    package let view: ClassView
    /// The sections that differ from the view's because the host is itself among the relayed, by index in
    /// `view.sections`.
    package let ownSections: [Int: PeerSection]
    /// The index of the host's own section in `view.sections`, which it leaves out; nil when there is none.
    package let skipped: Int?

    /// The host's sections, by ascending peer.
    package var sections: [PeerSection] {
        view.sections.indices.compactMap { $0 == skipped ? nil : ownSections[$0] ?? view.sections[$0] }
    }

    init(_ host: Int, view: ClassView, in plan: MeshPlan) {
        let mesh = plan.mesh
        self.host = host
        self.view = view
        skipped = view.index(of: host)
        var own: [Int: PeerSection] = [:]
        for index in view.relaySections {
            own[index] = view.ownSection(of: view.sections[index], for: host, in: mesh)
        }
        ownSections = own
        interface = InterfacePlan(host, view: view, in: plan)
    }
}

extension ClassView {
    /// The index of a peer's section; nil when the class does not peer with it.
    package func index(of peer: Int) -> Int? {
        let index = sections.partitioningIndex { $0.peer >= peer }
        return index < sections.count && sections[index].peer == peer ? index : nil
    }
}

extension RotatingNames {
    /// Nil for an app, and in a mesh whose keys do not rotate.
    fileprivate init?(of host: Int, in mesh: Mesh) {
        let interfaces = mesh.declared.interfaces(of: mesh.declaredIndices[host])
        guard interfaces.count == 2, mesh.peers[host].declared.platform != .app else { return nil }
        base = interfaces[0]
        other = mesh.isOnTwin ? interfaces[0] : interfaces[1]
    }
}

extension InterfacePlan {
    init(_ host: Int, view: ClassView, in plan: MeshPlan) {
        let mesh = plan.mesh
        let peer = mesh.peers[host]
        let overrides = peer.declared.overrides
        let table: RoutingTable = peer.declared.platform == .app ? .automatic : overrides.table
        let exit = table.isExplicit ? ExitRouting(host, in: plan) : nil
        let role = mesh.role(of: host)
        self.init(
            name: mesh.interface(of: host),
            addresses: peer.addresses.map(IPPrefix.host),
            port: mesh.port(of: host),
            mtu: overrides.mtu ?? mesh.wireGuard.mtu,
            dns: overrides.dns,
            fwmark: overrides.fwmark ?? exit?.table,
            table: table,
            routes: table.isExplicit ? Self.routes(for: host, view, in: plan) : [],
            metric: role?.metric,
            keptRoutes: Self.kept(Set(role?.kept ?? []), for: host, view, in: plan),
            rotating: RotatingNames(of: host, in: mesh),
            exit: exit,
            forwards: mesh.forwards(host),
            platform: peer.declared.platform,
            holdsOwnKey: peer.holdsOwnKey,
            unload: plan.firewalls.unload(of: host),
            preUp: overrides.preUp, postUp: overrides.postUp, preDown: overrides.preDown, postDown: overrides.postDown)
    }

    /// The mesh's prefixes of the families that the host has, then the networks behind others.
    ///
    /// A network that the host is in itself, by its site, by a private address or by another mesh, is left out: routed
    /// into the tunnel, it would take the way to the gateway with it.
    private static func routes(for host: Int, _ view: ClassView, in plan: MeshPlan) -> [IPPrefix] {
        let mesh = plan.mesh
        let families = Set(mesh.peers[host].addresses.map(\.family))
        let near = near(host, in: plan)
        let behind = view.routes.filter { route in
            route.peer != host && families.contains(route.prefix.family)
                && !near.contains { $0.overlaps(route.prefix) }
        }
        return mesh.prefixes.filter { families.contains($0.family) } + behind.map(\.prefix).sorted()
    }

    /// What is reached through peers that a rotation left behind, relayed peers among it; a relay that is present chooses
    /// the way of those behind it itself.
    private static func kept(_ absent: Set<Int>, for host: Int, _ view: ClassView, in plan: MeshPlan) -> [IPPrefix] {
        if absent.isEmpty { return [] }
        let own = Set(plan.mesh.peers[host].ownPrefixes)
        let near = near(host, in: plan)
        let through = view.sections.filter { $0.peer != host && absent.contains($0.peer) }.flatMap(\.allowedIPs)
        return through.filter { prefix in !own.contains(prefix) && !near.contains { $0.overlaps(prefix) } }
    }

    /// The networks that the host is in itself.
    private static func near(_ host: Int, in plan: MeshPlan) -> [IPPrefix] {
        let declared = plan.mesh.peers[host].declared
        let site = declared.site.map { plan.mesh.sites[$0].networks.map(\.value) } ?? []
        return site + declared.privateAddresses.map { IPPrefix.host($0.value) }
            + plan.firewalls.interfaces(besideThatOf: host).flatMap(\.prefixes)
    }
}

extension RoutingTable {
    /// Whether hauberk adds the routes itself.
    package var isExplicit: Bool {
        switch self {
        case .pooled, .numbered: return true
        case .off, .automatic: return false
        }
    }
}
