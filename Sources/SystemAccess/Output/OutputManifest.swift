internal import Diagnostics

/// What an earlier render wrote, and how the kernel described each file then.
///
/// Text, so that a person can look: a header, the mesh, a line for each file sorted by path, and a last line that
/// tells a whole manifest from a cut one.
struct OutputManifest: Equatable {
    struct Record: Equatable {
        var path: String
        var inputs: InputDigest
        var size: Int64
        var modified: Int64
        var changed: Int64
        var inode: UInt64

        /// A file that is about to be written: ours, but of unknown contents.
        static func intent(_ path: String) -> Record {
            Record(path: path, inputs: InputDigest(high: 0, low: 0), size: -1, modified: 0, changed: 0, inode: 0)
        }

        init(path: String, inputs: InputDigest, size: Int64, modified: Int64, changed: Int64, inode: UInt64) {
            self.path = path
            self.inputs = inputs
            self.size = size
            self.modified = modified
            self.changed = changed
            self.inode = inode
        }

        init(_ entry: OutputEntry, _ status: FileStatus) {
            self.init(
                path: entry.path, inputs: entry.inputs, size: status.size, modified: status.modified,
                changed: status.changed, inode: status.inode)
        }

        func describes(_ status: FileStatus) -> Bool {
            size == status.size && modified == status.modified && changed == status.changed && inode == status.inode
        }

        /// True if the file may have been edited within the same tick of the clock in which it was recorded.
        ///
        /// As in git's index (Documentation/technical/racy-git.txt).
        func isRacy(recordedAt moment: Int64) -> Bool { max(modified, changed) >= moment }
    }

    /// Sorted by path.
    var records: [Record] = []
    /// What all files depend on, as the caller of the last render said; nil if it said nothing.
    var shared: InputDigest?

    /// The text of the file.
    func text(mesh: String) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(64 + records.count * 140)
        text += "hauberk-output 1\nmesh \(mesh)\n".utf8
        if let shared {
            text += "shared ".utf8
            appendHex(shared.high, to: &text)
            appendHex(shared.low, to: &text)
            text.append(0x0a)
        }
        for record in records {
            appendHex(record.inputs.high, to: &text)
            appendHex(record.inputs.low, to: &text)
            for number in [record.size, record.modified, record.changed, Int64(bitPattern: record.inode)] {
                text.append(0x20)
                appendDecimal(number, to: &text)
            }
            text.append(0x20)
            text += record.path.utf8
            text.append(0x0a)
        }
        text += "end \(records.count)\n".utf8
        return text
    }

    init(records: [Record] = [], shared: InputDigest? = nil) {
        self.records = records
        self.shared = shared
    }

    /// Nil if the text is not a whole manifest of this mesh.
    init?(parsing text: [UInt8], mesh: String) {
        var lines = LineReader(text)
        guard lines.next().map({ $0.elementsEqual("hauberk-output 1".utf8) }) == true,
            lines.next().map({ $0.elementsEqual("mesh \(mesh)".utf8) }) == true
        else { return nil }
        records.reserveCapacity(text.count / 100)
        while let line = lines.next() {
            if line.starts(with: "end ".utf8) {
                guard line.elementsEqual("end \(records.count)".utf8), lines.next() == nil else { return nil }
                return
            }
            if line.starts(with: "shared ".utf8), records.isEmpty, shared == nil {
                guard let digest = InputDigest(parsing: line.dropFirst(7)) else { return nil }
                shared = digest
                continue
            }
            guard let record = Record(parsing: line) else { return nil }
            if let last = records.last, last.path >= record.path { return nil }
            records.append(record)
        }
        return nil
    }
}

extension OutputManifest.Record {
    init?(parsing line: ArraySlice<UInt8>) {
        var fields = FieldReader(line)
        guard let high = fields.hexadecimal(), let low = fields.hexadecimal(), let size = fields.decimal(),
            let modified = fields.decimal(), let changed = fields.decimal(), let inode = fields.decimal(),
            let path = fields.text(), (try? checkOutputPath(path)) != nil
        else { return nil }
        self.init(
            path: path, inputs: InputDigest(high: high, low: low), size: size, modified: modified, changed: changed,
            inode: UInt64(bitPattern: inode))
    }
}

extension InputDigest {
    /// 32 hexadecimal digits.
    fileprivate init?(parsing text: ArraySlice<UInt8>) {
        var fields = FieldReader(text)
        guard text.count == 32, let high = fields.hexadecimal(), let low = fields.hexadecimal() else { return nil }
        self.init(high: high, low: low)
    }
}

private struct LineReader {
    private var rest: ArraySlice<UInt8>

    init(_ text: [UInt8]) { rest = text[...] }

    /// Nil at the end, and for a last line without a newline.
    mutating func next() -> ArraySlice<UInt8>? {
        guard let end = rest.firstIndex(of: 0x0a) else { return nil }
        defer { rest = rest[(end + 1)...] }
        return rest[..<end]
    }
}

private struct FieldReader {
    private var rest: ArraySlice<UInt8>

    init(_ line: ArraySlice<UInt8>) { rest = line }

    /// 16 digits, without a separator after them.
    mutating func hexadecimal() -> UInt64? {
        guard rest.count >= 16 else { return nil }
        var value: UInt64 = 0
        for byte in rest.prefix(16) {
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt64(byte - 0x30)
            case 0x61...0x66: value = value << 4 | UInt64(byte - 0x57)
            default: return nil
            }
        }
        rest = rest.dropFirst(16)
        return value
    }

    /// A number with a space before it.
    mutating func decimal() -> Int64? {
        guard rest.popFirst() == 0x20 else { return nil }
        let isNegative = rest.first == 0x2d
        if isNegative { rest = rest.dropFirst() }
        var value: Int64 = 0
        var digits = 0
        while let byte = rest.first, (0x30...0x39).contains(byte) {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let digit = Int64(byte - 0x30)
            let (sum, overflowToo) = product.addingReportingOverflow(isNegative ? -digit : digit)
            guard !overflow, !overflowToo else { return nil }
            value = sum
            digits += 1
            rest = rest.dropFirst()
        }
        return digits > 0 ? value : nil
    }

    /// What follows the next space, to the end.
    mutating func text() -> String? {
        guard rest.popFirst() == 0x20 else { return nil }
        return String(decoding: rest, as: UTF8.self)
    }
}

private func appendHex(_ word: UInt64, to text: inout [UInt8]) {
    for shift in stride(from: 60, through: 0, by: -4) {
        let digit = UInt8(truncatingIfNeeded: word >> UInt64(shift)) & 15
        text.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
    }
}

private func appendDecimal(_ number: Int64, to text: inout [UInt8]) {
    if number < 0 { text.append(0x2d) }
    var magnitude = number.magnitude
    let start = text.count
    repeat {
        text.append(0x30 + UInt8(truncatingIfNeeded: magnitude % 10))
        magnitude /= 10
    } while magnitude > 0
    text[start...].reverse()
}
