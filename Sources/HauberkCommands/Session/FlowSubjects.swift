import Addresses
import Lab
import MeshModel

/// The ports that are asked: every boundary of what the policy names, and some that it does not.
struct FlowSubjects {
    let tcp: [Port]
    let udp: [Port]

    /// Nobody's in particular; those of them that a policy names are boundaries as well.
    private static let unnamed = [7, 1_024, 47_777, 65_535]

    /// For meshes that are in one lab: what one of them names is asked in the others, too.
    init(_ meshes: [DeclaredMesh]) {
        var named: [ServicePorts] = []
        for mesh in meshes {
            named += mesh.listeningPorts.map { ServicePorts(.udp, PortRange($0)) }
            guard let policy = mesh.policy else { continue }
            let declared = policy.guardDeclaration
            named += policy.services.flatMap(\.ports) + declared.exceptions.flatMap(\.ports)
            if let rescue = declared.rescue { named.append(rescue.ports) }
        }
        tcp = Self.ports(.tcp, named)
        udp = Self.ports(.udp, named)
    }

    /// The boundaries of the protocol's own ranges, and the first port of each of the other's: a rule for the wrong
    /// protocol is found there.
    private static func ports(_ transport: Transport, _ named: [ServicePorts]) -> [Port] {
        var numbers = Set(unnamed)
        for ports in named {
            let lower = Int(ports.range.lower.number)
            let upper = Int(ports.range.upper.number)
            numbers.formUnion(ports.transport == transport ? [lower - 1, lower, upper, upper + 1] : [lower])
        }
        return numbers.sorted().compactMap { Port($0) }
    }

    /// Every subject but pings; `without` are UDP ports that WireGuard itself has on the destination.
    func all(without: Set<Port>) -> [FlowSubject] {
        tcp.map { .port(.tcp, $0) } + datagrams(without: without)
    }

    func datagrams(without: Set<Port>) -> [FlowSubject] {
        udp.filter { !without.contains($0) }.map { .port(.udp, $0) }
    }
}

/// Sentences that many flows share.
struct FlowReasons {
    private(set) var texts: [String] = []
    private var indices: [String: Int] = [:]

    mutating func index(of text: String) -> Int {
        if let known = indices[text] { return known }
        indices[text] = texts.count
        texts.append(text)
        return texts.count - 1
    }
}

extension LabSubject {
    init(_ subject: FlowSubject, isAllowed: Bool, reason: Int) {
        switch subject {
        case .echo: self.init(.echo, 0, isAllowed: isAllowed, reason: reason)
        case .port(let transport, let port):
            self.init(transport == .tcp ? .tcp : .udp, port.number, isAllowed: isAllowed, reason: reason)
        }
    }
}
