import CNamespaces
import Glibc

/// All flows and streams between some hosts.
final class Load {
    /// Set by a signal.
    nonisolated(unsafe) static var isAskedToStop = false

    let hosts: [LoadedHost]
    private(set) var flows: [ProbeFlow] = []
    private(set) var streams: [ProbeStream] = []
    private let home: Int32
    private var buffer = [UInt8](repeating: 0, count: 65_536)
    private var sendersRenewed = 0

    init(_ hosts: [LoadedHost], home: Int32) throws {
        self.hosts = hosts
        self.home = home
        for host in hosts { try inside(host) { try host.listen() } }
        let pairs = hosts.indices.flatMap { from in hosts.indices.filter { $0 != from }.map { (from, $0) } }
        let connected = try pairs.map { from, to in
            let family: Family = from < to ? .four : .six
            let sockets = try inside(hosts[from]) { try hosts[from].connect(to: hosts[to], family) }
            return (from, to, family, sockets)
        }
        let beginning = now
        let count = pairs.count * Family.allCases.count
        for (from, to) in pairs {
            for family in Family.allCases {
                let offset = ProbeFlow.interval * flows.count / count
                flows.append(ProbeFlow(from: from, to: to, family: family, beginning: beginning, offset: offset))
            }
        }
        streams = connected.map {
            ProbeStream(from: $0, to: $1, family: $2, sockets: $3, beginning: beginning)
        }
    }

    /// Sends and receives until asked to stop, and all that can arrive has.
    func run() throws {
        print(#"{"event":"sending"}"#)
        fflush(nil)
        var askedAt: Int?
        while true {
            let moment = now
            if Self.isAskedToStop, askedAt == nil { askedAt = moment }
            if let askedAt, moment - askedAt > 20 * second || moment - askedAt > second && isHeard(at: moment) { break }
            try send(at: moment)
            receive(waiting: 1)
        }
        let end = now
        for index in flows.indices { flows[index].noteEnd(at: end) }
        for index in streams.indices { streams[index].noteEnd(at: end) }
        drain(since: end)
    }

    /// Whether every flow, and every stream that is open, is arriving.
    private func isHeard(at moment: Int) -> Bool {
        flows.allSatisfy { moment - $0.lastArrival < 300 * millisecond }
            && streams.allSatisfy { $0.state != .open || moment - $0.lastArrival < 500 * millisecond }
    }

    private func drain(since end: Int) {
        var arrived = end
        var count = -1
        while now - arrived < second, now - end < 10 * second {
            if flows.allSatisfy({ $0.lost == 0 }), streams.allSatisfy({ $0.read == $0.written }) { return }
            receive(waiting: 10)
            let total = flows.reduce(0) { $0 + $1.received } + streams.reduce(0) { $0 + $1.read }
            if total != count { (count, arrived) = (total, now) }
        }
    }

    private func send(at moment: Int) throws {
        if moment - sendersRenewed > second {
            for host in hosts { try inside(host) { try host.renewSenders() } }
            sendersRenewed = moment
        }
        for index in flows.indices where flows[index].isDue(at: moment) {
            let flow = flows[index]
            guard let socket = hosts[flow.from].senders[flow.family] else { continue }
            let sent = now
            let count = hosts[flow.to].send(flow.probe(flow: index, at: sent), by: socket, flow.family)
            // Its turn comes again when the socket has room.
            if count < 0, errno == EAGAIN { continue }
            flows[index].noteSent(at: sent, isRefused: count < 0)
        }
        for index in streams.indices { streams[index].write(at: moment) }
    }

    /// Takes what has come in.
    private func receive(waiting milliseconds: Int32) {
        let receivers = hosts.flatMap(\.receivers.values)
        let open = streams.indices.filter { streams[$0].state == .open }
        var list = (receivers + open.map { streams[$0].reader }).map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        guard poll(&list, nfds_t(list.count), milliseconds) > 0 else { return }
        for (entry, receiver) in zip(list, receivers) where entry.revents != 0 { takeProbes(of: receiver) }
        for (entry, index) in zip(list.dropFirst(receivers.count), open) where entry.revents != 0 {
            streams[index].read(into: &buffer, at: now)
        }
    }

    private func takeProbes(of receiver: Int32) {
        while true {
            let count = recv(receiver, &buffer, buffer.count, 0)
            guard count >= 0 else { return }
            guard let probe = ProbeFlow.read(buffer[..<count]), flows.indices.contains(probe.flow) else { continue }
            flows[probe.flow].noteArrival(of: probe.number, sent: probe.sent, at: now)
        }
    }

    private func inside<Result>(_ host: LoadedHost, _ work: () throws -> Result) throws -> Result {
        try host.enter()
        defer { _ = lab_enter_network(home) }
        return try work()
    }
}
