/// Who comes next: canaries first, then wave after wave, until too many have failed.
///
/// Without named canaries the first wave is one host; as long as none could be reached the next is twice as large, so
/// that nobody is begun in numbers before a first host has the new state and answers.
package struct PushQueue: Sendable {
    /// How many hosts a wave has.
    package enum WaveSize: Hashable, Sendable {
        case all
        case count(Int)
        /// Of all hosts, rounded up.
        case percent(Int)

        /// Reads `10` and `10%`; nil for anything else, and for less than one host and more than 100 percent.
        package init?(parsing text: String) {
            let isPercent = text.hasSuffix("%")
            guard let number = Int(isPercent ? String(text.dropLast()) : text), number > 0, number <= 1_000_000,
                !isPercent || number <= 100
            else { return nil }
            self = isPercent ? .percent(number) : .count(number)
        }
    }

    /// In the order in which they come; those that are not begun.
    package private(set) var rest: [String]
    /// Why nobody else is begun; nil as long as somebody may be.
    package private(set) var reasonToStop: String?
    /// The number of the present wave, from 1; 0 before the first.
    package private(set) var wave = 0

    private let canaries: Int
    private let size: Int
    private let maxFailures: Int
    private var failures = 0
    private var reached = 0
    private var attempts = 1

    /// - Parameter peers: in the order in which they are to come; the canaries among them are moved to the front.
    package init(_ peers: [String], canaries: [String], size: WaveSize, maxFailures: Int) {
        let first = Set(canaries)
        rest = peers.filter(first.contains) + peers.filter { !first.contains($0) }
        self.canaries = peers.count(where: first.contains)
        self.maxFailures = maxFailures
        self.size =
            switch size {
            case .all: max(1, peers.count)
            case .count(let count): count
            case .percent(let percent): max(1, (peers.count * percent + 99) / 100)
            }
    }

    /// The hosts of the next wave; empty when all have been begun, or nobody else is to be.
    package mutating func nextWave() -> [String] {
        if wave == 1, canaries > 0, reached == 0 { stop("no canary could be reached") }
        guard reasonToStop == nil, !rest.isEmpty else { return [] }
        wave += 1
        var count = size
        if wave == 1, canaries > 0 {
            count = canaries
        } else if reached == 0 {
            count = attempts
            attempts *= 2
        }
        let next = Array(rest.prefix(count))
        rest.removeFirst(next.count)
        return next
    }

    /// Begins nobody else.
    package mutating func stop(_ reason: String) { reasonToStop = reasonToStop ?? reason }

    /// Counts how a host has ended.
    package mutating func note(_ outcome: HostDelivery.Outcome) {
        if outcome.isCaughtUp { reached += 1 }
        if outcome.isFailure { failures += 1 }
        if failures > maxFailures, reasonToStop == nil {
            reasonToStop =
                "\(failures) host\(failures == 1 ? " has" : "s have") failed, and --max-failures is \(maxFailures)"
        }
    }
}
