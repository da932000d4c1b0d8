internal import Diagnostics
internal import Glibc

/// One of the standard streams, as far as it is a terminal.
package struct Terminal: Sendable {
    package let descriptor: Int32

    package static let input = Terminal(descriptor: 0)
    package static let output = Terminal(descriptor: 1)
    package static let errors = Terminal(descriptor: 2)

    package init(descriptor: Int32) { self.descriptor = descriptor }

    package var isTerminal: Bool { isatty(descriptor) == 1 }

    /// Columns; nil if it is not a terminal or does not know.
    package var width: Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Colour only on a terminal that can, and never if `NO_COLOR` is set and not empty (https://no-color.org).
    package func allowsColour(_ environment: [String: String]) -> Bool {
        isTerminal && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    }

    /// Writes all of the text, or says false.
    @discardableResult
    package func write(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)[...]
            while !rest.isEmpty {
                let part = UnsafeRawBufferPointer(rebasing: rest)
                let written = Glibc.write(descriptor, part.baseAddress, part.count)
                if written < 0 && errno != EINTR { return false }
                rest = rest.dropFirst(max(written, 0))
            }
            return true
        }
    }
}

extension Terminal {
    /// Everything up to the end of the input, at most 64 MiB.
    package func readAll() throws -> [UInt8] {
        let handle = Handle(raw: descriptor, path: "standard input")
        let fileSystem = RealFileSystem()
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        return try reported {
            while true {
                let count = try chunk.withUnsafeMutableBytes { try fileSystem.read(handle, into: $0) }
                if count == 0 { return bytes }
                bytes += chunk[..<count]
                if bytes.count > MeshFile.sizeLimit {
                    throw Failure(
                        .inputOutput, .fileTooLarge, "standard input has more than \(MeshFile.sizeLimit) bytes")
                }
            }
        }
    }
}
