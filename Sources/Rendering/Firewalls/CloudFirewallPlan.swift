import Addresses
import Diagnostics
import HostPlans
import MeshModel

/// The way from a mesh's policy to as few Cloud Firewalls as tags can carry.
struct CloudFirewallPlan {
    private let plan: FirewallPlan
    private let tags: CloudTags
    /// Indices of the hosts that are droplets.
    private let droplets: [Int]
    private let policies: [FirewallPolicy]

    private let ownersByAddress: [IPAddress: Set<Int>]

    /// Throws where the guard does not refuse.
    init(_ plan: FirewallPlan) throws(Failure) {
        self.plan = plan
        tags = CloudTags(plan.mesh)
        let mesh = plan.mesh
        droplets = mesh.peers.indices.filter { index in
            let declared = mesh.peers[index].declared
            return declared.platform != .app && !Self.addresses(of: declared).isEmpty
        }
        policies = droplets.map { plan.policy(for: $0) }
        var owners: [IPAddress: Set<Int>] = [:]
        for index in droplets {
            for address in Self.addresses(of: mesh.peers[index].declared) { owners[address, default: []].insert(index) }
        }
        ownersByAddress = owners
        guard let declared = mesh.declared.policy?.guardDeclaration, declared.plaintext != .reject else { return }
        throw Failure(
            .meshInvalid, .unsupportedPolicy, at: declared.plaintextLocation ?? mesh.declared.policy?.location,
            "DigitalOcean's firewalls cannot say `plaintext: \(declared.plaintext.rawValue)`: what they do not allow "
                + "is dropped", hint: "render them once the guard is `reject`")
    }

    private static func addresses(of peer: DeclaredPeer) -> [IPAddress] {
        (peer.privateAddresses + peer.publicAddresses).map(\.value)
    }

    /// The one of all droplets first, then those of groups, then those of single hosts.
    func firewalls() throws(Failure) -> [CloudFirewall] {
        var byTag: [Int: [CloudGrain]] = [:]
        for (grain, hosts) in grains() {
            for tag in tags.cover(hosts, orOwnersOf: owners(grain.end), among: droplets) {
                byTag[tag, default: []].append(grain)
            }
        }
        var result: [CloudFirewall] = []
        for (tag, grains) in byTag.sorted(by: { $0.key < $1.key }) {
            let firewall = CloudFirewall(tag: tags.names[tag], rules: Self.rules(of: grains))
            try require(firewall, at: tags.places[tag])
            result.append(firewall)
        }
        return result
    }

    private func require(_ firewall: CloudFirewall, at place: SourceLocation) throws(Failure) {
        if firewall.rules.count <= CloudFirewalls.mostRules { return }
        throw Failure(
            .meshInvalid, .cloudFirewallLimit, at: place,
            "the Cloud Firewall \(quoted(firewall.name)) would have \(firewall.rules.count) rules; DigitalOcean takes "
                + "\(CloudFirewalls.mostRules)",
            hint: "join the ports of its public services to ranges, or spread them over more groups")
    }

    // MARK: what holds for whom

    private func grains() -> [(CloudGrain, Set<Int>)] {
        var result: [CloudGrain: Set<Int>] = [:]
        let members = [CloudEnd.tag(tags.names[0])] + distant.map { .network($0) }
        for (host, policy) in zip(droplets, policies) {
            for grain in grains(of: policy, members) { result[grain, default: []].insert(host) }
        }
        for grain in wayOut(members) { result[grain] = Set(droplets) }
        return result.sorted { $0.key.order < $1.key.order }
    }

    private func grains(of policy: FirewallPolicy, _ members: [CloudEnd]) -> [CloudGrain] {
        var result: [CloudGrain] = []
        for allowance in policy.underlayIngress { result += grains(.inbound, allowance) }
        for allowance in policy.underlayEgress { result += grains(.outbound, allowance) }
        let callers = members + (policy.wireGuardSources == .any ? CloudEnd.everywhere : [])
        for ports in policy.tunnelPorts.map({ ServicePorts(.udp, PortRange($0)) }).merged {
            result += callers.map { CloudGrain(direction: .inbound, traffic: .ports(ports), end: $0) }
        }
        if policy.underlayEcho == .echo {
            result += CloudEnd.everywhere.map { CloudGrain(direction: .inbound, traffic: .icmp, end: $0) }
        }
        return result
    }

    private func grains(_ direction: CloudDirection, _ allowance: UnderlayAllowance) -> [CloudGrain] {
        let ends: [CloudEnd]
        switch allowance.remote {
        case .any: ends = CloudEnd.everywhere
        case .only(let set): ends = set.prefixes.map { .network($0) }
        }
        return ends.flatMap { end in
            allowance.ports.map { CloudGrain(direction: direction, traffic: .ports($0), end: end) }
        }
    }

    /// WireGuard and ICMP toward members, and everything toward everybody else.
    private func wayOut(_ members: [CloudEnd]) -> [CloudGrain] {
        let ports = Set(policies.flatMap(\.tunnelPorts)).map { ServicePorts(.udp, PortRange($0)) }.merged
        var result = ports.flatMap { ports in
            members.map { CloudGrain(direction: .outbound, traffic: .ports(ports), end: $0) }
        }
        result += CloudEnd.everywhere.map { CloudGrain(direction: .outbound, traffic: .icmp, end: $0) }
        for transport in Transport.allCases {
            result += strangers.map { CloudGrain(direction: .outbound, traffic: .all(transport), end: .network($0)) }
        }
        return result
    }

    /// Where members may be elsewhere than on one VPC, and so without a tag: their public addresses.
    private var distant: [IPPrefix] {
        if plan.mesh.sites.count < 2 { return [] }
        return droplets.flatMap { plan.mesh.peers[$0].declared.publicAddresses.map { .host($0.value) } }.sorted()
    }

    /// Everything but the droplets' own addresses.
    private var strangers: [IPPrefix] {
        let members = ownersByAddress.keys
        return IPFamily.allCases.flatMap { family in
            IPPrefix.everything(family).without(members.filter { $0.family == family })
        }
    }

    /// The droplets for which a rule about an end means nothing, for it is their own.
    private func owners(_ end: CloudEnd) -> Set<Int> {
        guard case .network(let prefix) = end, prefix.length == prefix.family.bits else { return [] }
        return ownersByAddress[prefix.network] ?? []
    }

    // MARK: rules

    /// The grains of one tag: ends that share traffic in one rule, then ports that share ends in ranges.
    private static func rules(of grains: [CloudGrain]) -> [CloudRule] {
        var ends: [Flow: [CloudEnd]] = [:]
        for grain in grains { ends[Flow(grain.direction, grain.traffic), default: []].append(grain.end) }
        var ports: [Side: [ServicePorts]] = [:]
        var result: [CloudRule] = []
        for (flow, ends) in ends {
            let side = Side(direction: flow.direction, ends: Set(ends).sorted())
            if case .ports(let range) = flow.traffic {
                ports[side, default: []].append(range)
            } else {
                result += side.rules(flow.traffic)
            }
        }
        for (side, ranges) in ports { result += ranges.merged.flatMap { side.rules(.ports($0)) } }
        return result.sorted()
    }

    private struct Flow: Hashable {
        let direction: CloudDirection
        let traffic: CloudTraffic

        init(_ direction: CloudDirection, _ traffic: CloudTraffic) {
            self.direction = direction
            self.traffic = traffic
        }
    }

    private struct Side: Hashable {
        let direction: CloudDirection
        let ends: [CloudEnd]

        /// More than one where the ends are too many for one.
        func rules(_ traffic: CloudTraffic) -> [CloudRule] {
            stride(from: 0, to: ends.count, by: CloudFirewalls.mostEnds).map { start in
                let part = ends[start..<min(start + CloudFirewalls.mostEnds, ends.count)]
                return CloudRule(direction: direction, traffic: traffic, ends: Array(part))
            }
        }
    }
}

/// Something that holds for some droplets.
private struct CloudGrain: Hashable {
    let direction: CloudDirection
    let traffic: CloudTraffic
    let end: CloudEnd

    var order: CloudRule { CloudRule(direction: direction, traffic: traffic, ends: [end]) }
}

/// The tags that rules can hang on: all droplets, each group, each host.
private struct CloudTags {
    /// The first is that of all.
    let names: [String]
    let places: [SourceLocation]
    /// The hosts of each.
    private let hosts: [Set<Int>]

    init(_ mesh: Mesh) {
        let base = "hauberk-\(Self.text(mesh.name))"
        let all = Set(mesh.peers.indices)
        var tags = [(base, mesh.declared.policy?.location ?? mesh.declared.prefixesLocation, all)]
        for (index, group) in mesh.groups.enumerated() {
            let members = all.filter { mesh.peers[$0].declared.groups.contains(index) }
            tags.append(("\(base)-\(Self.text(group.name))", group.location, members))
        }
        for (index, peer) in mesh.peers.enumerated() {
            tags.append(("\(base)::\(Self.text(peer.name))", peer.declared.location, [index]))
        }
        names = tags.map(\.0)
        places = tags.map(\.1)
        hosts = tags.map(\.2)
    }

    private static func text(_ name: String) -> String { name.replacing(".", with: ":") }

    /// Tags that together have all of the hosts, and besides them only owners, for whom it makes no difference.
    func cover(_ wanted: Set<Int>, orOwnersOf owners: Set<Int>, among droplets: [Int]) -> [Int] {
        var rest = wanted
        var result: [Int] = []
        for (tag, hosts) in hosts.enumerated() {
            let members = hosts.intersection(droplets)
            if members.isDisjoint(with: rest) || !members.isSubset(of: wanted.union(owners)) { continue }
            result.append(tag)
            rest.subtract(members)
        }
        return result
    }
}

extension IPPrefix {
    /// What is left of the network without some of its addresses; sorted.
    fileprivate func without(_ addresses: [IPAddress]) -> [IPPrefix] {
        let inside = addresses.filter(contains)
        if inside.isEmpty { return [self] }
        guard length < family.bits, let low = IPPrefix(containing: first, length: length + 1),
            let high = IPPrefix(containing: last, length: length + 1)
        else { return [] }
        return low.without(inside) + high.without(inside)
    }
}
