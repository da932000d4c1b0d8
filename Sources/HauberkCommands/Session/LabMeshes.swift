import Addresses
import HostPlans
import Lab
import MeshModel

/// The meshes that are in one lab, and which of their peers are one machine.
struct LabMeshes {
    /// One mesh, with the folder of its rendered trees.
    struct Part {
        let mesh: Mesh
        let firewalls: HostFirewalls
        let trees: String
        /// The peers that take part; ascending.
        let chosen: [Int]
    }

    /// One machine, and the peer that it is in each mesh.
    struct Machine {
        var name: String
        var peers: [(part: Int, peer: Int)]
    }

    private struct Place: Hashable {
        let site: String?
        let address: IPAddress
    }

    let parts: [Part]
    private(set) var machines: [Machine] = []
    private let oracles: [PolicyOracle]
    /// By part and peer.
    private var numbers: [[Int: Int]] = []

    init(_ parts: [Part], moment: Int64) {
        self.parts = parts
        oracles = parts.map { PolicyOracle($0.mesh.declared, topology: $0.mesh.topology, moment: moment) }
        var known: [Place: Int] = [:]
        for (number, part) in parts.enumerated() {
            var own: [Int: Int] = [:]
            for peer in part.chosen {
                let places = Self.places(of: peer, in: part.mesh)
                let machine = places.lazy.compactMap { known[$0] }.first ?? machines.count
                if machine == machines.count {
                    machines.append(Machine(name: name(of: peer, in: part.mesh), peers: []))
                }
                machines[machine].peers.append((number, peer))
                own[peer] = machine
                for place in places { known[place] = machine }
            }
            numbers.append(own)
        }
    }

    /// As hosts are told apart by ``SharedHosts``.
    private static func places(of peer: Int, in mesh: Mesh) -> [Place] {
        let declared = mesh.peers[peer].declared
        return declared.publicAddresses.map { Place(site: nil, address: $0.value) }
            + declared.privateAddresses.map {
                Place(site: declared.site.map { mesh.sites[$0].name }, address: $0.value)
            }
    }

    private func name(of peer: Int, in mesh: Mesh) -> String {
        let name = mesh.peers[peer].name
        return machines.contains { $0.name == name } ? "\(mesh.name)/\(name)" : name
    }

    /// The machine that a peer is; nil for one that takes no part.
    func machine(_ part: Int, _ peer: Int) -> Int? { numbers[part][peer] }

    /// The names of the machines of a mesh's peers, by peer.
    func names(_ part: Int) -> [String] {
        parts[part].mesh.peers.indices.map { peer in
            machine(part, peer).map { machines[$0].name } ?? parts[part].mesh.peers[peer].name
        }
    }

    /// The networks behind a peer that are no mesh of the lab.
    func routes(_ part: Int, _ peer: Int) -> [IPPrefix] {
        let others = parts.indices.filter { $0 != part }.flatMap { parts[$0].mesh.prefixes }
        return parts[part].mesh.peers[peer].declared.routes.map(\.value).filter { route in
            !others.contains { $0.overlaps(route) }
        }
    }

    /// WireGuard's own ports on a machine, also of meshes that are not in the lab.
    func tunnelPorts(_ machine: Int) -> Set<Port> {
        Set(
            machines[machine].peers.flatMap { part, peer in
                let mesh = parts[part].mesh
                return parts[part].firewalls.neighbors(of: peer).map(\.port)
                    + mesh.declared.ports(of: mesh.declaredIndices[peer])
            })
    }

    // MARK: the underlay of machines that may be in several meshes

    /// Who asks on the underlay.
    struct Asker {
        /// Nil for a stranger.
        let machine: Int?
        /// As the destination sees it; nil behind a router that hides the asker.
        let address: IPAddress?
        /// Whether the asker's own rules judge it as well: not where somebody else sends in its name.
        let isJudged: Bool
    }

    /// The answer of all the rules on the way: those of each mesh that the destination is in, of which each lets
    /// through what another names, and those of each mesh that both are in.
    func verdict(
        _ asker: Asker, to machine: Int, _ subject: FlowSubject, _ side: UnderlaySide
    ) -> (verdict: Verdict, part: Int)? {
        let inward = machines[machine].peers.filter { parts[$0.part].firewalls.kind(of: $0.peer) != .none }.compactMap {
            part, peer -> (verdict: Verdict, part: Int)? in
            guard parts[part].mesh.declared.policy != nil else { return nil }
            let mesh = parts[part].mesh
            let member = asker.machine.flatMap { asked in machines[asked].peers.first { $0.part == part } }
            let from: FlowEnd
            if let address = asker.address {
                from = member.map { .peer(mesh.declaredIndices[$0.peer]) } ?? .address(address)
            } else {
                from = .anyone
            }
            let flow = Flow(.underlay, from: from, to: .peer(mesh.declaredIndices[peer]), subject, side: side)
            return (oracles[part].verdict(for: flow), part)
        }
        let arriving = joined(inward, subject)
        guard asker.isJudged, subject != .echo, let arriving, arriving.verdict.isAllowed else { return arriving }
        return joined(outward(asker, machine, subject, side), subject).flatMap { $0.verdict.isAllowed ? nil : $0 }
            ?? arriving
    }

    /// What the asker's own rules say of a host of its meshes.
    private func outward(
        _ asker: Asker, _ machine: Int, _ subject: FlowSubject, _ side: UnderlaySide
    ) -> [(verdict: Verdict, part: Int)] {
        (asker.machine.map { machines[$0].peers } ?? []).compactMap { part, peer in
            guard parts[part].firewalls.kind(of: peer) != .none,
                let other = machines[machine].peers.first(where: { $0.part == part })
            else { return nil }
            let indices = parts[part].mesh.declaredIndices
            let flow = Flow(
                .underlay, from: .peer(indices[peer]), to: .peer(indices[other.peer]), subject, side: side)
            return (oracles[part].verdict(for: flow), part)
        }
    }

    /// Pings must be answered by every mesh; of ports, what one of them names passes all.
    private func joined(
        _ verdicts: [(verdict: Verdict, part: Int)], _ subject: FlowSubject
    ) -> (verdict: Verdict, part: Int)? {
        let refused = verdicts.first { !$0.verdict.isAllowed }
        if subject == .echo { return refused ?? verdicts.first }
        let named = verdicts.first { verdict in
            if case .unguarded = verdict.verdict.reason { return false }
            return verdict.verdict.isAllowed
        }
        return named ?? refused ?? verdicts.first
    }

    /// What two meshes that are joined say of a flow from a peer of one to a peer of the other; nil where they are not.
    func crossing(_ from: (part: Int, peer: Int), _ to: (part: Int, peer: Int), _ target: IPAddress) -> (
        (FlowSubject) -> [(Verdict, Int)]
    )? {
        guard
            let source = parts[from.part].mesh.peers[from.peer].addresses.first(where: { $0.family == target.family }),
            isJoined(from.part, target), isJoined(to.part, source)
        else { return nil }
        let here = FlowEnd.peer(parts[from.part].mesh.declaredIndices[from.peer])
        let there = FlowEnd.peer(parts[to.part].mesh.declaredIndices[to.peer])
        return { subject in
            [
                (oracles[from.part].verdict(for: Flow(.forward, from: here, to: .address(target), subject)), from.part),
                (oracles[to.part].verdict(for: Flow(.forward, from: .address(source), to: there, subject)), to.part),
            ]
        }
    }

    private func isJoined(_ part: Int, _ address: IPAddress) -> Bool {
        (parts[part].mesh.declared.policy?.peerings ?? []).contains { peering in
            peering.prefixes.contains { $0.value.contains(address) }
        }
    }
}
