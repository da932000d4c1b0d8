import Diagnostics
import Keys
import MeshFiles

/// Reads the text of a ledger: the form alone, every mistake of it.
struct LedgerReader {
    private let bytes: UnsafeRawBufferPointer
    private let file: String
    private(set) var lines: [LedgerLine] = []
    private(set) var findings: [Diagnostic] = []
    private var position = 0
    private var number = 0
    private var range = 0..<0
    private var fields: [Range<Int>] = []

    /// After so many findings the rest of a file is not read: it is something else.
    private static let enough = 100
    static let restore = "restore mesh.ledger from Git"
    static let resolve =
        "take mesh.ledger and the `ledger` line of mesh.lock from one side, then run `hauberk ledger reconcile`"

    init(_ bytes: UnsafeRawBufferPointer, file: String) {
        self.bytes = bytes
        self.file = file
        lines.reserveCapacity(bytes.count / 280)
    }

    /// Returns the mesh's identity; nil only when there is a finding.
    mutating func read() -> MeshID? {
        guard readTitle(), next() else { return nil }
        guard fields.count == 2, equals(0, "mesh"), let id = MeshID(hex: field(1)) else {
            report(.ledgerSyntax, at: 0, "the second line is not \"mesh\" and 32 hexadecimal digits")
            return nil
        }
        while findings.count < Self.enough, position < bytes.count, next() {
            if let line = readLine() { lines.append(line) }
        }
        if lines.isEmpty, findings.isEmpty { reportEnd("the ledger has no entry") }
        return findings.isEmpty ? id : nil
    }

    private mutating func readTitle() -> Bool {
        guard next() else { return false }
        if fields.count == 2, equals(0, "hauberk-ledger"), let version = decimal(fields[1]) {
            if version == 1 { return true }
            report(
                .ledgerVersion, at: 1, "the ledger is of version \(version), newer than this program",
                hint: "upgrade hauberk")
        } else {
            report(.ledgerSyntax, at: 0, "the file does not begin with \"hauberk-ledger 1\"")
        }
        return false
    }

    /// Goes to the next line and splits it; false at the end, at a line that is cut short, and at a conflict.
    private mutating func next() -> Bool {
        guard position < bytes.count else {
            reportEnd("the ledger ends too early")
            return false
        }
        fields.removeAll(keepingCapacity: true)
        number += 1
        var start = position
        var end = position
        while end < bytes.count, bytes[end] != 0x0a {
            if bytes[end] == 0x20 {
                fields.append(start..<end)
                start = end + 1
            }
            end += 1
        }
        fields.append(start..<end)
        range = position..<end
        position = end + 1
        if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].contains(where: { starts($0) }) {
            report(.mergeConflict, at: 0, "git left a conflict marker", hint: Self.resolve)
            return false
        }
        if end == bytes.count {
            report(.ledgerSyntax, at: fields.count - 1, "the last line is cut short")
            return false
        }
        return true
    }

    private mutating func readLine() -> LedgerLine? {
        guard fields.count >= 7 else {
            report(.ledgerSyntax, at: 0, "the line has \(fields.count) fields, too few for an entry")
            return nil
        }
        let last = fields.count - 1
        guard let entry = decimal(fields[0]) else { return refuse(0, "is not a number from 1") }
        guard let time = UTCTime(parsing: field(1)) else { return refuse(1, "is not a time like 2026-11-21T05:00:00Z") }
        guard isOperator(2) else { return refuse(2, "is not an operator's name") }
        guard MeshID(hex: field(3)) != nil else { return refuse(3, "is not a fingerprint of 32 hexadecimal digits") }
        guard let former = Digest256(hex: field(last - 1)) else {
            return refuse(last - 1, "is not the digest of a line, 64 hexadecimal digits")
        }
        guard let signature = Signature(text: field(last)) else {
            return refuse(last, "is not a signature, 86 characters of base64url")
        }
        guard let event = readEvent(4..<last - 1) else { return nil }
        return LedgerLine(
            number: entry, time: time, operatorName: text(2), fingerprint: text(3), event: event, former: former,
            signature: signature, range: range.lowerBound..<position)
    }

    private mutating func readEvent(_ words: Range<Int>) -> LedgerEvent? {
        let (at, count) = (words.lowerBound, words.count)
        let event: LedgerEvent? =
            switch (text(at), count) {
            case ("genesis", 2): OperatorKey(parsing: text(at + 1)).map { .genesis($0) }
            case ("key", 4): readKey(at).map { .key($0) }
            case ("found", 4): readKey(at).map { .found($0) }
            case ("retired", 3): readEpoch(at).map { .retired(peer: $0, epoch: $1) }
            case ("removed", 2): name(at + 1).map { .removed(peer: $0) }
            case ("renamed", 3): readNames(at)
            case ("preshared", 2): epoch(at + 1).map { .preshared(epoch: $0) }
            case ("acknowledged", 3): readEpoch(at).map { .acknowledged(host: $0, epoch: $1) }
            case ("operator-added", 3): readOperator(at).map { .operatorAdded($0) }
            case ("operator-removed", 3): readOperator(at).map { .operatorRemoved($0) }
            default: nil
            }
        if event == nil { report(.ledgerSyntax, at: at, "the entry is no event that this program knows") }
        return event
    }

    private func readKey(_ at: Int) -> KeyringEntry? {
        guard let peer = name(at + 1), let epoch = epoch(at + 2), let key = try? PublicKey(base64: field(at + 3)) else {
            return nil
        }
        return KeyringEntry(peer: peer, epoch: epoch, publicKey: key)
    }

    private func readEpoch(_ at: Int) -> (String, UInt32)? {
        guard let peer = name(at + 1), let epoch = epoch(at + 2) else { return nil }
        return (peer, epoch)
    }

    private func readNames(_ at: Int) -> LedgerEvent? {
        guard let old = name(at + 1), let new = name(at + 2), old != new else { return nil }
        return .renamed(old: old, new: new)
    }

    private func readOperator(_ at: Int) -> KeyringOperator? {
        guard isOperator(at + 1), let key = OperatorKey(parsing: text(at + 2)) else { return nil }
        return KeyringOperator(name: text(at + 1), key: key)
    }
}

// Fields and findings.
extension LedgerReader {
    private func field(_ index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[fields[index]])
    }

    private func text(_ index: Int) -> String { String(decoding: bytes[fields[index]], as: UTF8.self) }

    private func equals(_ index: Int, _ word: String) -> Bool { field(index).elementsEqual(word.utf8) }

    private func starts(_ word: String) -> Bool { bytes[range].starts(with: word.utf8) }

    private func decimal(_ range: Range<Int>) -> UInt32? {
        guard (1...10).contains(range.count), bytes[range.lowerBound] != UInt8(ascii: "0") else { return nil }
        var value: UInt64 = 0
        for byte in bytes[range] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + UInt64(byte - UInt8(ascii: "0"))
        }
        return UInt32(exactly: value)
    }

    private func epoch(_ index: Int) -> UInt32? {
        guard field(index).starts(with: "epoch=".utf8) else { return nil }
        return decimal(fields[index].lowerBound + 6..<fields[index].upperBound)
    }

    /// As a lock file has them: 1 to 63 letters, digits, `.`, `_` and `-`, the first a letter or a digit.
    private func name(_ index: Int) -> String? {
        guard (1...63).contains(fields[index].count) else { return nil }
        return isWord(index, marks: "._-") ? text(index) : nil
    }

    /// As a keyring has them: 1 to 64 small letters, digits and `._@-`, the first a letter or a digit.
    private func isOperator(_ index: Int) -> Bool {
        (1...64).contains(fields[index].count) && isWord(index, marks: "._@-")
            && !field(index).contains { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
    }

    private func isWord(_ index: Int, marks: StaticString) -> Bool {
        let allowed = UnsafeBufferPointer(start: marks.utf8Start, count: marks.utf8CodeUnitCount)
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        }
        let text = field(index)
        return text.first.map(isAlphanumeric) ?? false && text.allSatisfy { isAlphanumeric($0) || allowed.contains($0) }
    }

    private mutating func refuse(_ index: Int, _ what: String) -> LedgerLine? {
        let shown = fields[index].count < 40 ? quoted(text(index)) : "a long text"
        report(.ledgerSyntax, at: index, "\(shown) \(what)")
        return nil
    }

    private mutating func reportEnd(_ message: String) {
        findings.append(
            Diagnostic(
                .ledgerSyntax, at: SourceLocation(file: file, line: max(number, 1), column: 1), message,
                hint: Self.restore))
    }

    private mutating func report(_ id: DiagnosticID, at index: Int, _ message: String, hint: String = restore) {
        let before = bytes[range.lowerBound..<fields[index].lowerBound]
        let column = 1 + before.count(where: { $0 & 0xc0 != 0x80 })
        findings.append(
            Diagnostic(id, at: SourceLocation(file: file, line: number, column: column), message, hint: hint))
    }
}
