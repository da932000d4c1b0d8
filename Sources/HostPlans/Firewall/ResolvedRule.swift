import Addresses
package import MeshModel

/// Names sets of peers by as few prefixes as may be: the whole mesh, the blocks of groups, single addresses.
package struct MemberPrefixes: Sendable {
    package let mesh: Mesh
    /// The peers whose address lies in each group's block, by group.
    private let residents: [[Int]]

    package init(_ mesh: Mesh) {
        self.mesh = mesh
        var residents = [[Int]](repeating: [], count: mesh.groups.count)
        for (index, peer) in mesh.peers.enumerated() {
            if let group = peer.declared.groups.first { residents[group].append(index) }
        }
        self.residents = residents
    }

    /// Which of the mesh's peers are in a set.
    package func members(of set: SetExpression) -> [Bool] {
        mesh.declaredIndices.map { set.contains(peer: $0, in: mesh.declared) }
    }

    /// Nil for nobody. A block stands for its group when all who live in it are members: its free addresses are
    /// nobody's, and cryptokey routing takes them from nobody.
    package func prefixes(of members: [Bool]) -> PrefixSet? {
        if members.allSatisfy({ $0 }) { return members.isEmpty ? nil : PrefixSet(mesh.prefixes) }
        var rest = members
        var result: [IPPrefix] = []
        for (group, residents) in residents.enumerated() where !residents.isEmpty && !mesh.blocks[group].isEmpty {
            let block = mesh.blocks[group]
            let isWhole = residents.allSatisfy { index in
                members[index]
                    && mesh.peers[index].addresses.allSatisfy { address in block.contains { $0.contains(address) } }
            }
            if !isWhole { continue }
            result += block
            for index in residents { rest[index] = false }
        }
        for (index, isMember) in rest.enumerated() where isMember {
            result += mesh.peers[index].addresses.map(IPPrefix.host)
        }
        return PrefixSet(result)
    }
}

/// One service of one rule, in peers and prefixes.
struct ResolvedRule: Sendable {
    /// See ``AllowRule/label(of:in:)``.
    let label: String
    let ports: [ServicePorts]
    let until: Int64?
    /// By index in the mesh's peers.
    let from: [Bool]
    /// Those of the destination that expose the service.
    let to: [Bool]
    /// Peers and networks; nil for nobody.
    let sources: PrefixSet?
    let destinations: PrefixSet?

    static func resolve(
        _ index: Int, of policy: DeclaredPolicy, _ names: MemberPrefixes, at moment: Int64?
    ) -> [ResolvedRule] {
        let rule = policy.rules[index]
        if let until = rule.until?.value, let moment, until <= moment { return [] }
        let declared = names.mesh.declared
        let from = names.members(of: rule.from.value)
        let sources = join(names.prefixes(of: from), rule.from.value.networks(in: declared))
        let members = names.members(of: rule.to.value)
        let networks = rule.to.value.networks(in: declared)
        return rule.services.map { number in
            let service = policy.services[number]
            let to = zip(names.mesh.declaredIndices, members).map { peer, isMember in
                isMember && (service.exposure(on: peer, in: declared) ?? .internal) >= .private
            }
            return ResolvedRule(
                label: rule.label(of: number, in: declared), ports: service.ports, until: rule.until?.value, from: from,
                to: to, sources: sources, destinations: join(names.prefixes(of: to), networks))
        }
    }

    private static func join(_ set: PrefixSet?, _ networks: [IPPrefix]) -> PrefixSet? {
        PrefixSet((set?.prefixes ?? []) + networks)
    }

    var ingress: Allowance? {
        sources.map { Allowance(remote: $0, ports: ports, until: until, rules: [label]) }
    }

    var egress: Allowance? {
        destinations.map { Allowance(remote: $0, ports: ports, until: until, rules: [label]) }
    }

    var transit: TransitAllowance? {
        guard let sources, let destinations else { return nil }
        return TransitAllowance(
            source: sources, destination: destinations, ports: ports, until: until, rules: [label])
    }
}

/// An exit in peers and prefixes.
struct ResolvedExit: Sendable {
    let via: Int
    let interface: InterfaceName?
    let users: [Bool]
    let prefixes: PrefixSet

    /// Nil when the gateway is disabled, or nobody uses it.
    init?(_ exit: ExitDeclaration, _ names: MemberPrefixes) {
        guard let via = names.mesh.declaredIndices.firstIndex(of: exit.via.value) else { return nil }
        let users = names.mesh.declaredIndices.map { exit.leads($0, in: names.mesh.declared) }
        guard let prefixes = names.prefixes(of: users) else { return nil }
        self.via = via
        self.users = users
        self.prefixes = prefixes
        interface = exit.interface(in: names.mesh.declared)
    }
}

extension [Allowance] {
    /// One allowance for each remote and expiry, with all its ports; sorted.
    package var normalized: [Allowance] {
        var result: [AllowanceKey: Allowance] = [:]
        for allowance in self {
            let key = AllowanceKey(remote: allowance.remote, until: allowance.until)
            guard var known = result[key] else {
                result[key] = allowance
                continue
            }
            known.ports = (known.ports + allowance.ports).merged
            known.rules = Set(known.rules + allowance.rules).sorted()
            result[key] = known
        }
        return result.values.sorted { ($0.remote.prefixes, $0.until ?? .max) < ($1.remote.prefixes, $1.until ?? .max) }
    }
}

private struct AllowanceKey: Hashable {
    let remote: PrefixSet
    let until: Int64?
}

private func < (a: ([IPPrefix], Int64), b: ([IPPrefix], Int64)) -> Bool {
    a.0 == b.0 ? a.1 < b.1 : a.0.lexicographicallyPrecedes(b.0)
}

extension TransitAllowance: Comparable {
    /// By source, destination and ports, so that the order of the mesh file means nothing.
    package static func < (a: TransitAllowance, b: TransitAllowance) -> Bool {
        if a.source != b.source { return a.source.prefixes.lexicographicallyPrecedes(b.source.prefixes) }
        if a.destination != b.destination {
            return a.destination.prefixes.lexicographicallyPrecedes(b.destination.prefixes)
        }
        if a.ports != b.ports { return a.ports.lexicographicallyPrecedes(b.ports) }
        return (a.until ?? .max, a.rules.first ?? "") < (b.until ?? .max, b.rules.first ?? "")
    }
}
