internal import CLinux

/// Looks for bytes in memory.
package enum ByteSearch {
    /// Where `text` stands first in `bytes`; nil when it does not (memmem(3)).
    package static func first(_ text: UnsafeRawBufferPointer, in bytes: UnsafeRawBufferPointer) -> Int? {
        guard let start = bytes.baseAddress, let wanted = text.baseAddress,
            let found = memmem(start, UInt(bytes.count), wanted, UInt(text.count))
        else { return nil }
        return UnsafeRawPointer(found) - start
    }
}
