package import Diagnostics

extension IdentityFile {
    /// Reads the whole text; the caller wipes it. `file` is for the places of mistakes.
    package static func parse(_ bytes: UnsafeRawBufferPointer, file: String) throws(Failure) -> IdentityFile {
        var reader = IdentityReader(bytes, file: file)
        return try reader.read()
    }
}

private struct IdentityReader {
    var lines: TextLines
    var fields: [Range<Int>] = []
    var line = TextLine(number: 1, range: 0..<0, isTerminated: true)

    init(_ bytes: UnsafeRawBufferPointer, file: String) {
        lines = TextLines(bytes, file: file)
    }

    mutating func read() throws(Failure) -> IdentityFile {
        try readTitle()
        try expect("operator", fields: 2)
        guard let key = OperatorKey(text: field(1)) else { throw failure(1, "the operator's public key is not one") }
        try next("a seed or a passphrase")
        let contents = try field(0).equals("seed") ? readSeed() : readProtected()
        if let more = lines.next() {
            throw Failure(
                .meshInvalid, .identitySyntax, at: lines.location(more, more.range.lowerBound),
                "the identity goes on after its end", hint: "delete the line")
        }
        return IdentityFile(publicKey: key, file: lines.file, contents: contents)
    }

    private mutating func readTitle() throws(Failure) {
        try next("the title")
        let title = lines.bytes.part(line.range)
        if title.equals(IdentityFile.title) { return }
        let number = title.starts(with: IdentityFile.version) && fields.count == 2 ? lines.number(fields[1]) : nil
        guard number != nil else { throw failure(0, "the file is not an identity") }
        throw Failure(
            .meshInvalid, .identityVersion, at: lines.location(line, fields[1].lowerBound),
            "the identity is of version \(lines.shown(fields[1])), newer than this program", hint: "upgrade hauberk")
    }

    private mutating func readSeed() throws(Failure) -> IdentityFile.Contents {
        guard fields.count == 2, fields[1].count == 44 else { throw failure(0, "a seed has 44 characters") }
        let text = field(1)
        let arena = try? SecretArena(count: 1, size: 32) { (memory) throws(Closed) in
            if !Base64.decode(text, to: UnsafeMutableRawPointer(memory.octets)) { throw Closed() }
        }
        guard let arena else { throw failure(1, "the seed is not the base64 of 32 bytes") }
        return .plain(SecretReference(arena))
    }

    private mutating func readProtected() throws(Failure) -> IdentityFile.Contents {
        guard fields.count == 5, field(0).equals("passphrase"), field(1).equals("argon2id"),
            let operations = lines.number(fields[2]), let memory = lines.number(fields[3]).flatMap(Int.init(exactly:)),
            let salt = MeshID(hex: field(4))?.bytes
        else { throw failure(0, "the line is neither a seed nor a passphrase's") }
        guard let cost = PassphraseCost(operations: operations, memory: memory) else {
            throw Failure(
                .meshInvalid, .identityCost, at: lines.location(line, fields[2].lowerBound),
                "the identity asks for \(operations) passes over \(memory) bytes of memory")
        }
        let header = Array(lines.bytes[..<(line.range.upperBound + 1)])
        try expect("sealed", fields: 2)
        guard fields[1].count == Sealing.textLength, isBase64(field(1)) else {
            throw failure(1, "the sealed seed is not the base64 of \(Sealing.length) bytes")
        }
        return .sealed(cost: cost, salt: salt, header: header, text: Array(field(1)))
    }

    private func isBase64(_ text: UnsafeRawBufferPointer) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: Sealing.length, alignment: 8) { memory in
            Base64.decode(text, to: UnsafeMutableRawPointer(memory.octets))
        }
    }

    private mutating func next(_ what: String) throws(Failure) {
        guard let next = lines.next() else {
            throw Failure(
                .meshInvalid, .identitySyntax, at: SourceLocation(file: lines.file, line: line.number),
                "the identity ends before \(what)")
        }
        line = next
        lines.split(line, into: &fields)
        guard line.isTerminated else { throw failure(0, "the identity's last line is cut short") }
    }

    private mutating func expect(_ word: StaticString, fields count: Int) throws(Failure) {
        try next("\(word)")
        guard field(0).equals(word), fields.count == count else { throw failure(0, "the line is not \"\(word) …\"") }
    }

    private func field(_ index: Int) -> UnsafeRawBufferPointer { lines.bytes.part(fields[index]) }

    private func failure(_ index: Int, _ message: String) -> Failure {
        let offset = index < fields.count ? fields[index].lowerBound : 0
        return Failure(.meshInvalid, .identitySyntax, at: lines.location(line, offset), message)
    }
}
