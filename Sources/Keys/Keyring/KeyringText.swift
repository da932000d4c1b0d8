import Diagnostics

/// A checked keyring as text: untouched lines stay ranges of the bytes that were read.
struct KeyringText: Sendable {
    let file: String
    let meshID: MeshID
    /// The text that was read, and after it every line that was added.
    private(set) var storage: [UInt8]
    /// Sorted, each entry once.
    private(set) var lines: [KeyringLine]

    static let title: StaticString = "hauberk-keyring 1"
    static let version: StaticString = "hauberk-keyring "

    init(file: String, meshID: MeshID, storage: [UInt8] = [], lines: [KeyringLine] = []) {
        self.file = file
        self.meshID = meshID
        self.storage = storage
        self.lines = lines
    }

    /// The index of an entry, else nil.
    func index(_ kind: KeyringLine.Kind, _ name: String, _ epoch: UInt32) -> Int? {
        Self.withOrder(kind, name, epoch) { order in
            storage.withUnsafeBytes { bytes in
                let index = lowerBound(order, bytes)
                return index < lines.count && lines[index].order(in: bytes).compare(order) == 0 ? index : nil
            }
        }
    }

    /// The indices of a peer's entries of all epochs, or of an operator.
    func indices(_ kind: KeyringLine.Kind, _ name: String) -> Range<Int> {
        storage.withUnsafeBytes { bytes in
            let first = Self.withOrder(kind, name, 0) { lowerBound($0, bytes) }
            var end = Self.withOrder(kind, name, .max) { lowerBound($0, bytes) }
            if end < lines.count, lines[end].epoch == .max, self.name(lines[end]) == name { end += 1 }
            return first..<end
        }
    }

    /// The indices of all entries of a kind.
    func indices(_ kind: KeyringLine.Kind) -> Range<Int> {
        let first = lines.firstIndex { $0.kind.rawValue >= kind.rawValue } ?? lines.count
        let end = lines[first...].firstIndex { $0.kind.rawValue > kind.rawValue } ?? lines.count
        return first..<end
    }

    func name(_ line: KeyringLine) -> String { String(decoding: storage[line.name], as: UTF8.self) }

    /// The place of a line; nil for one that was not read from the file.
    func location(_ line: KeyringLine) -> SourceLocation? {
        line.number == 0 ? nil : SourceLocation(file: file, line: line.number)
    }

    /// Adds lines; none of them may be there already. `make` appends the text of each to the storage.
    mutating func insert(_ make: (inout [UInt8]) -> [KeyringLine]) {
        var added = make(&storage)
        storage.withUnsafeBytes { bytes in
            added.sort { $0.order(in: bytes).compare($1.order(in: bytes)) < 0 }
        }
        var merged: [KeyringLine] = []
        merged.reserveCapacity(lines.count + added.count)
        var next = 0
        storage.withUnsafeBytes { bytes in
            for line in added {
                let end = lowerBound(line.order(in: bytes), bytes)
                merged += lines[next..<end]
                merged.append(line)
                next = end
            }
        }
        merged += lines[next...]
        lines = merged
    }

    /// Removes the entries in `range`, an answer of ``indices(_:_:)``.
    mutating func remove(_ range: Range<Int>) { lines.removeSubrange(range) }

    /// The whole file; neighbours that were neighbours when read are copied in one piece.
    var printed: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(64 + lines.reduce(0) { $0 + $1.range.count })
        text.append(text: Self.title)
        text.append(contentsOf: "\nmesh \(meshID)\n".utf8)
        var piece = 0..<0
        for line in lines {
            if line.range.lowerBound == piece.upperBound {
                piece = piece.lowerBound..<line.range.upperBound
            } else {
                text.append(contentsOf: storage[piece])
                piece = line.range
            }
        }
        text.append(contentsOf: storage[piece])
        return text
    }

    private func lowerBound(_ order: KeyringOrder, _ bytes: UnsafeRawBufferPointer) -> Int {
        var low = 0
        var high = lines.count
        while low < high {
            let middle = (low + high) / 2
            if lines[middle].order(in: bytes).compare(order) < 0 { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func withOrder<R>(
        _ kind: KeyringLine.Kind, _ name: String, _ epoch: UInt32, _ body: (KeyringOrder) -> R
    ) -> R {
        var name = name
        return name.withUTF8 { body(KeyringOrder(kind: kind, name: UnsafeRawBufferPointer($0), epoch: epoch)) }
    }
}

extension KeyringLine {
    func order(in bytes: UnsafeRawBufferPointer) -> KeyringOrder {
        KeyringOrder(kind: kind, name: bytes.part(name), epoch: epoch)
    }
}
