import Delivery
import Diagnostics
import FoundationEssentials
import SystemAccess

/// What is known of one host's deliveries: the tree that it has acknowledged, and how the last push ended.
struct DeliveryRecord: Codable, Sendable {
    var peer: String
    /// Stands for the tree that the host has acknowledged; nil when it never has.
    var tree: String?
    /// Its paths, sorted; nil in records of before they were kept.
    var files: [String]?
    /// When it did, UTC.
    var acknowledged: String?
    /// What it answered then, or the most telling of that.
    var answer: JSONValue?
    /// Whether a push has left open what the host has; nil for no.
    var isUncertain: Bool?
    var last: Attempt?

    struct Attempt: Codable, Sendable {
        var at: String
        var outcome: String
        var tree: String?
        var message: String?
        /// What has done it there.
        var half: String?
    }

    /// That of a host; an empty one when there is none. One that cannot be read counts as nothing known, which is said.
    static func read(_ peer: String, in folder: DeliveryFolder) -> DeliveryRecord {
        let why: String
        do {
            guard let bytes = try folder.bytes(of: peer) else { return DeliveryRecord(peer: peer) }
            let record = try? JSONDecoder().decode(DeliveryRecord.self, from: Data(bytes))
            if let record, record.peer == peer { return record }
            why = "it is no whole record"
        } catch {
            why = error.sentence
        }
        Result.note("what is recorded of \(quoted(peer)) cannot be read, and counts as nothing known: \(why)")
        return DeliveryRecord(peer: peer, isUncertain: true)
    }

    /// The bytes of JSON that are recorded of an answer at most, so that no host can make its record too large to be read.
    private static let answerLimit = 64 << 10

    /// An answer as it is recorded: of one that is too long, how it ended and whom it waits for.
    private static func recorded(_ answer: String) -> JSONValue? {
        guard let said = JSONValue(parsing: answer) else { return nil }
        let rest = ["outcome", "waiting"].compactMap { name in said[name].map { (name, $0) } }
        let short = JSONValue.object(Dictionary(uniqueKeysWithValues: rest))
        let candidates = answer.utf8.count > answerLimit ? [short] : [said, short]
        return candidates.first { value in
            (try? JSONText.encode(value)).map { $0.utf8.count <= answerLimit } ?? false
        }
    }

    /// The record with one delivery more.
    ///
    /// - Parameter files: the paths of its tree.
    func adding(_ delivery: HostDelivery, of files: [String], at moment: String) -> DeliveryRecord {
        var record = self
        record.last = Attempt(
            at: moment, outcome: delivery.outcome.rawValue, tree: delivery.tree, message: delivery.message,
            half: delivery.half)
        if delivery.outcome.isCaughtUp {
            (record.tree, record.files, record.acknowledged) = (delivery.tree, files, moment)
            record.isUncertain = nil
            record.answer = delivery.answer.flatMap(Self.recorded)
        } else if delivery.outcome == .unknown {
            // It may have either.
            (record.tree, record.files, record.acknowledged, record.answer) = (nil, nil, nil, nil)
            record.isUncertain = true
        }
        return record
    }

    func write(in folder: DeliveryFolder) throws {
        try folder.write(Array(try JSONText.encode(self).utf8) + [0x0a], of: peer)
    }
}
