import Addresses
import Diagnostics
import MeshModel

/// The columns of `ss -plunt` after the protocol: state, two queues, two addresses, and the processes if it may know
/// them.
struct SSLine {
    let socket: ListeningSocket

    init(_ transport: Transport, state: SocketWords.Word, _ words: inout SocketWords) throws(SocketLine.Mistake) {
        guard state.text == (transport == .tcp ? "LISTEN" : "UNCONN") else {
            throw SocketLine.Mistake(
                column: state.column,
                message: "\(quoted(state.text)) is not the state of a listening \(transport) socket",
                hint: "list listening sockets alone: `ss -plunt`")
        }
        for _ in 0..<2 {
            guard let queue = words.next() else { throw SocketLine.cut }
            guard queue.text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
                throw SocketLine.Mistake(
                    column: queue.column, message: "\(quoted(queue.text)) is not the length of a queue",
                    hint: "give the output of `ss -plunt` as it is")
            }
        }
        let end = try SocketLine.ends(&words)
        let port = try SocketLine.port(end.local, end.text, end.column)
        var programs: [String] = []
        if let rest = words.rest() { programs = try Self.programs(rest) }
        socket = ListeningSocket(transport, end.local.bound, port, programs: programs)
    }

    /// The names in `users:(("nginx",pid=12,fd=6),("nginx",pid=13,fd=6))`. A name is whatever its process calls itself,
    /// in at most 15 bytes, and ss does not escape it: it ends where `",pid=NUMBER,fd=NUMBER)` follows.
    private static func programs(_ word: SocketWords.Word) throws(SocketLine.Mistake) -> [String] {
        let text = word.text
        let mistake = SocketLine.Mistake(
            column: word.column, message: "\(quoted(text)) is no list of processes",
            hint: "give the output of `ss -plunt`, without -e, -m, -i or -Z")
        guard text.hasPrefix("users:("), text.hasSuffix(")") else { throw mistake }
        var rest = Array(text.utf8.dropFirst("users:(".utf8.count).dropLast())[...]
        var names: [String] = []
        while true {
            guard rest.starts(with: "(\"".utf8), let (name, end) = entry(rest.dropFirst(2)) else { throw mistake }
            names.append(name)
            rest = rest[end...]
            if rest.isEmpty { return names }
            guard rest.first == UInt8(ascii: ",") else { throw mistake }
            rest = rest.dropFirst()
        }
    }

    /// The name, and where what follows its entry begins.
    private static func entry(_ text: ArraySlice<UInt8>) -> (String, Int)? {
        var index = text.startIndex
        while index < text.endIndex {
            if text[index] == UInt8(ascii: "\""), let end = numbers(text[index...]) {
                return (String(decoding: text[text.startIndex..<index], as: UTF8.self), end)
            }
            index += 1
        }
        return nil
    }

    /// Where `",pid=NUMBER,fd=NUMBER)` ends; nil when it is something else.
    private static func numbers(_ text: ArraySlice<UInt8>) -> Int? {
        var rest = text
        for part in ["\",pid=", ",fd="] {
            guard rest.starts(with: part.utf8) else { return nil }
            rest = rest.dropFirst(part.utf8.count)
            let digits = rest.prefix { $0 >= 0x30 && $0 <= 0x39 }
            if digits.isEmpty { return nil }
            rest = rest[digits.endIndex...]
        }
        return rest.first == UInt8(ascii: ")") ? rest.startIndex + 1 : nil
    }
}
