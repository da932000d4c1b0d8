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

/// The bytes with each of the names replaced, the first that stands in a place; all of them begin with `beginning`.
func replacing(in bytes: [UInt8], beginning: String, _ names: [(name: String, value: String)]) -> [UInt8] {
    let names = names.map { (name: Array($0.name.utf8), value: Array($0.value.utf8)) }
    let mark = Array(beginning.utf8)
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + 1024)
    bytes.withUnsafeBytes { bytes in
        mark.withUnsafeBytes { mark in
            var rest = bytes
            while let start = ByteSearch.first(mark, in: rest) {
                let found = names.first { rest[start...].starts(with: $0.name) }
                result += rest[..<start]
                result += found?.value ?? Array(mark)
                rest = UnsafeRawBufferPointer(rebasing: rest[(start + (found?.name.count ?? mark.count))...])
            }
            result += rest
        }
    }
    return result
}
