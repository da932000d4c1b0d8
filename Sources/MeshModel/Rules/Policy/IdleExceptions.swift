import Diagnostics

/// Every exception of the guard concerns two different hosts, one of them of the mesh.
enum IdleExceptions: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        guard let view = input.policy else { return [] }
        return view.policy.guardDeclaration.exceptions.compactMap { exception in
            let from = view.members(of: exception.from.value)
            let to = view.members(of: exception.to.value)
            // A set that is empty has a finding of its own.
            if isEmpty(exception.from.value, from) || isEmpty(exception.to.value, to) { return nil }
            let isAlone = from.union(to).count == 1 && isPeers(exception.from.value) && isPeers(exception.to.value)
            if !isAlone, !(from.isEmpty && to.isEmpty) { return nil }
            return Diagnostic(
                .idleException, at: exception.location,
                isAlone
                    ? "the exception is from a host to itself, which the guard never judges"
                    : "neither end of the exception has the address of a host of the mesh: it lets nothing through",
                hint: "name a peer or its address on the underlay, or remove the exception")
        }
    }

    private static func isPeers(_ end: UnderlayEnd) -> Bool {
        if case .peers = end { return true }
        return false
    }

    private static func isEmpty(_ end: UnderlayEnd, _ members: PeerBits) -> Bool { isPeers(end) && members.isEmpty }
}
