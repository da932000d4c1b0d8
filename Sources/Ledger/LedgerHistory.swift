package import Keys
package import MeshFiles

/// Who had which key from when to when, as a ledger tells it.
package struct LedgerHistory: Sendable {
    /// By the peer's present or last name, then by the order in which the keys came.
    package private(set) var records: [Record] = []
    /// In the order of the ledger.
    package private(set) var acknowledgements: [Acknowledgement] = []
    /// The records of the keys that are valid so far, by the peer's name.
    private var open: [String: [Int]] = [:]

    /// One key of one peer.
    package struct Record: Sendable {
        package var peer: String
        /// The first of them first.
        package var formerNames: [String] = []
        package let epoch: UInt32
        package let publicKey: PublicKey
        package let from: UTCTime
        /// It was valid already when the ledger first told of it.
        package let isFound: Bool
        /// Who signed that.
        package let beganBy: String
        /// Nil while the key is valid.
        package var end: End?
    }

    /// The end of a key.
    package struct End: Sendable {
        package let time: UTCTime
        package let by: String
    }

    /// A host said that it has what an epoch brought.
    package struct Acknowledgement: Sendable {
        package let host: String
        package let epoch: UInt32
        package let time: UTCTime
        package let by: String
    }

    /// Reads a ledger that has been examined.
    package init(_ ledger: Ledger) {
        for line in ledger.lines { take(line) }
        records = records.enumerated().sorted { ($0.element.peer, $0.offset) < ($1.element.peer, $1.offset) }.map(
            \.element)
    }

    private mutating func take(_ line: LedgerLine) {
        switch line.event {
        case .key(let key): begin(key, line, isFound: false)
        case .found(let key): begin(key, line, isFound: true)
        case .retired(let peer, let epoch):
            for index in open[peer] ?? [] where records[index].epoch == epoch { end(index, line) }
            open[peer]?.removeAll { records[$0].end != nil }
        case .removed(let peer):
            for index in open.removeValue(forKey: peer) ?? [] { end(index, line) }
        case .renamed(let old, let new):
            let moved = open.removeValue(forKey: old) ?? []
            for index in moved {
                records[index].formerNames.append(old)
                records[index].peer = new
            }
            open[new] = moved
        case .acknowledged(let host, let epoch):
            acknowledgements.append(
                Acknowledgement(host: host, epoch: epoch, time: line.time, by: line.operatorName))
        case .genesis, .preshared, .operatorAdded, .operatorRemoved: break
        }
    }

    private mutating func begin(_ key: KeyringEntry, _ line: LedgerLine, isFound: Bool) {
        open[key.peer, default: []].append(records.count)
        records.append(
            Record(
                peer: key.peer, epoch: key.epoch, publicKey: key.publicKey, from: line.time, isFound: isFound,
                beganBy: line.operatorName))
    }

    private mutating func end(_ index: Int, _ line: LedgerLine) {
        records[index].end = End(time: line.time, by: line.operatorName)
    }
}
