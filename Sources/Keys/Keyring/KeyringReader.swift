import Diagnostics

/// Reads the text of a keyring and reports everything that is wrong with it.
struct KeyringReader {
    private var text: TextLines
    private var diagnostics: [Diagnostic] = []
    private var conflicts: [Diagnostic] = []
    private var entries: [KeyringLine] = []
    private var fields: [Range<Int>] = []
    private var isSorted = true

    /// After so many findings the rest of a file is not read: it is something else.
    private static let enough = 1000
    private static let restore = "restore the file from Git or from a backup"

    private init(_ bytes: UnsafeRawBufferPointer, file: String) {
        text = TextLines(bytes, file: file)
        entries.reserveCapacity(bytes.count / 110)
    }

    static func read(_ storage: [UInt8], file: String) throws(Failure) -> KeyringText {
        let (meshID, lines) = try storage.lend { (bytes) throws(Failure) in
            var reader = KeyringReader(bytes, file: file)
            let meshID = reader.readAll()
            let found = reader.conflicts.isEmpty ? reader.diagnostics : reader.conflicts
            guard let meshID, found.isEmpty else { throw Failure(.meshInvalid, found) }
            return (meshID, reader.entries)
        }
        return KeyringText(file: file, meshID: meshID, storage: storage, lines: lines)
    }

    /// Returns the mesh's identity; nil only when there is a finding.
    private mutating func readAll() -> MeshID? {
        guard let title = next() else {
            reportEnd("the keyring is empty")
            return nil
        }
        guard readTitle(title) else { return nil }
        let meshID = readMesh()
        while diagnostics.count < Self.enough, let line = next() { readEntry(line) }
        if !isSorted { sort() }
        if entries.first?.kind != .operator { reportEnd("the keyring has no operator") }
        return meshID
    }

    /// The next line that is no conflict marker, split into fields.
    private mutating func next() -> TextLine? {
        while let line = text.next() {
            if text.isConflictMarker(line) {
                let mark = quoted(String(decoding: text.bytes[line.range.prefix(7)], as: UTF8.self))
                conflicts.append(
                    Diagnostic(
                        .mergeConflict, at: text.location(line, line.range.lowerBound),
                        "git left a conflict marker \(mark)", hint: "keep one line for each peer and delete the marker")
                )
                continue
            }
            text.split(line, into: &fields)
            if !line.isTerminated {
                report(
                    .keyringTruncated, at: text.location(line, line.range.upperBound), "the line is cut short",
                    hint: Self.restore)
                return nil
            }
            return line
        }
        return nil
    }

    private mutating func readTitle(_ line: TextLine) -> Bool {
        let title = text.bytes.part(line.range)
        if title.equals(KeyringText.title) { return true }
        let number = title.starts(with: KeyringText.version) && fields.count == 2 ? text.number(fields[1]) : nil
        if number != nil {
            report(
                .keyringVersion, at: place(line, 1),
                "the keyring is of version \(text.shown(fields[1])), newer than this program", hint: "upgrade hauberk")
        } else {
            report(
                .keyringSyntax, at: place(line, 0), "the file does not begin with \"hauberk-keyring 1\"",
                hint: Self.restore)
            while next() != nil {}
        }
        return false
    }

    private mutating func readMesh() -> MeshID? {
        guard let line = next() else {
            reportEnd("the keyring ends after its title")
            return nil
        }
        guard fields.count == 2, field(0).equals("mesh"), let id = MeshID(hex: field(1)) else {
            report(.keyringSyntax, at: place(line, 0), "the second line is not \"mesh\" and 32 hexadecimal digits")
            return nil
        }
        return id
    }

    private mutating func readEntry(_ line: TextLine) {
        let kind: KeyringLine.Kind
        if field(0).equals("key") {
            kind = .key
        } else if field(0).equals("secret") {
            kind = .secret
        } else if field(0).equals("operator") {
            kind = .operator
        } else if line.range.isEmpty {
            return report(.keyringSyntax, at: place(line, 0), "the line is empty")
        } else {
            return report(.keyringKind, at: place(line, 0), "\(text.shown(fields[0])) is no kind of entry")
        }
        guard fields.count == (kind == .operator ? 5 : 4) else {
            return report(
                .keyringSyntax, at: place(line, 0),
                "the entry has \(fields.count) fields, not \(kind == .operator ? 5 : 4)")
        }
        guard let entry = kind == .operator ? readOperator(line) : readSealed(kind, line) else { return }
        append(entry)
    }

    private mutating func readOperator(_ line: TextLine) -> KeyringLine? {
        var isGood = true
        if !KeyringName.isOperator(field(1)) {
            report(.operatorName, at: place(line, 1), "\(text.shown(fields[1])) is not an operator's name")
            isGood = false
        }
        if OperatorKey(text: field(2)) == nil {
            report(.keyringBase64, at: place(line, 2), "the operator's public key is not one")
            isGood = false
        }
        for (index, length, what) in [(3, 108, "sealed mesh key"), (4, 44, "authentication")]
        where fields[index].count != length || !isBase64(fields[index]) {
            report(.keyringBase64, at: place(line, index), "the \(what) is not base64 of \(length) characters")
            isGood = false
        }
        return isGood ? entry(.operator, 0, line) : nil
    }

    private mutating func readSealed(_ kind: KeyringLine.Kind, _ line: TextLine) -> KeyringLine? {
        let epoch = text.number(fields[2]).flatMap(UInt32.init(exactly:))
        var isGood = true
        if kind == .secret, !field(1).equals("preshared") {
            report(.keyringKind, at: place(line, 1), "\(text.shown(fields[1])) is no kind of secret")
            isGood = false
        } else if !KeyringName.isPeer(field(1)) {
            report(.keyringSyntax, at: place(line, 1), "\(text.shown(fields[1])) is not a peer's name")
            isGood = false
        }
        if epoch == nil {
            report(.keyringSyntax, at: place(line, 2), "\(text.shown(fields[2])) is not an epoch (1 to 4294967295)")
        }
        if fields[3].count != Sealing.textLength || !isBase64(fields[3]) {
            report(
                .keyringBase64, at: place(line, 3),
                "the sealed value is not base64 of \(Sealing.textLength) characters")
            isGood = false
        }
        return isGood ? epoch.map { entry(kind, $0, line) } : nil
    }

    private func entry(_ kind: KeyringLine.Kind, _ epoch: UInt32, _ line: TextLine) -> KeyringLine {
        let payload = fields[kind == .operator ? 2 : 3].lowerBound..<line.range.upperBound
        return KeyringLine(
            kind: kind, epoch: epoch, number: line.number, range: line.range.lowerBound..<line.range.upperBound + 1,
            name: fields[1], payload: payload)
    }

    private mutating func append(_ entry: KeyringLine) {
        if let last = entries.last {
            isSorted = isSorted && last.order(in: text.bytes).compare(entry.order(in: text.bytes)) < 0
        }
        entries.append(entry)
    }

    /// Puts the entries in order, as after a union merge, and finds duplicates.
    private mutating func sort() {
        let bytes = text.bytes
        entries.sort {
            let order = $0.order(in: bytes).compare($1.order(in: bytes))
            return order == 0 ? $0.number < $1.number : order < 0
        }
        for (first, second) in zip(entries, entries.dropFirst())
        where first.order(in: bytes).compare(second.order(in: bytes)) == 0 {
            report(
                .keyringDuplicate, at: SourceLocation(file: text.file, line: second.number),
                "\(quoted(String(decoding: bytes[second.name], as: UTF8.self))) is already in line \(first.number)",
                hint: second.kind == .operator
                    ? "delete one of the two lines" : "delete the line that does not belong to mesh.lock")
        }
    }

    private func isBase64(_ range: Range<Int>) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 88, alignment: 8) { memory in
            Base64.decode(field(at: range), to: UnsafeMutableRawPointer(memory.octets))
        }
    }

    private func field(at range: Range<Int>) -> UnsafeRawBufferPointer { text.bytes.part(range) }

    private func field(_ index: Int) -> UnsafeRawBufferPointer { text.bytes.part(fields[index]) }

    private func place(_ line: TextLine, _ index: Int) -> SourceLocation {
        text.location(line, index < fields.count ? fields[index].lowerBound : line.range.lowerBound)
    }

    /// Something is missing at the end, unless that is known to be cut off or wrong already.
    private mutating func reportEnd(_ message: String) {
        if diagnostics.isEmpty {
            report(.keyringEmpty, at: SourceLocation(file: text.file), message, hint: Self.restore)
        }
    }

    private mutating func report(
        _ id: DiagnosticID, at place: SourceLocation, _ message: String, hint: String = "restore the line from Git"
    ) {
        diagnostics.append(Diagnostic(id, at: place, message, hint: hint))
    }
}
