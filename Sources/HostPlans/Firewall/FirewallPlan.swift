import Addresses
package import MeshModel

/// The policy of a whole mesh resolved to addresses, from which each host's is taken.
package struct FirewallPlan: Sendable {
    package let mesh: Mesh
    private let policy: DeclaredPolicy
    private let rules: [ResolvedRule]
    /// The exit of each user and the users of each gateway, by index in the mesh's peers.
    private let exits: [ResolvedExit]
    private let underlay: UnderlayPlan
    /// The underlay addresses of all members, by site; the last is for hosts of none.
    private let membersBySite: [PrefixSet?]
    private let overlayRescue: (from: [Bool], prefixes: PrefixSet, ports: ServicePorts)?
    private let notInternet: PrefixSet
    /// By class of hosts.
    private let wireGuardSources: [AddressMatch]

    /// Nil for a mesh without a policy. Rules that have expired at `moment`, in seconds since 1970, are left out.
    package init?(_ mesh: Mesh, at moment: Int64?) {
        guard let policy = mesh.declared.policy else { return nil }
        self.mesh = mesh
        self.policy = policy
        let names = MemberPrefixes(mesh)
        rules = policy.rules.indices.flatMap { ResolvedRule.resolve($0, of: policy, names, at: moment) }
        exits = policy.exits.compactMap { ResolvedExit($0, names) }
        underlay = UnderlayPlan(mesh.declared, policy)
        membersBySite = (mesh.sites.indices.map { $0 } + [nil]).map { Self.members(of: mesh, seenFrom: $0) }
        overlayRescue = Self.overlayRescue(policy, names)
        notInternet = Self.notInternet(of: mesh)
        wireGuardSources = mesh.topology.classes.indices.map { Self.wireGuardSources(ofClass: $0, in: mesh) }
    }

    /// Which firewall a host has: its own, or the mesh's; none for apps, which have no shell to load one.
    package func kind(of host: Int) -> FirewallKind { mesh.firewall(of: host) }

    /// What a host's firewall must do; `neighbors` are the other meshes on it.
    package func policy(for host: Int, neighbors: [NeighborMesh] = []) -> FirewallPolicy {
        let peer = mesh.peers[host]
        let site = peer.declared.site.map { mesh.sites[$0] }
        // An exit passes on what is for the Internet; only gateways and relays, what the rules name.
        let routes = !peer.declared.routes.isEmpty || mesh.topology.relays.contains(host)
        let ingress = rescued(rules.filter { $0.to[host] }.compactMap(\.ingress))
        let egress = rules.filter { $0.from[host] }.compactMap(\.egress)
        let outside = site?.publicInterface ?? neighbors.lazy.compactMap(\.publicInterface).first
        return FirewallPolicy(
            mesh: mesh.name, peer: peer.name,
            interface: mesh.declared.interface(of: mesh.declaredIndices[host]),
            port: mesh.declared.port(of: mesh.declaredIndices[host]), twin: twin(of: host),
            wireGuardSources: wireGuardSources[mesh.topology.classOfPeer[host]],
            prefixes: allPrefixes, addresses: peer.addresses,
            ingress: ingress.normalized, egress: rescuing(egress, host).normalized,
            echo: echo(ingress + egress),
            transit: routes ? transit(through: host) : [],
            forwards: mesh.forwards(host), exit: exit(of: host),
            notInternet: exits.contains { $0.users[host] } ? notInternet : nil,
            guardMode: policy.guardDeclaration.plaintext,
            members: membersBySite[peer.declared.site ?? mesh.sites.count],
            publicInterface: outside,
            underlayIngress: underlay.ingress(of: host).scoped(from: site?.publicInterface, to: outside).joined(
                neighbors.flatMap { $0.underlayIngress.scoped(from: $0.publicInterface, to: outside) }),
            underlayEgress: underlay.egress(of: host).joined(neighbors.flatMap(\.underlayEgress)),
            underlayEcho: policy.icmp.underlay, neighbors: neighbors.sorted { $0.port < $1.port },
            unload: policy.unload)
    }

    private func twin(of host: Int) -> Tunnel? {
        let index = mesh.declaredIndices[host]
        let (interfaces, ports) = (mesh.declared.interfaces(of: index), mesh.declared.ports(of: index))
        return interfaces.count == 2 ? Tunnel(interface: interfaces[1], port: ports[1]) : nil
    }

    private var allPrefixes: PrefixSet {
        guard let set = PrefixSet(mesh.prefixes) else { preconditionFailure("a checked mesh has a prefix") }
        return set
    }

    /// The mesh's own, and whatever of the networks in rules is not: their pings follow the rules.
    private func echo(_ allowances: [Allowance]) -> PrefixSet? {
        guard policy.icmp.overlay == .echo else { return nil }
        let outside = allowances.flatMap(\.remote.prefixes).filter { prefix in
            !mesh.prefixes.contains { $0.contains(prefix) }
        }
        return PrefixSet(mesh.prefixes + outside)
    }

    /// What gateways and relays pass on: what the rules name, the rescue path of who is behind a relay, and the pings of
    /// those who talk through one, which need no rule on the overlay.
    private func transit(through host: Int) -> [TransitAllowance] {
        var result = rules.compactMap(\.transit)
        if let rescue = overlayRescue {
            result.append(
                TransitAllowance(source: rescue.prefixes, destination: allPrefixes, ports: [rescue.ports]))
        }
        if policy.icmp.overlay == .echo, mesh.topology.relays.contains(host) {
            result.append(TransitAllowance(source: allPrefixes, destination: allPrefixes, ports: []))
        }
        return result.sorted()
    }

    // MARK: the rescue path on the overlay

    private static func overlayRescue(
        _ policy: DeclaredPolicy, _ names: MemberPrefixes
    ) -> (from: [Bool], prefixes: PrefixSet, ports: ServicePorts)? {
        guard let rescue = policy.guardDeclaration.rescue, rescue.over == .overlay,
            case .peers(let set) = rescue.from.value
        else { return nil }
        let members = names.members(of: set)
        return names.prefixes(of: members).map { (members, $0, rescue.ports) }
    }

    private func rescued(_ ingress: [Allowance]) -> [Allowance] {
        guard let rescue = overlayRescue else { return ingress }
        return ingress + [Allowance(remote: rescue.prefixes, ports: [rescue.ports])]
    }

    private func rescuing(_ egress: [Allowance], _ host: Int) -> [Allowance] {
        guard let rescue = overlayRescue, rescue.from[host] else { return egress }
        return egress + [Allowance(remote: allPrefixes, ports: [rescue.ports])]
    }

    // MARK: the underlay

    /// Public addresses of every host, and private ones of the host's own site.
    private static func members(of mesh: Mesh, seenFrom site: Int?) -> PrefixSet? {
        PrefixSet(
            mesh.peers.flatMap { peer in
                (site != nil && peer.declared.site == site ? peer.declared.privateAddresses : [])
                    + peer.declared.publicAddresses
            }.map { IPPrefix.host($0.value) })
    }

    /// Any for hosts that are called by somebody whose address they cannot know. A host is among its own class's, which
    /// changes nothing: it is a member.
    private static func wireGuardSources(ofClass number: Int, in mesh: Mesh) -> AddressMatch {
        let (topology, viewer) = (mesh.topology, mesh.topology.classes[number])
        var known: [IPPrefix] = []
        for other in topology.classes.indices
        where (other != number || topology.members[number].count > 1)
            && topology.route(between: number, and: other) == .direct
        {
            switch viewer.choice(toward: topology.classes[other]) {
            case .none, .declared: return .any
            case .privateAddress, .publicAddress:
                for peer in topology.members[other] {
                    let declared = mesh.peers[peer].declared
                    let near = declared.site == viewer.site ? declared.privateAddresses : []
                    known += (near + declared.publicAddresses).map { IPPrefix.host($0.value) }
                }
            }
        }
        return PrefixSet(known).map { .only($0) } ?? .any
    }

    // MARK: exits

    private func exit(of host: Int) -> ExitPlan? {
        let own = exits.filter { $0.via == host }
        guard let users = PrefixSet(own.flatMap(\.prefixes.prefixes)),
            let interface = own.lazy.compactMap(\.interface).first
        else { return nil }
        return ExitPlan(users: users, interface: interface, never: notInternet)
    }

    /// Private, shared, link-local, loopback, multicast and reserved networks (RFC 6890), and the mesh's own: its members'
    /// underlay addresses too, which an exit would else pass plaintext to.
    private static func notInternet(of mesh: Mesh) -> PrefixSet {
        let reserved = [
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.168.0.0/16", "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10", "ff00::/8",
        ].compactMap { try? IPPrefix(parsing: $0) }
        let sites = mesh.sites.flatMap { $0.networks.map(\.value) }
        let routes = mesh.peers.flatMap { $0.declared.routes.map(\.value) }
        let members = mesh.peers.flatMap { peer in
            (peer.declared.privateAddresses + peer.declared.publicAddresses).map { IPPrefix.host($0.value) }
        }
        guard let set = PrefixSet(reserved + mesh.prefixes + sites + routes + members) else {
            preconditionFailure("the list of reserved networks is not empty")
        }
        return set
    }
}
