import CNamespaces
import Glibc

/// Listens on every port that is asked, on every machine, and answers; notes what arrived where, and from whom.
struct FlowResponder {
    private struct Listener {
        let descriptor: Int32
        let machine: Int
    }

    private struct Connection {
        let descriptor: Int32
        let machine: Int
        let source: NumericAddress?
    }

    private var datagrams: [Listener] = []
    private var streams: [Listener] = []
    private var connections: [Int: Connection] = [:]
    private var nextConnection = 0
    private let payload: FlowPayload
    private let events: FlowEvents

    /// Opens the listeners. A port that somebody else has (WireGuard's own) is left to them.
    init(_ machines: FlowMachines, tcp: [UInt16], udp: [UInt16], payload: FlowPayload, events: FlowEvents)
        throws(PosixError)
    {
        self.payload = payload
        self.events = events
        for (number, machine) in machines.list.enumerated() {
            let opened = try LabNetwork.inside(machine.namespace) { () throws(PosixError) in
                (
                    tcp.map { lab_listen(Int32(SOCK_STREAM.rawValue), $0) },
                    udp.map { lab_listen(Int32(SOCK_DGRAM.rawValue), $0) }
                )
            }
            for descriptor in opened.0 where descriptor >= 0 {
                try events.watch(descriptor, .stream(streams.count))
                streams.append(Listener(descriptor: descriptor, machine: number))
            }
            for descriptor in opened.1 where descriptor >= 0 {
                try events.watch(descriptor, .datagram(datagrams.count))
                datagrams.append(Listener(descriptor: descriptor, machine: number))
            }
        }
    }

    func close() {
        for listener in datagrams + streams { Glibc.close(listener.descriptor) }
        for connection in connections.values { Glibc.close(connection.descriptor) }
    }

    /// Answers every datagram that waits; `note` learns of each.
    func answer(datagram number: Int, _ note: (Int, FlowQuestion.Arrival) -> Void) {
        let listener = datagrams[number]
        var buffer = [UInt8](repeating: 0, count: 512)
        var sender = sockaddr_storage()
        var from = [UInt8](repeating: 0, count: 16)
        var to = [UInt8](repeating: 0, count: 16)
        while true {
            let count = lab_take(listener.descriptor, &buffer, buffer.count, &sender, &from, &to)
            if count < 0 {
                if errno == EAGAIN || errno == EBADF { return }
                continue
            }
            guard let question = payload.question(in: buffer[..<count]) else { continue }
            note(
                question,
                FlowQuestion.Arrival(machine: listener.machine, source: NumericAddress(mapped: from)))
            _ = lab_answer(listener.descriptor, buffer, count, &sender, to)
        }
    }

    /// Takes every connection that waits.
    mutating func accept(stream number: Int) {
        let listener = streams[number]
        while true {
            var from = [UInt8](repeating: 0, count: 16)
            let descriptor = lab_accept(listener.descriptor, &from)
            guard descriptor >= 0 else { return }
            connections[nextConnection] = Connection(
                descriptor: descriptor, machine: listener.machine, source: NumericAddress(mapped: from))
            guard (try? events.watch(descriptor, .connection(nextConnection))) != nil else {
                drop(nextConnection)
                return
            }
            nextConnection += 1
        }
    }

    /// Answers on a connection, or ends it.
    mutating func answer(connection number: Int, _ note: (Int, FlowQuestion.Arrival) -> Void) {
        guard let connection = connections[number] else { return }
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = recv(connection.descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count < 0, errno == EAGAIN { return }
        guard count > 0, let question = payload.question(in: buffer[..<count]), let source = connection.source else {
            drop(number)
            return
        }
        note(question, FlowQuestion.Arrival(machine: connection.machine, source: source))
        _ = send(connection.descriptor, buffer, count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
    }

    private mutating func drop(_ number: Int) {
        if let connection = connections.removeValue(forKey: number) { Glibc.close(connection.descriptor) }
    }
}
