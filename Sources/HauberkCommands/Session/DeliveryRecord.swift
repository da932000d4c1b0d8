import Delivery
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
    /// What it answered then.
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

    /// That of a host; an empty one when there is none, or it cannot be read: then nothing is known.
    static func read(_ peer: String, in folder: DeliveryFolder) throws -> DeliveryRecord {
        guard let bytes = try folder.bytes(of: peer),
            let record = try? JSONDecoder().decode(DeliveryRecord.self, from: Data(bytes)), record.peer == peer
        else { return DeliveryRecord(peer: peer) }
        return record
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
            record.answer = delivery.answer.flatMap(JSONValue.init(parsing:))
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
