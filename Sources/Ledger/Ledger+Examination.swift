package import Diagnostics
import Keys

/// How closely a ledger is looked at.
package enum LedgerDepth: Sendable {
    /// Numbers, digests, and that each event can follow; some microseconds a line.
    case chain
    /// The signatures as well; some 60 microseconds a line.
    case signatures
}

extension Ledger {
    /// Follows the lines from the first to the last: what they say is so in the end, and everything that is wrong.
    package func examine(_ depth: LedgerDepth) -> (state: LedgerState, findings: [Diagnostic]) {
        bytes.withUnsafeBytes { buffer in
            var walk = LedgerWalk(self, buffer, depth)
            for index in lines.indices where walk.findings.count < 100 { walk.step(index) }
            return (walk.state, walk.findings)
        }
    }

    /// The place of a field of a line.
    func location(_ line: LedgerLine, _ field: LedgerLine.Field) -> SourceLocation {
        let text = bytes[line.range]
        let starts = [text.startIndex] + text.indices.filter { text[$0] == 0x20 }.map { $0 + 1 }
        let index =
            switch field {
            case .number: 0
            case .time: 1
            case .signer: 2
            case .event: 4
            case .former: starts.count - 2
            case .signature: starts.count - 1
            }
        let row = bytes[..<line.range.lowerBound].count(where: { $0 == 0x0a }) + 1
        return SourceLocation(file: file, line: row, column: starts[index] - text.startIndex + 1)
    }
}

/// One way through a ledger.
private struct LedgerWalk {
    let ledger: Ledger
    let bytes: UnsafeRawBufferPointer
    let depth: LedgerDepth
    var state = LedgerState()
    var findings: [Diagnostic] = []
    /// The digest of the line before.
    private var former: Digest256
    private var expected: UInt32 = 1

    init(_ ledger: Ledger, _ bytes: UnsafeRawBufferPointer, _ depth: LedgerDepth) {
        self.ledger = ledger
        self.bytes = bytes
        self.depth = depth
        former = Ledger(of: ledger.meshID, file: ledger.file).head
    }

    mutating func step(_ index: Int) {
        let line = ledger.lines[index]
        if line.former != former {
            reportBreak(line, index)
        } else if line.number != expected {
            report(.ledgerChain, line, .number, "line \(line.number) stands where line \(expected) belongs")
        }
        if index > 0, line.time < ledger.lines[index - 1].time {
            report(
                .ledgerClock, line, .time, "line \(line.number) is older than the one before it",
                hint: "see to the clock of \(line.operatorName)'s machine")
        }
        checkSignature(line, isFirst: index == 0)
        do {
            try state.apply(line.event, by: line.operatorName)
        } catch {
            report(.ledgerEvent, line, .event, "line \(line.number) cannot be: \(error.message)")
        }
        former = Digest256(of: UnsafeRawBufferPointer(rebasing: bytes[line.range]))
        expected = line.number == .max ? .max : line.number + 1
    }

    private mutating func checkSignature(_ line: LedgerLine, isFirst: Bool) {
        var key = state.key(of: line.operatorName, line.fingerprint)
        if isFirst, case .genesis(let own) = line.event, own.fingerprint == line.fingerprint { key = own }
        guard let key else {
            let who = "\(quoted(line.operatorName)) with fingerprint \(line.fingerprint)"
            return report(.ledgerSigner, line, .signer, "line \(line.number) is signed by \(who), no operator then")
        }
        guard depth == .signatures else { return }
        let body = bytes[line.range.lowerBound..<line.range.upperBound - Signature.textLength - 2]
        if !key.hasSigned(.ledgerLine, LedgerLine.message(ledger.meshID, body), line.signature) {
            report(
                .ledgerSignature, line, .signature,
                "\(quoted(line.operatorName)) has not signed line \(line.number) as it is")
        }
    }

    /// A line that does not follow the one before: another branch's, when it follows an earlier one.
    private mutating func reportBreak(_ line: LedgerLine, _ index: Int) {
        let start = Ledger(of: ledger.meshID, file: ledger.file).head
        let earlier = ledger.lines[..<index].lastIndex { other in
            Digest256(of: UnsafeRawBufferPointer(rebasing: bytes[other.range])) == line.former
        }
        guard earlier != nil || line.former == start else {
            return report(
                .ledgerChain, line, .former,
                "line \(line.number) does not follow the line before it: a line was changed, removed or moved")
        }
        let base = earlier.map { "line \(ledger.lines[$0].number)" } ?? "the header"
        report(
            .ledgerFork, line, .former,
            "line \(line.number) of \(quoted(line.operatorName)) follows \(base), as another line before it does",
            hint: LedgerReader.resolve)
    }

    private mutating func report(
        _ id: DiagnosticID, _ line: LedgerLine, _ field: LedgerLine.Field, _ message: String,
        hint: String = LedgerReader.restore
    ) {
        findings.append(Diagnostic(id, at: ledger.location(line, field), message, hint: hint))
    }
}
