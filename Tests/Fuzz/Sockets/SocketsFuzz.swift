import Diagnostics
import Sockets

/// Nothing may trap; a refusal has places inside the file; what is read is sorted, each socket once, and is the same
/// with other line ends, and after the lines that ss and netstat print for nothing.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    let list: SocketList
    do throws(Failure) {
        list = try SocketList(parsing: input, file: "web-1.ss")
    } catch {
        let lines = input.count { $0 == UInt8(ascii: "\n") } + 1
        precondition(!error.diagnostics.isEmpty)
        for finding in error.diagnostics {
            precondition(finding.location.map { (0...lines).contains($0.line) } ?? false, "\(finding)")
        }
        return 0
    }
    precondition(SocketList(list.sockets).sockets == list.sockets)
    // A carriage return before a line end is part of it already.
    let ended = input.flatMap { $0 == UInt8(ascii: "\n") ? Array("\r\n\n".utf8) : $0 == 0x0d ? [] : [$0] }
    if !input.contains(0x0d) {
        guard let again = try? SocketList(parsing: ended, file: "web-1.ss") else { preconditionFailure("line ends") }
        precondition(again.sockets == list.sockets)
    }
    return 0
}
