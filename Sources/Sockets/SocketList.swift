package import Diagnostics

/// The listening sockets of one host, as `ss -plunt` or `netstat -plunt` lists them.
///
/// The tools' options may stand in any order; `-p` may be missing, as it does little without root, and so may ss's
/// titles (`-H`). What is no line of theirs is a mistake: a socket that was skipped would be a socket that nobody looked
/// at.
package struct SocketList: Sendable {
    /// Sorted; each protocol, address and port once.
    package let sockets: [ListeningSocket]

    private static let findingLimit = 100

    package init(_ sockets: [ListeningSocket]) { self.sockets = Self.merged(sockets) }

    /// - Throws: a failure of status `meshInvalid` with every finding.
    package init(parsing bytes: [UInt8], file: String) throws(Failure) {
        var sockets: [ListeningSocket] = []
        var findings: [Diagnostic] = []
        var isAnything = false
        let mark: [UInt8] = [0xef, 0xbb, 0xbf]
        let text = bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes[...]
        let lines = text.split(separator: 0x0a, omittingEmptySubsequences: false).map {
            $0.last == 0x0d ? $0.dropLast() : $0
        }
        let width: SocketLine.Width = lines.contains(where: NetstatLine.isWide) ? .wide : .usual
        for (number, line) in lines.enumerated() {
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
            isAnything = true
            do throws(SocketLine.Mistake) {
                if case .socket(let socket) = try SocketLine.parse(line, width) { sockets.append(socket) }
            } catch {
                let place = SourceLocation(file: file, line: number + 1, column: error.column)
                findings.append(Diagnostic(error.id, at: place, error.message, hint: error.hint))
                if findings.count == Self.findingLimit { break }
            }
        }
        if !isAnything {
            findings.append(
                Diagnostic(
                    .emptySocketList, at: SourceLocation(file: file), "there is no line of ss or netstat",
                    hint: "give the output of `ss -plunt`, with its titles when nothing may listen"))
        }
        guard findings.isEmpty else { throw Failure(.meshInvalid, findings) }
        self.sockets = Self.merged(sockets)
    }

    /// Several processes may listen on one address (`SO_REUSEPORT`).
    private static func merged(_ sockets: [ListeningSocket]) -> [ListeningSocket] {
        var result: [ListeningSocket] = []
        for socket in sockets.sorted() {
            guard let last = result.last, last.transport == socket.transport, last.port == socket.port,
                last.bound == socket.bound
            else {
                result.append(socket)
                continue
            }
            result[result.count - 1] = ListeningSocket(
                last.transport, last.bound, last.port, programs: last.programs + socket.programs)
        }
        return result
    }
}
