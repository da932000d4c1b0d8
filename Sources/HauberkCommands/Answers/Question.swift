import Addresses
import Diagnostics
import MeshFiles
import MeshModel

/// What `can` is asked: two ends, some ports or a ping, and the plane between them.
struct Question {
    let from: AskedEnd
    let to: AskedEnd
    let plane: Plane
    /// At least one; each stands for all ports that the policy treats alike.
    let subjects: [FlowSubject]
    /// As asked; empty for a ping.
    let ports: [ServicePorts]
    /// The service that was asked for by its name; nil for ports and pings.
    let service: String?

    /// `lock` tells whose the addresses of the mesh are.
    ///
    /// - Throws: `Failure`, status 64, for words that name nothing, and for a plane on which the ends are not.
    init(_ words: QuestionWords, lock: LockFile?, _ mesh: DeclaredMesh) throws(Failure) {
        from = try Self.end(words.from, lock: lock, mesh)
        to = try Self.end(words.to, lock: lock, mesh)
        (ports, service) = try Self.ports(words.port, mesh)
        subjects = ports.isEmpty ? [.echo] : Self.subjects(ports, mesh)
        guard let plain = AskedEnd.plane(from: from, to: to, in: mesh) else {
            throw Self.refusal("neither \(words.from) nor \(words.to) is of the mesh", hint: nil)
        }
        plane = words.plane ?? plain
        try checkPlane()
    }

    private func checkPlane() throws(Failure) {
        let isPeers = [from, to].map { if case .peer = $0.end { true } else { false } }
        switch plane {
        case .overlay where !(isPeers[0] && isPeers[1]):
            throw Self.refusal("only peers talk on the overlay", hint: "leave --plane out, and it is inferred")
        case .underlay where !isPeers[1] && to.place != .outside:
            throw Self.refusal(
                "on the underlay, there is nothing behind a peer", hint: "leave --plane out, and it is inferred")
        case .forward where isPeers[0] && isPeers[1]:
            throw Self.refusal(
                "what goes through a gateway begins or ends outside of the mesh",
                hint: "leave --plane out, and it is inferred")
        default: return
        }
    }

    func flow(_ subject: FlowSubject, in mesh: DeclaredMesh) -> Flow {
        AskedEnd.flow(plane, from: from, to: to, subject, in: mesh)
    }

    // MARK: ends

    private static func end(_ word: String, lock: LockFile?, _ mesh: DeclaredMesh) throws(Failure) -> AskedEnd {
        if word == NameRule.anyone { return .anyone }
        if let index = mesh.peers.firstIndex(where: { $0.name == word }) {
            if !mesh.peers[index].isDisabled { return .peer(index) }
            throw refusal("peer \(quoted(word)) is disabled", hint: "take it back with `hauberk enable \(word)`")
        }
        if let address = try? IPAddress(parsing: word) { return try end(address, lock: lock, mesh) }
        if let group = mesh.groups.firstIndex(where: { $0.name == word }) {
            let member = mesh.peers.first { !$0.isDisabled && $0.groups.contains(group) }
            throw refusal(
                "\(quoted(word)) is a group, and a question is about one host",
                hint: member.map { "name one of its peers, such as \($0.name); `hauberk matrix --by group` shows all" })
        }
        throw refusal(
            "\(quoted(word)) is no peer, no address and not \"\(NameRule.anyone)\"",
            hint: nearest(to: word, among: mesh.peers.map(\.name)).map { "did you mean \(quoted($0))?" }
                ?? "`hauberk list` shows the peers")
    }

    private static func end(
        _ address: IPAddress, lock: LockFile?, _ mesh: DeclaredMesh
    ) throws(Failure) -> AskedEnd {
        guard mesh.prefixes.contains(where: { $0.value.contains(address) }) else { return .address(address, in: mesh) }
        let owner = mesh.peers.firstIndex { peer in
            !peer.isDisabled
                && (lock?.peers[peer.name]?.addresses.contains(address) ?? false
                    || peer.addresses.contains { $0.value == address })
        }
        if let owner { return .peer(owner) }
        throw refusal("no enabled peer has the address \(address)", hint: "`hauberk list` shows the addresses")
    }

    // MARK: ports

    private static func ports(
        _ word: String, _ mesh: DeclaredMesh
    ) throws(Failure) -> (ports: [ServicePorts], service: String?) {
        if word == "echo" { return ([], nil) }
        if let ports = ServicePorts(word) { return ([ports], nil) }
        let declared = mesh.policy?.services.first { $0.name == word }
        if let ports = declared?.ports ?? WellKnownServices.ports(of: word) { return (ports, word) }
        if (try? PortRange(parsing: word)) != nil {
            throw refusal("\(quoted(word)) lacks its protocol", hint: "write \(word)/tcp or \(word)/udp")
        }
        let names = (mesh.policy?.services.map(\.name) ?? []) + WellKnownServices.all.map(\.name) + ["echo"]
        throw refusal(
            "\(quoted(word)) is no port, no service and not \"echo\"",
            hint: nearest(to: word, among: names).map { "did you mean \(quoted($0))?" }
                ?? "write 3306/tcp, or a name that `hauberk services` lists")
    }

    private static func subjects(_ ports: [ServicePorts], _ mesh: DeclaredMesh) -> [FlowSubject] {
        let asked = mesh.policy.map { policy in
            let classes = PortClasses(policy, in: mesh)
            return ports.flatMap { classes.representatives(in: $0) }
        }
        return (asked ?? ports).map { .port($0.transport, $0.range.lower) }
    }

    private static func refusal(_ message: String, hint: String?) -> Failure {
        Failure(.usage, .invalidQuestion, message, hint: hint)
    }
}

/// A question as it stands on the command line.
struct QuestionWords {
    let from: String
    let to: String
    let port: String
    let plane: Plane?
}
