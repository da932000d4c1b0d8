import Addresses
import Diagnostics

/// Reads `mesh.lock`; goes on after a mistake, so that all are found at once.
struct LockReader {
    private static let findingLimit = 100
    private static let restore = "restore the line from Git"

    private let bytes: UnsafeBufferPointer<UInt8>
    private let file: String
    private(set) var lock = LockFile(name: "", meshID: [])
    private(set) var findings: [Diagnostic] = []
    private var hasPreshared = false
    private var peerLines: [String: Int] = [:]
    private var addressLines: [IPAddress: Int] = [:]
    private var keyLines: [String: Int] = [:]

    init(_ bytes: UnsafeBufferPointer<UInt8>, file: String) {
        self.bytes = bytes
        self.file = file
        let check = SourceCheck(bytes, file: file, rules: .lineFeedsOnly)
        findings = check.findings
        if findings.isEmpty { read() }
    }

    private mutating func read() {
        guard let body = readHeader() else { return }
        let expected = (bytes.count - body) / 110 + 1
        peerLines.reserveCapacity(expected)
        keyLines.reserveCapacity(expected)
        addressLines.reserveCapacity(expected * 2)
        lock.peers.reserveCapacity(expected)
        var start = body
        var number = 2
        while start < bytes.count, findings.count < Self.findingLimit {
            var end = start
            while end < bytes.count, bytes[end] != 0x0A { end += 1 }
            let count = findings.count
            var line = FieldLine(bytes, start..<end, number: number)
            readLine(&line)
            if end == bytes.count && findings.count > count { breakOff(line, after: count) }
            start = end + 1
            number += 1
        }
        checkComplete()
    }

    /// The offset of the second line; nil when the first is not the header of a version that can be read.
    private mutating func readHeader() -> Int? {
        let end = bytes.firstIndex(of: 0x0A) ?? bytes.count
        var line = FieldLine(bytes, 0..<end, number: 1)
        let isOurs = line.take()?.elementsEqual("hauberk-lock".utf8) ?? false
        guard isOurs, let version = line.take().flatMap(FieldValue.epoch), line.isAtEnd else {
            report(
                .lockNotOurs, FieldLine(bytes, 0..<end, number: 1), "the first line is not \"hauberk-lock 1\"",
                hint: "restore the file from Git")
            return nil
        }
        guard version <= LockFile.version else {
            report(
                .lockNewer, line, "the file has format \(version); this hauberk knows format \(LockFile.version)",
                hint: "upgrade hauberk")
            return nil
        }
        return min(end + 1, bytes.count)
    }

    private mutating func readLine(_ line: inout FieldLine) {
        guard let kind = line.take() else { return }
        if kind.elementsEqual("peer".utf8) {
            readPeer(&line)
        } else if kind.elementsEqual("gone".utf8) {
            readGone(&line)
        } else if kind.elementsEqual("group".utf8) {
            readGroup(&line)
        } else if kind.elementsEqual("mesh".utf8) {
            readMesh(&line)
        } else if kind.elementsEqual("preshared".utf8) {
            readPreshared(&line)
        } else if kind.elementsEqual("rotation".utf8) {
            readRotation(&line)
        } else if kind.elementsEqual("ledger".utf8) {
            readLedger(&line)
        } else {
            let what =
                kind.isEmpty
                ? "a blank line or a space before the line" : "an unknown kind of line: \(quoted(line.text))"
            report(.lockUnknownLine, line, what)
        }
    }

    /// A last line that is wrong and not ended was cut off: that is the one mistake to tell.
    private mutating func breakOff(_ line: FieldLine, after count: Int) {
        findings.removeLast(findings.count - count)
        report(.lockTruncated, line, "the last line breaks off", hint: "restore the file from Git")
    }

    private mutating func checkComplete() {
        guard findings.isEmpty else { return }
        let place = FieldLine(bytes, 0..<0, number: 1)
        if lock.meshID.isEmpty {
            report(.lockOrder, place, "the file has no \"mesh\" line", hint: "restore the file from Git")
        }
        if !hasPreshared {
            report(.lockOrder, place, "the file has no \"preshared\" line", hint: "restore the file from Git")
        }
    }

    mutating func report(_ id: DiagnosticID, _ line: FieldLine, _ message: String, hint: String = restore) {
        findings.append(Diagnostic(id, at: line.location(in: file), message, hint: hint))
    }
}

// The kinds of line.
extension LockReader {
    private mutating func readMesh(_ line: inout FieldLine) {
        let start = line
        guard let name = takeName(&line) else { return }
        guard let id = line.take().flatMap({ FieldValue.hex($0, count: 16) }) else {
            return report(.lockInvalidField, line, "\(quoted(line.text)) is not a mesh id of 32 hexadecimal digits")
        }
        guard endsHere(&line) else { return }
        guard lock.meshID.isEmpty else { return report(.lockOrder, start, "a second \"mesh\" line") }
        lock.name = name
        lock.meshID = id
    }

    private mutating func readPreshared(_ line: inout FieldLine) {
        let start = line
        guard let epoch = line.take().flatMap(FieldValue.epoch) else {
            return report(.lockInvalidField, line, "\(quoted(line.text)) is not an epoch")
        }
        guard let spent = takeSpent(&line, after: epoch) else { return }
        if let since = line.take(after: "since=") {
            lock.presharedSince = time(since, line)
            if lock.presharedSince == nil { return }
        }
        guard endsHere(&line) else { return }
        guard !hasPreshared else { return report(.lockOrder, start, "a second \"preshared\" line") }
        hasPreshared = true
        (lock.presharedEpoch, lock.presharedSpent) = (epoch, spent.epoch)
    }

    private mutating func readRotation(_ line: inout FieldLine) {
        let start = line
        guard let word = line.take(), let tunnel = MeshTunnel(rawValue: String(decoding: word, as: UTF8.self)) else {
            return report(.lockInvalidField, line, "\(quoted(line.text)) is neither \"first\" nor \"second\"")
        }
        var running: LockedRotation.Running?
        if !line.isAtEnd {
            running = takeRunning(&line)
            if running == nil { return }
        }
        guard lock.rotation == nil else { return report(.lockOrder, start, "a second \"rotation\" line") }
        lock.rotation = LockedRotation(tunnel: tunnel, running: running)
    }

    private mutating func readLedger(_ line: inout FieldLine) {
        let start = line
        guard let lines = line.take().flatMap(FieldValue.epoch) else {
            return report(.lockInvalidField, line, "\(quoted(line.text)) is not a number of lines")
        }
        guard let head = line.take(), FieldValue.hex(head, count: 32) != nil else {
            return report(.lockInvalidField, line, "the ledger's end is not a digest of 64 hexadecimal digits")
        }
        guard endsHere(&line) else { return }
        guard lock.ledger == nil else {
            return report(
                .lockOrder, start, "a second \"ledger\" line",
                hint: "keep the one that belongs to mesh.ledger, then run `hauberk ledger reconcile`")
        }
        lock.ledger = LockedLedger(lines: lines, head: String(decoding: head, as: UTF8.self))
    }

    private mutating func readGroup(_ line: inout FieldLine) {
        guard let name = takeName(&line) else { return }
        let place = line
        var blocks: [IPPrefix] = []
        while line.isAddressNext, let field = line.take() {
            guard let block = try? IPPrefix(parsing: field.span), blocks.last.map({ $0.family < block.family }) ?? true
            else {
                return report(
                    .lockInvalidField, line,
                    "\(quoted(line.text)) is not a block of addresses (one IPv4, then one IPv6)")
            }
            blocks.append(block)
        }
        guard endsHere(&line) else { return }
        let group = LockedGroup(v4: blocks.first { $0.family == .v4 }, v6: blocks.first { $0.family == .v6 })
        if lock.groups.updateValue(group, forKey: name) != nil {
            report(
                .lockDuplicateName, place, "a second line for group \(quoted(name))",
                hint: "delete one of the two lines")
        }
    }

    private mutating func readPeer(_ line: inout FieldLine) {
        guard let name = takeName(&line) else { return }
        let place = line
        guard let peer = takePeer(&line), endsHere(&line) else { return }
        if let first = peerLines[name] {
            return report(
                .lockDuplicateName, place, "a second line for peer \(quoted(name)); the first is line \(first)",
                hint: "delete one of the two lines")
        }
        peerLines[name] = line.number
        lock.peers[name] = peer
        if let first = keyLines.updateValue(line.number, forKey: peer.publicKey) {
            report(
                .lockDuplicateKey, place, "peer \(quoted(name)) has the same public key as the peer of line \(first)",
                hint: "delete the line of the peer whose key it is not")
        }
        if let next = peer.next, let first = keyLines.updateValue(line.number, forKey: next) {
            report(
                .lockDuplicateKey, place,
                "the next public key of peer \(quoted(name)) is that of line \(first) already",
                hint: "restore the file from Git")
        }
        for address in [peer.v4, peer.v6] {
            guard let address else { continue }
            guard let first = addressLines.updateValue(line.number, forKey: address) else { continue }
            report(
                .lockDuplicateAddress, place,
                "peer \(quoted(name)) has the same address \(address) as the peer of line \(first)",
                hint: "delete the address from the line of the newer peer, which then gets another")
        }
    }

    private mutating func readGone(_ line: inout FieldLine) {
        guard let name = takeName(&line), let peer = takePeer(&line) else { return }
        guard let field = line.take(after: "removed=") else {
            return report(.lockMalformedLine, line, "\"removed=TIME\" is missing here")
        }
        guard let removed = UTCTime(parsing: field) else {
            return report(.lockInvalidField, line, "\(quoted(line.text)) is not a time like 2026-11-21T05:00:00Z")
        }
        guard endsHere(&line) else { return }
        lock.gone.append(LockedGone(name: name, peer: peer, removed: removed))
    }
}
