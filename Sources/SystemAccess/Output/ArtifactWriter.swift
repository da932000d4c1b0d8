internal import Glibc

/// Where the bytes of one artifact go; handed to whoever produces them.
///
/// The pieces are used before `write` returns and never copied, so that secret bytes stay where they are.
package struct ArtifactWriter: ~Copyable {
    private enum Sink {
        case file(Handle, any FileSystem)
        /// Compares with the bytes that are there instead of writing.
        case comparison(UnsafeRawBufferPointer)
    }

    private let sink: Sink
    /// The artifact as the last render wrote it, unchanged since, to take bytes from that are known to be the same; nil
    /// where there is none. Valid until `produce` returns.
    package let former: UnsafeRawBufferPointer?
    private var position = 0
    private var isEqual = true

    init(file: Handle, _ fileSystem: any FileSystem, former: UnsafeRawBufferPointer? = nil) {
        sink = .file(file, fileSystem)
        self.former = former
    }

    init(comparing bytes: UnsafeRawBufferPointer) {
        sink = .comparison(bytes)
        former = nil
    }

    /// Appends the pieces in order: one system call for each 1,024 of them, so give as many at once as there are.
    package mutating func write(_ pieces: [UnsafeRawBufferPointer]) throws {
        switch sink {
        case .file(let handle, let fileSystem):
            try reported { try fileSystem.write(pieces, to: handle) }
        case .comparison(let bytes):
            for piece in pieces where isEqual {
                let end = position + piece.count
                isEqual = end <= bytes.count && same(piece, UnsafeRawBufferPointer(rebasing: bytes[position..<end]))
                position = end
            }
        }
    }

    /// Appends the bytes.
    package mutating func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try write([$0]) }
    }

    /// True if exactly the expected bytes were written.
    var matches: Bool {
        guard case .comparison(let bytes) = sink else { return false }
        return isEqual && position == bytes.count
    }
}

private func same(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    guard let left = a.baseAddress, let right = b.baseAddress else { return a.isEmpty && b.isEmpty }
    return a.count == b.count && memcmp(left, right, a.count) == 0
}
