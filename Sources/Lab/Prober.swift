import Glibc

/// Asks and answers for every machine of the lab in one loop.
///
/// A socket belongs to the network namespace that it was made in, so one process can stand in all of them: no process
/// for a pair, none for a host, and the order of first handshakes is in one hand.
struct Prober {
    private(set) var probes: [Probe]
    private let map: LabMap
    private let options: LabOptions
    private var sockets: [ProbeSocket] = []
    private var socketIndex: [SocketKey: Int] = [:]
    /// Interface names by node.
    private var interfaces: [[UInt32: String]] = []
    private var hearing: Set<Int> = []
    private let controlNonce = UInt64.random(in: .min ... .max)
    private var start = 0

    /// Opens every socket and points every probe at its own.
    init(map: LabMap, options: LabOptions) throws {
        self.map = map
        self.options = options
        probes = map.topology.expectations.map { Probe($0) }
        for (index, node) in map.list.enumerated() {
            interfaces.append(try LabNetwork.interfaceNames(in: node.namespace))
            for address in node.addresses {
                // An address that is missing is a problem of its host, and an obstacle of its probes.
                let socket = try? ProbeSocket(node: index, of: map.list, address: address, port: options.probePort)
                guard let socket else { continue }
                socketIndex[SocketKey(node: node.name, address: address)] = sockets.count
                sockets.append(socket)
            }
        }
        aim()
        pair()
    }

    private mutating func aim() {
        for index in probes.indices {
            let e = probes[index].expectation
            probes[index].obstacle = obstacle(e.from, e.family) ?? obstacle(e.to, e.family)
            guard probes[index].obstacle == nil, let from = map.nodes[e.from] else { continue }
            probes[index].socket = socket(from, e.family)
            probes[index].target = map.nodes[e.to]?.address(e.family)
            if let target = probes[index].target { probes[index].hasPeer = map.way(from: from, to: target) != nil }
        }
    }

    private func obstacle(_ name: String, _ family: LabFamily) -> Probe.Obstacle? {
        guard let node = map.nodes[name] else { return .unknown(name) }
        guard node.address(family) != nil else { return .noAddress(name) }
        return map.isUp(node) && socket(node, family) != nil ? nil : .down(name)
    }

    private func socket(_ node: LabNode, _ family: LabFamily) -> Int? {
        guard let address = node.address(family) else { return nil }
        return socketIndex[SocketKey(node: node.name, address: address)]
    }

    /// The side behind NAT leads (nobody can reach it before it speaks), else the one that was declared first.
    private mutating func pair() {
        struct Key: Hashable {
            let from: String
            let to: String
            let family: LabFamily
        }
        var indices: [Key: Int] = [:]
        for (index, probe) in probes.enumerated() {
            let e = probe.expectation
            indices[Key(from: e.from, to: e.to, family: e.family)] = index
        }
        for index in probes.indices {
            let e = probes[index].expectation
            guard let from = map.nodes[e.from], let to = map.nodes[e.to] else { continue }
            let mine = (map.hosts[from.host].host.reach == .natted ? 0 : 1, from.host)
            let theirs = (map.hosts[to.host].host.reach == .natted ? 0 : 1, to.host)
            if theirs < mine { probes[index].leader = indices[Key(from: e.to, to: e.from, family: e.family)] }
        }
    }

    /// Runs until every probe is settled. Blocks its thread: nothing else of the process has work meanwhile.
    mutating func run(progress: (Int, Int) -> Void) throws {
        start = Milliseconds.now
        var lastReport = -1
        try listenToThemselves()
        while true {
            let now = Milliseconds.now
            settle(at: now)
            let finished = probes.count(where: \.isFinished)
            if finished != lastReport { progress(finished, probes.count) }
            lastReport = finished
            if finished == probes.count { return }
            ask(at: now)
            wait(milliseconds: 10)
        }
    }

    /// The positive control of every silence: each socket hears a packet to its own address.
    private mutating func listenToThemselves() throws {
        let deadline = Milliseconds.now + 3_000
        while hearing.count < sockets.count, Milliseconds.now < deadline {
            for (index, socket) in sockets.enumerated() where !hearing.contains(index) {
                let packet = ProbePacket(kind: .control, index: index, nonce: controlNonce)
                _ = socket.send(packet, to: socket.address, port: options.probePort)
            }
            wait(milliseconds: 50)
        }
        let deaf = Set(sockets.indices.filter { !hearing.contains($0) }.map { map.list[sockets[$0].node].name })
        for index in probes.indices where probes[index].obstacle == nil {
            let e = probes[index].expectation
            if let name = [e.from, e.to].first(where: deaf.contains) { probes[index].obstacle = .deaf(name) }
        }
    }

    private mutating func settle(at now: Int) {
        for index in probes.indices where !probes[index].isFinished {
            probes[index].isFinished = probes[index].isSettled(at: now, start: start, patience: options.patience)
        }
    }

    private mutating func ask(at now: Int) {
        var budget = 200
        for index in probes.indices where budget > 0 && !probes[index].isFinished && mayAsk(index, at: now) {
            guard let socket = probes[index].socket, let target = probes[index].target else { continue }
            let packet = ProbePacket(kind: .question, index: index, nonce: probes[index].nonce)
            let error = sockets[socket].send(packet, to: target, port: options.probePort)
            if probes[index].firstSent == nil { probes[index].firstSent = now }
            probes[index].lastSent = now
            probes[index].refusal = error
            probes[index].refusedSince = error == 0 ? nil : probes[index].refusedSince ?? now
            budget -= 1
        }
    }

    /// A follower waits for its leader's answer, or for far longer than a handshake takes: two that start at once
    /// can undo each other, and are silent for 5 s.
    private func mayAsk(_ index: Int, at now: Int) -> Bool {
        if let leader = probes[index].leader, !probes[leader].isFinished {
            let lead = probes[leader].expectation.answer == .reachable ? 2_500 : 500
            guard let asked = probes[leader].firstSent, now - asked > lead else { return false }
        }
        return probes[index].isDue(at: now)
    }

    private mutating func wait(milliseconds: Int32) {
        var waiting = sockets.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        guard poll(&waiting, nfds_t(waiting.count), milliseconds) > 0 else { return }
        for (index, entry) in waiting.enumerated() where entry.revents != 0 {
            while let arrival = sockets[index].receive() { take(arrival, at: index) }
        }
    }

    private mutating func take(_ arrival: ProbeSocket.Arrival, at socket: Int) {
        switch arrival.packet.kind {
        case .control:
            if arrival.packet.nonce == controlNonce, Int(arrival.packet.index) == socket { hearing.insert(socket) }
        case .question:
            var answer = arrival.packet
            answer.kind = .answer
            answer.node = UInt32(clamping: sockets[socket].node)
            answer.hopLimit = UInt32(clamping: arrival.hopLimit)
            answer.interface = arrival.interface
            _ = sockets[socket].send(answer, to: arrival.sender, port: options.probePort)
        case .answer:
            note(arrival, at: socket)
        }
    }

    private mutating func note(_ arrival: ProbeSocket.Arrival, at socket: Int) {
        let index = Int(arrival.packet.index)
        let node = Int(arrival.packet.node)
        guard probes.indices.contains(index), map.list.indices.contains(node), probes[index].answer == nil,
            probes[index].nonce == arrival.packet.nonce, probes[index].socket == socket
        else { return }
        probes[index].answer = Probe.Answer(
            node: node, hopLimit: Int(arrival.packet.hopLimit),
            interfaceThere: interfaces[node][arrival.packet.interface],
            interfaceHere: interfaces[sockets[socket].node][arrival.interface],
            milliseconds: Milliseconds.now - (probes[index].firstSent ?? start))
    }
}

private struct SocketKey: Hashable {
    let node: String
    let address: NumericAddress
}
