/// The four files of a mesh directory.
package enum MeshFile: String, CaseIterable, Sendable {
    case yaml = "mesh.yaml"
    /// The commit point: whoever sees new bytes here has the whole new mesh.
    case lock = "mesh.lock"
    case keys = "mesh.keys"
    case ledger = "mesh.ledger"

    /// Where new bytes wait for the commit of the lock file whose digest, in hexadecimal, is `suffix`.
    func pendingName(_ suffix: String) -> String { ".\(rawValue).pending-\(suffix)" }

    /// Where new bytes are written before they take the file's place.
    var temporaryName: String { ".\(rawValue).temp" }

    /// More than any mesh needs (10,000 peers take 4 MB); stops a reader from swallowing a device or a dump.
    static let sizeLimit = 64 << 20

    /// The pending files, by name, and the names that are only left-overs, among a folder's names.
    static func traces(among names: [String]) -> (pending: [(file: MeshFile, suffix: String)], temporary: [String]) {
        var pending: [(file: MeshFile, suffix: String)] = []
        var temporary: [String] = []
        for name in names {
            for file in allCases {
                let prefix = file.pendingName("")
                if name == file.temporaryName { temporary.append(name) }
                guard name.hasPrefix(prefix) else { continue }
                let suffix = String(name.dropFirst(prefix.count))
                if suffix.utf8.count == 32, suffix.utf8.allSatisfy(isLowerHex) { pending.append((file, suffix)) }
            }
        }
        return (pending, temporary)
    }
}

private func isLowerHex(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
}

/// Lower-case hexadecimal digits, two a byte.
func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
