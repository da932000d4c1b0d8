package import Diagnostics

extension TarArchive {
    /// The regular files of an archive that tar(1) has written, by path: of the ustar form, and of GNU's and pax's where
    /// they are no more than that. Owners, times and folders are left out.
    ///
    /// - Parameter shown: the archive's name, for messages.
    /// - Throws: `Failure` for what is not whole, holds a link or a device, or a path that leads out of it.
    package static func files(in bytes: [UInt8], shown: String) throws(Failure) -> [HostFile] {
        func refused(_ why: String, _ hint: String = "make it anew: tar -C OUT/PEER -cf FILE .") -> Failure {
            HostTree.refused("\(quoted(shown)) \(why)", hint)
        }
        if bytes.starts(with: [0x1f, 0x8b]) { throw refused("is compressed", "gunzip it first") }
        var files: [String: HostFile] = [:]
        var place = 0
        // Two blocks of zeros end it, the first of which says enough.
        while place + 512 > bytes.count || bytes[place..<place + 512].contains(where: { $0 != 0 }) {
            guard place + 512 <= bytes.count else {
                throw refused(place == 0 ? "is no tar archive" : "was cut off at byte \(bytes.count)")
            }
            guard let entry = Entry(bytes[place..<place + 512]) else {
                throw refused("is no tar archive at byte \(place)")
            }
            let start = place + 512
            guard entry.size <= bytes.count - start else { throw refused("was cut off at byte \(bytes.count)") }
            place = start + (entry.size + 511) / 512 * 512
            if entry.isWithoutContents { continue }
            guard entry.isRegular else {
                throw refused("holds \(quoted(entry.name)), which is neither a file nor a folder")
            }
            guard let path = entry.path else { throw refused("holds \(quoted(entry.name)), which leads out of it") }
            let file = HostFile(path: path, mode: entry.mode, bytes: Array(bytes[start..<start + entry.size]))
            guard files.updateValue(file, forKey: path) == nil else { throw refused("holds \(quoted(path)) twice") }
        }
        return files.values.sorted { $0.path < $1.path }
    }

    /// The header of one file (tar(5)).
    private struct Entry {
        let name: String
        let mode: UInt32
        let size: Int
        private let kind: UInt8

        /// Nil for 512 bytes that are no header: a wrong sum, or a number in another form than octal.
        init?(_ block: ArraySlice<UInt8>) {
            let block = Array(block)
            func field(_ offset: Int, _ count: Int) -> ArraySlice<UInt8> {
                block[offset..<offset + count].prefix { $0 != 0 }
            }
            let sum = block.indices.reduce(0) { $0 + ((148..<156).contains($1) ? 0x20 : Int(block[$1])) }
            guard Self.octal(field(148, 8)) == sum, let size = Self.octal(field(124, 12)),
                let mode = Self.octal(field(100, 8))
            else { return nil }
            self.size = size
            self.mode = UInt32(mode & 0o7777)
            kind = block[156]
            // GNU's form has times where the prefix is.
            let hasPrefix = block[257..<263].elementsEqual("ustar\u{0}".utf8) && block[345] != 0
            let name = (hasPrefix ? Array(field(345, 155)) + [0x2f] : []) + field(0, 100)
            self.name = String(decoding: name, as: UTF8.self)
        }

        /// Folders, and what pax(1) says of times and owners.
        var isWithoutContents: Bool { "5gx".utf8.contains(kind) }
        var isRegular: Bool { kind == 0x30 || kind == 0 }

        /// The name without `.` in it; nil for one that is absolute, empty, or has `..` in it.
        var path: String? {
            let parts = name.split(separator: "/").filter { $0 != "." }
            guard !name.hasPrefix("/"), !parts.isEmpty, !parts.contains("..") else { return nil }
            return parts.joined(separator: "/")
        }

        /// Nil for what is no number; spaces may stand around it.
        private static func octal(_ field: ArraySlice<UInt8>) -> Int? {
            let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0x20 }
            return Int(String(decoding: digits, as: UTF8.self), radix: 8).flatMap { $0 < 0 ? nil : $0 }
        }
    }
}
