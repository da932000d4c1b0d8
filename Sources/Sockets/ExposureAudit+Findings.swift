import Addresses
import MeshModel

/// A listening port of a declared service.
struct AuditSubject {
    let ports: ServicePorts
    let port: Port
    let sockets: [ListeningSocket]
    let spots: Set<HostSpot>
    /// Index in the policy's services.
    let service: Int
    let exposure: Exposure

    var programs: [String] { Set(sockets.flatMap(\.programs)).sorted() }

    /// The bound addresses, as ss writes them.
    var boundText: String { sockets.map(\.bound.description).joined(separator: " ") }
}

extension ExposureAudit {
    /// What is wrong with a declared service's port; sorted by problem.
    func findings(_ subject: AuditSubject) -> [AuditFinding] {
        let found: [AuditFinding?]
        switch subject.exposure {
        case .internal: found = [internalExposed(subject)]
        case .private: found = [exposed(subject), offMesh(subject)]
        case .public:
            let isInMesh = reach.isAllowedInMesh(subject.ports.transport, subject.port)
            found = [offPublic(subject), isInMesh ? offMesh(subject) : nil]
        }
        return found.compactMap { $0 }.sorted { $0.problem < $1.problem }
    }

    private func internalExposed(_ subject: AuditSubject) -> AuditFinding? {
        guard subject.spots.contains(where: { $0.side != .loopback }) else { return nil }
        return AuditFinding(
            problem: .internalExposed,
            message: "declared internal, but bound to \(subject.boundText)\(closing(subject))",
            hints: [advice.bind(subject.programs, AuditAdvice.loopback, subject.port)])
    }

    private func exposed(_ subject: AuditSubject) -> AuditFinding? {
        // The rescue path and exceptions of the guard come in by the underlay, so the service has to be there.
        guard subject.spots.contains(where: \.side.isUnderlay),
            !reach.isWantedOnUnderlay(subject.ports.transport, subject.port)
        else { return nil }
        return AuditFinding(
            problem: .exposed, message: "declared private, but bound to \(subject.boundText)\(closing(subject))",
            hints: [advice.bind(subject.programs, sides.overlay, subject.port)])
    }

    /// A service for the mesh that is not on all of the peer's overlay addresses.
    private func offMesh(_ subject: AuditSubject) -> AuditFinding? {
        let families = Set(sides.overlay.map(\.family))
        let covered = Set(subject.spots.filter { $0.side == .overlay }.map(\.family))
        return gap(subject, of: families, covered, sides.overlay, "the mesh")
    }

    private func offPublic(_ subject: AuditSubject) -> AuditFinding? {
        let isAnywhere = sides.publicAddresses.isEmpty
        let covered = Set(
            subject.spots.filter { $0.side == .publicSide || isAnywhere && $0.side.isUnderlay }.map(\.family))
        let families = isAnywhere ? covered : Set(sides.publicAddresses.map(\.family))
        if isAnywhere, covered.isEmpty {
            return unreachable(subject, AuditAdvice.everywhere, "its public side")
        }
        return gap(subject, of: families, covered, sides.publicAddresses, "its public side")
    }

    private func gap(
        _ subject: AuditSubject, of families: Set<IPFamily>, _ covered: Set<IPFamily>, _ addresses: [IPAddress],
        _ place: String
    ) -> AuditFinding? {
        let missing = families.subtracting(covered).sorted()
        if missing.isEmpty { return nil }
        let bindable = place == "the mesh" && subject.exposure == .private ? addresses : AuditAdvice.everywhere
        if covered.isDisjoint(with: families) { return unreachable(subject, bindable, place) }
        return AuditFinding(
            problem: .oneFamily,
            message: "bound to \(subject.boundText): no \(missing[0]) on \(place)",
            hints: [advice.bind(subject.programs, bindable, subject.port)])
    }

    private func unreachable(_ subject: AuditSubject, _ addresses: [IPAddress], _ place: String) -> AuditFinding {
        let elsewhere =
            subject.spots.contains { $0.side == .nowhere } ? ", an address of the mesh that is not this peer's" : ""
        return AuditFinding(
            problem: .unreachable,
            message:
                "declared \(subject.exposure.rawValue), but bound to \(subject.boundText)\(elsewhere), not to \(place)",
            hints: [advice.bind(subject.programs, addresses, subject.port)])
    }

    /// Both halves of the truth: where it is bound, and whether somebody gets there.
    private func closing(_ subject: AuditSubject) -> String {
        words(reach.answer(subject.ports.transport, subject.port, subject.spots, subject.exposure))
    }

    private func words(_ answer: AuditReach) -> String {
        switch answer {
        case .none: ""
        case .closed: "; only the firewall closes it"
        case .open(let names): "; reachable by \(names.joined(separator: ", "))"
        }
    }

    func undeclared(
        _ transport: Transport, _ port: Port, _ sockets: [ListeningSocket], _ spots: Set<HostSpot>,
        _ answer: AuditReach
    ) -> AuditFinding {
        let programs = Set(sockets.flatMap(\.programs)).sorted()
        let isPublic = spots.contains { $0.side == .publicSide } && !spots.contains { $0.side == .loopback }
        let exposure: Exposure = isPublic ? .public : .private
        return AuditFinding(
            problem: .undeclared,
            message:
                "no service of this peer names it; bound to \(sockets.map(\.bound.description).joined(separator: " "))\(words(answer))",
            hints: [
                advice.declaration(transport, port, programs, exposure),
                "or for the host alone: " + advice.bind(programs, AuditAdvice.loopback, port),
            ])
    }
}
