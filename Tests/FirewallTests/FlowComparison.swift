import Addresses
import HostPlans
import MeshModel
import Testing

/// Each flow as the mesh file has it, and as the two hosts' policies judge its first packet.
struct FlowComparison {
    let mesh: Mesh
    let oracle: PolicyOracle
    let policies: [FirewallPolicy]
    private let ports: [(Transport, Port)]

    init(mesh: Mesh, plan: FirewallPlan) {
        self.mesh = mesh
        oracle = PolicyOracle(mesh.declared, topology: mesh.topology, moment: nil)
        policies = mesh.peers.indices.map { plan.policy(for: $0) }
        var numbers: Set<Int> = [22, 9]
        for ports in mesh.declared.policy?.services.flatMap(\.ports) ?? [] {
            let (low, high) = (Int(ports.range.lower.number), Int(ports.range.upper.number))
            numbers.formUnion([low - 1, low, high, high + 1])
        }
        ports = Transport.allCases.flatMap { transport in
            numbers.sorted().compactMap { Port($0) }.map { (transport, $0) }
        }
    }

    private var subjects: [FlowSubject] { ports.map { FlowSubject.port($0.0, $0.1) } + [.echo] }

    private func content(_ subject: FlowSubject) throws -> Packet.Content {
        switch subject {
        case .echo: return .echoRequest
        case .port(let transport, let port):
            return .transport(transport, source: try #require(Port(40_000)), destination: port)
        }
    }

    /// The number of flows asked for.
    func run(_ report: (String) -> Void) throws -> Int {
        var asked = 0
        for from in mesh.peers.indices {
            for to in mesh.peers.indices where from != to {
                for subject in subjects {
                    try overlay(from, to, subject, report)
                    try underlay(from, to, subject, report)
                    asked += 2
                }
            }
            for subject in subjects {
                try strangers(from, subject, report)
                try networks(from, subject, report)
                asked += 2
            }
        }
        return asked
    }

    private func declared(_ index: Int) -> FlowEnd { .peer(mesh.declaredIndices[index]) }

    private func overlay(_ from: Int, _ to: Int, _ subject: FlowSubject, _ report: (String) -> Void) throws {
        let expected = oracle.verdict(for: Flow(.overlay, from: declared(from), to: declared(to), subject)).isAllowed
        let content = try content(subject)
        for (a, b) in zip(mesh.peers[from].addresses, mesh.peers[to].addresses) {
            let out = policies[from].verdict(for: Packet(.output(.tunnel), from: a, to: b, content)) == .accept
            let into = policies[to].verdict(for: Packet(.input(.tunnel), from: a, to: b, content)) == .accept
            if out != expected || into != expected {
                report("overlay \(a) -> \(b) \(subject): \(expected) expected, out \(out), in \(into)")
            }
        }
    }

    private func underlay(_ from: Int, _ to: Int, _ subject: FlowSubject, _ report: (String) -> Void) throws {
        let content = try content(subject)
        let (source, target) = (mesh.peers[from].declared, mesh.peers[to].declared)
        let sides: [(UnderlaySide, PacketSide, [IPAddress], [IPAddress])] = [
            (.private, .privateSide, source.privateAddresses.map(\.value), target.privateAddresses.map(\.value)),
            (.public, .publicSide, source.publicAddresses.map(\.value), target.publicAddresses.map(\.value)),
        ]
        for (side, hook, sources, targets) in sides {
            let flow = Flow(.underlay, from: declared(from), to: declared(to), subject, side: side)
            let expected = oracle.verdict(for: flow).isAllowed
            for (a, b) in zip(sources, targets) {
                let out = policies[from].verdict(for: Packet(.output(hook), from: a, to: b, content)) != .refuse
                let into = policies[to].verdict(for: Packet(.input(hook), from: a, to: b, content)) != .refuse
                // The sender knows the receiver's published ports by address, which both sides of it may share.
                if into != expected || (out && into) != expected {
                    report("underlay \(a) -> \(b) \(subject): \(expected) expected, out \(out), in \(into)")
                }
            }
        }
    }

    private func strangers(_ to: Int, _ subject: FlowSubject, _ report: (String) -> Void) throws {
        let content = try content(subject)
        for address in ["198.51.100.9", "10.132.15.9", "192.0.2.1"].compactMap({ try? IPAddress(parsing: $0) }) {
            for (side, hook) in [(UnderlaySide.private, PacketSide.privateSide), (.public, .publicSide)] {
                let flow = Flow(.underlay, from: .address(address), to: declared(to), subject, side: side)
                let expected = oracle.verdict(for: flow).isAllowed
                let target = try IPAddress(parsing: "203.0.113.\(to + 2)")
                let packet = Packet(.input(hook), from: address, to: target, content)
                let into = policies[to].verdict(for: packet) != .refuse
                if into != expected { report("stranger \(address) -> \(to) \(side) \(subject): \(expected) expected") }
            }
        }
    }

    /// To and from the network behind a peer, through its gateway.
    private func networks(_ peer: Int, _ subject: FlowSubject, _ report: (String) -> Void) throws {
        guard let gateway = mesh.peers.firstIndex(where: { !$0.declared.routes.isEmpty }), gateway != peer else {
            return
        }
        let inside = try IPAddress(parsing: "192.168.50.77")
        let content = try content(subject)
        guard let own = mesh.peers[peer].addresses.first else { return }
        let there = oracle.verdict(for: Flow(.forward, from: declared(peer), to: .address(inside), subject)).isAllowed
        let back = oracle.verdict(for: Flow(.forward, from: .address(inside), to: declared(peer), subject)).isAllowed
        let out = policies[peer].verdict(for: Packet(.output(.tunnel), from: own, to: inside, content)) == .accept
        let over = policies[gateway].verdict(
            for: Packet(.forward(from: .tunnel, to: .privateSide, isTranslated: false), from: own, to: inside, content))
        if subject != .echo || mesh.declared.policy?.icmp.overlay == .echo {
            if out != there { report("to the network from \(peer) \(subject): \(there) expected, out \(out)") }
        }
        if (over == .accept) != there {
            report("to the network from \(peer) \(subject): \(there) expected, gateway \(over)")
        }
        let returning = policies[gateway].verdict(
            for: Packet(.forward(from: .privateSide, to: .tunnel, isTranslated: false), from: inside, to: own, content))
        let into = policies[peer].verdict(for: Packet(.input(.tunnel), from: inside, to: own, content)) == .accept
        if (returning == .accept) != back {
            report("from the network to \(peer) \(subject): \(back) expected, gateway")
        }
        if into != back, subject != .echo {
            report("from the network to \(peer) \(subject): \(back) expected, in \(into)")
        }
    }
}
