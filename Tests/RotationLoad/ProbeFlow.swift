import Glibc

/// The probes from one host to another in one family.
struct ProbeFlow {
    let from: Int
    let to: Int
    let family: Family
    /// When the next probe is due.
    private(set) var due: Int
    private var lastSent = 0
    /// When each was sent, in nanoseconds since the beginning.
    private(set) var sent: [Int] = []
    private var hasArrived: [Bool] = []
    private(set) var received = 0
    private(set) var duplicates = 0
    /// Of those sent, how many this host's own kernel refused: no route, no address.
    private(set) var refused = 0
    private(set) var lastArrival: Int
    private(set) var longestGap = 0
    private(set) var longestDelay = 0
    private let beginning: Int

    static let interval = 10 * millisecond
    /// What is late is made up for, one at a time: a burst would overrun the tunnel's queue.
    private static let shortestInterval = 2 * millisecond
    /// No more than that: whoever was not given a processor for longer goes on with the next.
    private static let mostLate = 5 * interval

    init(from: Int, to: Int, family: Family, beginning: Int, offset: Int) {
        (self.from, self.to, self.family, self.beginning) = (from, to, family, beginning)
        due = beginning + offset
        lastArrival = beginning + offset
    }

    /// Whether a probe can be sent now; sending more than is due makes up for what is late.
    func isDue(at moment: Int) -> Bool { moment >= due && moment - lastSent >= Self.shortestInterval }

    /// The next probe: a mark, the flow's number, the probe's own, and when it was sent.
    func probe(flow: Int, at moment: Int) -> [UInt8] {
        Self.mark + Self.bytes(UInt64(flow)) + Self.bytes(UInt64(sent.count)) + Self.bytes(UInt64(moment))
    }

    private static let mark: [UInt8] = Array("hauberk!".utf8)
    static let size = 32

    private static func bytes(_ word: UInt64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
    }

    /// The numbers of a probe: of the flow, of the probe in it, and when it was sent; nil if it is none.
    static func read(_ bytes: ArraySlice<UInt8>) -> (flow: Int, number: Int, sent: Int)? {
        guard bytes.count == size, bytes.prefix(8).elementsEqual(mark) else { return nil }
        let words = (1..<4).map { index in
            bytes.dropFirst(index * 8).prefix(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        }
        return (Int(words[0]), Int(words[1]), Int(words[2]))
    }

    mutating func noteSent(at moment: Int, isRefused: Bool) {
        sent.append(moment - beginning)
        hasArrived.append(false)
        if isRefused { refused += 1 }
        lastSent = moment
        due = max(due + Self.interval, moment - Self.mostLate)
    }

    mutating func noteArrival(of number: Int, sent: Int, at moment: Int) {
        guard number < hasArrived.count, !hasArrived[number] else {
            duplicates += 1
            return
        }
        hasArrived[number] = true
        received += 1
        longestGap = max(longestGap, moment - lastArrival)
        longestDelay = max(longestDelay, moment - sent)
        lastArrival = moment
    }

    /// What is silent when sending ends has a gap that reaches to the end.
    mutating func noteEnd(at moment: Int) {
        if moment - lastArrival > Self.interval { longestGap = max(longestGap, moment - lastArrival) }
    }

    var lost: Int { sent.count - received }

    /// When the first and the last of the lost ones were sent; nil if none is lost.
    var lostBetween: ClosedRange<Int>? {
        guard let first = hasArrived.firstIndex(of: false), let last = hasArrived.lastIndex(of: false) else {
            return nil
        }
        return sent[first]...max(sent[first], sent[last])
    }
}
