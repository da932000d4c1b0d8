/// A tar(5) archive in the ustar form (POSIX.1-1988) of regular files that belong to root.
///
/// It ends with an empty file `whole`: tar(1) takes an archive that was cut off between two files for a whole one.
package struct TarArchive: Sendable {
    /// The name of the last file.
    package static let end = "whole"

    package private(set) var bytes: [UInt8] = []

    /// Nil when a path is longer than the form allows.
    package init?(_ files: [HostFile]) {
        bytes.reserveCapacity(files.reduce(4096) { $0 + $1.bytes.count + 1024 })
        for file in files + [HostFile(path: Self.end, mode: 0o600, bytes: [])] {
            guard append(file) else { return nil }
        }
        bytes += [UInt8](repeating: 0, count: 1024)
    }

    private mutating func append(_ file: HostFile) -> Bool {
        guard let (prefix, name) = Self.split(Array(file.path.utf8)) else { return false }
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: [UInt8], at offset: Int) { header.replaceSubrange(offset..<offset + text.count, with: text) }
        put(name, at: 0)
        put(Self.octal(UInt64(file.mode & 0o777), digits: 7), at: 100)
        put(Self.octal(0, digits: 7), at: 108)
        put(Self.octal(0, digits: 7), at: 116)
        put(Self.octal(UInt64(file.bytes.count), digits: 11), at: 124)
        put(Self.octal(0, digits: 11), at: 136)
        put([UInt8](repeating: 0x20, count: 8), at: 148)
        header[156] = UInt8(ascii: "0")
        put(Array("ustar\u{0}00root".utf8), at: 257)
        put(Array("root".utf8), at: 297)
        put(prefix, at: 345)
        put(Self.octal(header.reduce(0) { $0 + UInt64($1) }, digits: 6) + [0], at: 148)
        bytes += header
        bytes += file.bytes
        bytes += [UInt8](repeating: 0, count: (512 - file.bytes.count % 512) % 512)
        return true
    }

    /// The path as a prefix of at most 155 bytes and a name of at most 100.
    private static func split(_ path: [UInt8]) -> (prefix: [UInt8], name: [UInt8])? {
        if path.count <= 100 { return path.isEmpty ? nil : ([], path) }
        for (index, byte) in path.enumerated() where byte == 0x2f && path.count - index - 1 <= 100 {
            return index <= 155 && index > 0 ? (Array(path[..<index]), Array(path[(index + 1)...])) : nil
        }
        return nil
    }

    private static func octal(_ number: UInt64, digits: Int) -> [UInt8] {
        let text = String(number, radix: 8)
        return Array((String(repeating: "0", count: max(0, digits - text.utf8.count)) + text).utf8)
    }
}
