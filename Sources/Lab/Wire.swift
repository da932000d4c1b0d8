/// What the lab's two processes say to each other: byte strings and lists of them.
///
/// A byte string is `<length>:<bytes>`, a list is `(` its items `)`. No schema: both ends are the same program.
enum Wire: Hashable, Sendable {
    case bytes([UInt8])
    case list([Wire])

    static func text(_ text: some StringProtocol) -> Wire { .bytes(Array(text.utf8)) }
    static func number(_ number: Int) -> Wire { .text(String(number)) }
    static func texts(_ texts: [String]) -> Wire { .list(texts.map { .text($0) }) }
    static func optional(_ text: String?) -> Wire { .texts(text.map { [$0] } ?? []) }
    static func all(_ values: [some WireRepresentable]) -> Wire { .list(values.map(\.wire)) }

    /// The value preceded by its own length in decimal and a newline, so that a reader knows where it ends.
    var frame: [UInt8] {
        var body: [UInt8] = []
        append(to: &body)
        return Array("\(body.count)\n".utf8) + body
    }

    private func append(to output: inout [UInt8]) {
        switch self {
        case .bytes(let bytes):
            output += "\(bytes.count):".utf8
            output += bytes
        case .list(let items):
            output.append(UInt8(ascii: "("))
            for item in items { item.append(to: &output) }
            output.append(UInt8(ascii: ")"))
        }
    }
}

/// The other end wrote something else: a version mix or a torn pipe.
struct WireError: Error, Hashable, Sendable {}

/// A value that crosses between the lab's processes.
protocol WireRepresentable {
    var wire: Wire { get }
    init(fields: inout WireFields) throws(WireError)
}

extension WireRepresentable {
    init(wire: Wire) throws(WireError) {
        var fields = try WireFields(wire)
        try self.init(fields: &fields)
    }
}

/// The items of one list, taken in order.
struct WireFields {
    private var items: ArraySlice<Wire>

    init(_ wire: Wire) throws(WireError) {
        guard case .list(let items) = wire else { throw WireError() }
        self.items = items[...]
    }

    mutating func next() throws(WireError) -> Wire {
        guard let item = items.popFirst() else { throw WireError() }
        return item
    }

    mutating func bytes() throws(WireError) -> [UInt8] {
        guard case .bytes(let bytes) = try next() else { throw WireError() }
        return bytes
    }

    mutating func text() throws(WireError) -> String { String(decoding: try bytes(), as: UTF8.self) }

    mutating func number() throws(WireError) -> Int {
        guard let number = Int(try text()) else { throw WireError() }
        return number
    }

    mutating func texts() throws(WireError) -> [String] {
        var inner = try WireFields(try next())
        var result: [String] = []
        while !inner.items.isEmpty { result.append(try inner.text()) }
        return result
    }

    mutating func optional() throws(WireError) -> String? { try texts().first }

    mutating func choice<T: RawRepresentable>(_: T.Type) throws(WireError) -> T where T.RawValue == String {
        guard let value = T(rawValue: try text()) else { throw WireError() }
        return value
    }

    mutating func all<T: WireRepresentable>(_: T.Type) throws(WireError) -> [T] {
        var inner = try WireFields(try next())
        var result: [T] = []
        while let item = inner.items.popFirst() { result.append(try T(wire: item)) }
        return result
    }
}

/// Cuts a stream of bytes into the values of its frames.
struct WireFrames {
    private var buffer: [UInt8] = []

    mutating func append(_ bytes: [UInt8]) { buffer += bytes }

    /// The next whole value; nil until more bytes come.
    mutating func next() throws(WireError) -> Wire? {
        guard let newline = buffer.firstIndex(of: UInt8(ascii: "\n")) else {
            if buffer.count > 20 { throw WireError() }
            return nil
        }
        guard let count = Int(String(decoding: buffer[..<newline], as: UTF8.self)), count >= 0 else {
            throw WireError()
        }
        guard buffer.count - newline - 1 >= count else { return nil }
        var parser = WireParser(bytes: buffer[(newline + 1)...].prefix(count))
        let value = try parser.value(depth: 0)
        guard parser.bytes.isEmpty else { throw WireError() }
        buffer.removeFirst(newline + 1 + count)
        return value
    }
}

private struct WireParser {
    var bytes: ArraySlice<UInt8>

    mutating func value(depth: Int) throws(WireError) -> Wire {
        guard depth < 32 else { throw WireError() }
        guard bytes.first == UInt8(ascii: "(") else { return .bytes(try string()) }
        bytes.removeFirst()
        var items: [Wire] = []
        while bytes.first != UInt8(ascii: ")") {
            guard !bytes.isEmpty else { throw WireError() }
            items.append(try value(depth: depth + 1))
        }
        bytes.removeFirst()
        return .list(items)
    }

    private mutating func string() throws(WireError) -> [UInt8] {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon - bytes.startIndex <= 19,
            let count = Int(String(decoding: bytes[..<colon], as: UTF8.self)), count >= 0
        else { throw WireError() }
        bytes = bytes[(colon + 1)...]
        guard bytes.count >= count else { throw WireError() }
        let result = Array(bytes.prefix(count))
        bytes = bytes.dropFirst(count)
        return result
    }
}
