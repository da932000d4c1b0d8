import Addresses
import Diagnostics
import MeshModel

/// One line of ss(8) or netstat(8).
enum SocketLine {
    case socket(ListeningSocket)
    /// A title, or netstat's remark that it was not run by root.
    case title

    /// What is wrong with a line, at a column.
    struct Mistake: Error {
        var id = DiagnosticID.unknownSocketLine
        var column = 1
        let message: String
        let hint: String
    }

    /// How netstat was told to print addresses.
    enum Width {
        /// Cut at 23 characters.
        case usual
        /// `-W`: whole.
        case wide
    }

    /// Blank lines are for the caller to skip.
    static func parse(_ line: ArraySlice<UInt8>, _ width: Width) throws(Mistake) -> SocketLine {
        var words = SocketWords(line)
        guard let first = words.next() else { return .title }
        let whole = String(decoding: line, as: UTF8.self)
        if isTitle(whole) { return .title }
        if isPartial(whole) {
            throw Mistake(
                message: "this output of netstat is not of listening sockets alone",
                hint: "run `netstat -plunt`, or `ss -plunt`")
        }
        guard let transport = transport(first.text) else {
            throw Mistake(
                column: first.column, message: "a line of neither ss nor netstat begins with \(quoted(first.text))",
                hint: "give the output of `ss -plunt` or `LC_ALL=C netstat -plunt` as it is")
        }
        guard let second = words.next() else { throw cut }
        if second.text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) {
            return .socket(try NetstatLine(transport, &words, width).socket)
        }
        if first.text.hasSuffix("6") { throw cut }
        return .socket(try SSLine(transport, state: second, &words).socket)
    }

    /// A line that ends too early.
    static let cut = Mistake(
        message: "the line has fewer columns than ss or netstat print",
        hint: "give the output of `ss -plunt` or `netstat -plunt` as it is")

    private static func transport(_ word: String) -> Transport? {
        switch word {
        case "tcp", "tcp6": .tcp
        case "udp", "udp6": .udp
        default: nil
        }
    }

    /// Titles of both tools in the C locale, and what netstat says to those who are not root.
    private static func isTitle(_ line: String) -> Bool {
        [
            "Netid ", "Proto Recv-Q Send-Q ", "Active Internet connections (only servers)",
            "(Not all processes could be identified", " will not be shown, you would have to be root",
            "(No info could be read for \"-p\"",
        ].contains { line.hasPrefix($0) }
    }

    private static func isPartial(_ line: String) -> Bool { line.hasPrefix("Active ") }

    /// The two ends of a socket, which must be one that waits.
    static func ends(_ words: inout SocketWords) throws(Mistake) -> (
        local: SocketAddressText, text: String, column: Int
    ) {
        guard let local = words.next(), let peer = words.next() else { throw cut }
        guard let address = SocketAddressText(local.text) else { throw unknown(local) }
        guard let other = SocketAddressText(peer.text) else { throw unknown(peer) }
        guard other.port == nil, other.bound.isWide else {
            throw Mistake(
                column: peer.column, message: "\(quoted(peer.text)) is the far end of a connection",
                hint: "list listening sockets alone: `ss -plunt`")
        }
        return (address, local.text, local.column)
    }

    static func port(_ end: SocketAddressText, _ text: String, _ column: Int) throws(Mistake) -> Port {
        if let port = end.port { return port }
        throw Mistake(
            column: column, message: "the socket \(quoted(text)) has no port",
            hint: "give the output of `ss -plunt` or `netstat -plunt` as it is")
    }

    private static func unknown(_ word: SocketWords.Word) -> Mistake {
        Mistake(
            column: word.column, message: "\(quoted(word.text)) is not an address with a numeric port",
            hint: "the tools print numbers with `-n`, and whole IPv6 addresses as `ss -plunt` does")
    }
}
