import Addresses
import HostPlans
import Lab
import MeshModel

/// What is asked outside of the tunnels: of each other by the hosts, and by strangers.
extension LabFlows {
    mutating func addUnderlay() {
        for from in chosen {
            for to in chosen where to != from && judges(to) {
                addPrivate(from, to)
                addPublic(from, to)
            }
        }
    }

    private mutating func addPrivate(_ from: Int, _ to: Int) {
        let here = mesh.peers[from].declared
        let there = mesh.peers[to].declared
        guard here.site != nil, here.site == there.site else { return }
        for target in there.privateAddresses.map(\.value) {
            guard let source = here.privateAddresses.map(\.value).first(where: { $0.family == target.family }) else {
                continue
            }
            addUnderlay(from, to, (source, target), .private)
        }
    }

    /// To a public address: from one, or through a router that hides the sender.
    private mutating func addPublic(_ from: Int, _ to: Int) {
        let here = mesh.peers[from].declared
        guard !isExitUser(from) else { return }
        for target in places.publicAddresses[to] {
            if let source = places.publicAddresses[from].first(where: { $0.family == target.family }) {
                addUnderlay(from, to, (source, target), .public)
                continue
            }
            // Behind a router it is a stranger to whom it asks, and a host of the mesh to its own rules.
            let isRouted = here.site == nil || here.privateAddresses.contains { $0.value.family == .v4 }
            guard target.family == .v4, places.publicAddresses[from].isEmpty, isRouted else { continue }
            let asked = subjects.all(without: tunnelPorts(to)) + [.echo]
            let asker = LabMeshes.Asker(machine: meshes.machine(part, from), address: nil, isJudged: true)
            let answers = answered(asked, asker, to: to, .public)
            add(
                LabWay(
                    .underlay, from: name(from), to: name(to), source: LabPlaces.anywhere, target: target.description,
                    subjects: answers))
        }
    }

    private mutating func addUnderlay(
        _ from: Int, _ to: Int, _ addresses: (source: IPAddress, target: IPAddress), _ side: UnderlaySide
    ) {
        let asked = subjects.all(without: tunnelPorts(to)) + [.echo]
        let asker = LabMeshes.Asker(machine: meshes.machine(part, from), address: addresses.source, isJudged: true)
        let answers = answered(asked, asker, to: to, side)
        add(
            LabWay(
                .underlay, from: name(from), to: name(to), source: addresses.source.description,
                target: addresses.target.description, subjects: answers))
    }

    func isExitUser(_ peer: Int) -> Bool { exit(of: peer) != nil }

    /// The exit that a peer uses: its index in the policy and the gateway's in the mesh.
    func exit(of peer: Int) -> (exit: Int, gateway: Int)? {
        let declared = mesh.declaredIndices[peer]
        for (index, exit) in policy.exits.enumerated()
        where exit.users.value.contains(peer: declared, in: mesh.declared) && exit.via.value != declared {
            if let gateway = mesh.declaredIndices.firstIndex(of: exit.via.value) { return (index, gateway) }
        }
        return nil
    }

    // MARK: strangers

    mutating func addStrangers() {
        for stranger in places.strangers {
            for to in chosen where judges(to) {
                guard let site = stranger.site else {
                    addStranger(stranger, to, places.publicAddresses[to], .public)
                    continue
                }
                guard mesh.peers[to].declared.site.map({ mesh.sites[$0].name }) == site else { continue }
                addStranger(stranger, to, mesh.peers[to].declared.privateAddresses.map(\.value), .private)
                addDetours(stranger, to)
                addForged(stranger, to)
            }
        }
    }

    private mutating func addStranger(
        _ stranger: LabPlaces.Stranger, _ to: Int, _ targets: [IPAddress], _ side: UnderlaySide
    ) {
        for target in targets {
            guard let source = stranger.addresses.first(where: { $0.family == target.family }) else { continue }
            let asked = subjects.all(without: tunnelPorts(to)) + [.echo]
            let asker = LabMeshes.Asker(machine: nil, address: source, isJudged: false)
            let answers = answered(asked, asker, to: to, side)
            add(
                LabWay(
                    .underlay, from: stranger.name, to: name(to), source: source.description,
                    target: target.description, subjects: answers))
        }
    }

    /// A host takes what comes to any of its addresses by any of its interfaces; only rules keep a neighbor on the wire
    /// from the addresses of the mesh.
    private mutating func addDetours(_ stranger: LabPlaces.Stranger, _ to: Int) {
        let reason = "addresses of the mesh are reached through the tunnel alone"
        for target in mesh.peers[to].addresses {
            guard let source = stranger.addresses.first(where: { $0.family == target.family }) else { continue }
            let returns = mesh.peers[to].declared.privateAddresses.contains { $0.value.family == target.family }
            if target.family == .v4, !returns { continue }
            let ports = tunnelPorts(to)
            let asked = returns ? subjects.all(without: ports) + [.echo] : subjects.datagrams(without: ports)
            add(
                LabWay(
                    .underlay, from: stranger.name, to: name(to), source: source.description,
                    target: target.description, sender: returns ? .own : .oneWay,
                    subjects: denied(asked, because: reason)))
        }
    }

    /// Datagrams in the names of others: of a peer, by its address in the mesh; of a neighbor, by its underlay address,
    /// which is then judged as that neighbor.
    private mutating func addForged(_ stranger: LabPlaces.Stranger, _ to: Int) {
        let asked = subjects.datagrams(without: tunnelPorts(to))
        let near = mesh.peers[to].declared.privateAddresses.map(\.value)
        let reason = "addresses of the mesh come through the tunnel alone"
        guard
            let victim = chosen.first(where: { $0 != to && isWelcome($0, at: to) }) ?? chosen.first(where: { $0 != to })
        else { return }
        for source in mesh.peers[victim].addresses {
            for target in mesh.peers[to].addresses + near where target.family == source.family {
                if target.family == .v4, !near.contains(where: { $0.family == .v4 }) { continue }
                addForged(stranger, to, (source, target), denied(asked, because: reason))
            }
        }
        guard
            let neighbor = chosen.first(where: {
                $0 != to && mesh.peers[$0].declared.site == mesh.peers[to].declared.site
            })
        else { return }
        for source in mesh.peers[neighbor].declared.privateAddresses.map(\.value) {
            for target in near where target.family == source.family {
                let asker = LabMeshes.Asker(
                    machine: meshes.machine(part, neighbor), address: source, isJudged: false)
                let answers = answered(asked, asker, to: to, .private)
                addForged(stranger, to, (source, target), answers)
            }
        }
    }

    private func isWelcome(_ from: Int, at to: Int) -> Bool {
        (subjects.tcp.map { FlowSubject.port(.tcp, $0) } + subjects.udp.map { .port(.udp, $0) }).contains {
            oracle.verdict(for: Flow(.overlay, from: end(from), to: end(to), $0)).isAllowed
        }
    }

    private mutating func addForged(
        _ stranger: LabPlaces.Stranger, _ to: Int, _ addresses: (source: IPAddress, target: IPAddress),
        _ subjects: [LabSubject]
    ) {
        add(
            LabWay(
                .underlay, from: stranger.name, to: name(to), source: addresses.source.description,
                target: addresses.target.description, sender: .forged, subjects: subjects))
    }
}
