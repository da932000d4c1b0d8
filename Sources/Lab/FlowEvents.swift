import CNamespaces
import Glibc

/// The kernel's list of sockets with news: epoll(7).
final class FlowEvents: Sendable {
    /// Whose news it is; the numbers are their owners'.
    enum Source: Sendable {
        case question(Int)
        case datagram(Int)
        case stream(Int)
        case connection(Int)

        fileprivate var word: UInt64 {
            switch self {
            case .question(let number): return UInt64(number)
            case .datagram(let number): return 1 << 56 | UInt64(number)
            case .stream(let number): return 2 << 56 | UInt64(number)
            case .connection(let number): return 3 << 56 | UInt64(number)
            }
        }

        fileprivate init(word: UInt64) {
            let number = Int(word & (1 << 56 - 1))
            switch word >> 56 {
            case 0: self = .question(number)
            case 1: self = .datagram(number)
            case 2: self = .stream(number)
            default: self = .connection(number)
            }
        }
    }

    /// What a socket has to say.
    struct Event: Sendable {
        let source: Source
        let isWritable: Bool
        let isReadable: Bool
    }

    private let descriptor: Int32

    init() throws(PosixError) {
        descriptor = lab_events()
        guard descriptor >= 0 else { throw PosixError("watch sockets") }
    }

    deinit { close(descriptor) }

    /// A closed socket is no longer watched. `writing` also waits for a connection that is under way.
    func watch(_ socket: Int32, _ source: Source, writing: Bool = false) throws(PosixError) {
        guard lab_watch(descriptor, socket, source.word, writing ? 1 : 0, 0) == 0 else {
            throw PosixError("watch a socket")
        }
    }

    /// From now on only what comes in is news.
    func read(_ socket: Int32, _ source: Source) throws(PosixError) {
        guard lab_watch(descriptor, socket, source.word, 0, 1) == 0 else { throw PosixError("watch a socket") }
    }

    /// What has happened, or happens within the time.
    func wait(milliseconds: Int32) -> [Event] {
        var words = [UInt64](repeating: 0, count: 256)
        var states = [Int32](repeating: 0, count: 256)
        let count = lab_news(descriptor, &words, &states, 256, milliseconds)
        return zip(words, states).prefix(max(0, Int(count))).map { word, state in
            Event(source: Source(word: word), isWritable: state & 1 != 0, isReadable: state & 2 != 0)
        }
    }
}

extension NumericAddress {
    /// An address of a socket of both families: mapped ones are IPv4 (RFC 4291, 2.5.5.2).
    init(mapped bytes: [UInt8]) {
        let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
        self.init(bytes: isMapped ? Array(bytes[12...]) : bytes)
    }
}
