import Addresses
import Diagnostics
import MeshModel

/// The columns of `netstat -plunt` after the receive queue: send queue, two addresses, the state of TCP sockets, and
/// the process.
struct NetstatLine {
    let socket: ListeningSocket

    init(
        _ transport: Transport, _ words: inout SocketWords, _ width: SocketLine.Width
    ) throws(SocketLine.Mistake) {
        guard let queue = words.next() else { throw SocketLine.cut }
        guard queue.text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            throw SocketLine.Mistake(
                column: queue.column, message: "\(quoted(queue.text)) is not the length of a queue",
                hint: "give the output of `netstat -plunt` as it is")
        }
        var copy = words
        if width == .usual, let local = copy.next(), Self.mayBeCut(local.text) {
            throw SocketLine.Mistake(
                id: .cutSocketAddress, column: local.column,
                message: "\(quoted(local.text)) may be a part of an IPv6 address only: netstat cuts at 23 characters",
                hint: "give the output of `ss -plunt` or `netstat -W -plunt`, which cut nothing")
        }
        let end = try SocketLine.ends(&words)
        let port = try SocketLine.port(end.local, end.text, end.column)
        if transport == .tcp {
            guard let state = words.next() else { throw SocketLine.cut }
            guard state.text == "LISTEN" else {
                throw SocketLine.Mistake(
                    column: state.column, message: "\(quoted(state.text)) is not the state of a listening tcp socket",
                    hint: "list listening sockets alone: `LC_ALL=C netstat -plunt`")
            }
        }
        var programs: [String] = []
        if let rest = words.rest() { programs = try Self.programs(rest) }
        socket = ListeningSocket(transport, end.local.bound, port, programs: programs)
    }

    /// Whether a line shows that netstat cuts nothing: it holds an address that it would have cut.
    static func isWide(_ line: ArraySlice<UInt8>) -> Bool {
        var words = SocketWords(line)
        while let word = words.next()?.text {
            if word.utf8.count > 23, SocketAddressText(word) != nil { return true }
        }
        return false
    }

    /// `netstat.c` of net-tools (addr_do_one) gives address and port 22 characters together and cuts the address;
    /// what has exactly so many may be whole or not. Only IPv6 addresses are that long.
    private static func mayBeCut(_ text: String) -> Bool {
        text.utf8.count == 23 && text.utf8.count { $0 == UInt8(ascii: ":") } > 1
    }

    /// `1234/sshd: /usr/sbi` and the like, cut at 19 characters or so; `-` for a socket of the kernel or of others.
    private static func programs(_ word: SocketWords.Word) throws(SocketLine.Mistake) -> [String] {
        if word.text == "-" { return [] }
        let parts = word.text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            throw SocketLine.Mistake(
                column: word.column, message: "\(quoted(word.text)) is not a process as netstat names it",
                hint: "give the output of `netstat -plunt`, without -e or -o")
        }
        let command = parts[1].split(separator: " ").first ?? ""
        let name = command.split(separator: "/").last ?? ""
        let bare = name.hasSuffix(":") ? name.dropLast() : name
        return bare.isEmpty ? [] : [String(bare)]
    }
}
