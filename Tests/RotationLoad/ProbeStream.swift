import Glibc

/// A TCP connection from one host to another, and a few bytes along it all the time.
struct ProbeStream {
    enum State: String { case open, reset, closed }

    let from: Int
    let to: Int
    let family: Family
    let reader: Int32
    private let writer: Int32
    private var due: Int
    private(set) var written = 0
    private(set) var read = 0
    private(set) var state = State.open
    private(set) var lastArrival: Int
    private(set) var longestStall = 0

    static let interval = 50 * millisecond

    init(from: Int, to: Int, family: Family, sockets: (writer: Int32, reader: Int32), beginning: Int) {
        (self.from, self.to, self.family, writer, reader) = (from, to, family, sockets.writer, sockets.reader)
        due = beginning
        lastArrival = beginning
    }

    mutating func write(at moment: Int) {
        while state == .open, moment >= due {
            due += Self.interval
            let count = Glibc.send(writer, [UInt8](repeating: 7, count: 16), 16, Int32(MSG_NOSIGNAL))
            if count > 0 { written += count } else if errno != EAGAIN { state = .reset }
        }
    }

    mutating func read(into buffer: inout [UInt8], at moment: Int) {
        guard state == .open else { return }
        let count = recv(reader, &buffer, buffer.count, 0)
        if count == 0 { state = .closed }
        if count < 0, errno != EAGAIN { state = .reset }
        guard count > 0 else { return }
        read += count
        longestStall = max(longestStall, moment - lastArrival)
        lastArrival = moment
    }

    /// What is silent when sending ends has a stall that reaches to the end.
    mutating func noteEnd(at moment: Int) {
        if moment - lastArrival > Self.interval { longestStall = max(longestStall, moment - lastArrival) }
    }
}
