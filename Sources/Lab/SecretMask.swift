/// Hides keys in the words of other programs.
///
/// Everything is masked that a tree's file gives as a private or preshared key, whole or mistyped, and everything else
/// that looks like a WireGuard key: a public key in a complaint is no loss.
package struct SecretMask: Sendable {
    private let secrets: [String]

    init(trees: [LabTree]) {
        var secrets: Set<String> = []
        for entry in trees.flatMap(\.entries) where entry.kind == .file && entry.path.hasPrefix("wireguard/") {
            let text = String(decoding: entry.contents, as: UTF8.self)
            let whole = trimmed(text)
            if !whole.contains(where: \.isWhitespace) { secrets.insert(whole) }
            for line in text.split(separator: "\n") {
                let parts = line.split(separator: "=", maxSplits: 1)
                guard parts.count == 2 else { continue }
                let name = trimmed(parts[0]).lowercased()
                if name == "privatekey" || name == "presharedkey" { secrets.insert(trimmed(parts[1])) }
            }
        }
        // Longest first, so that a secret that begins with another is masked whole.
        self.secrets = secrets.filter { $0.utf8.count >= 4 }.sorted { ($0.count, $0) > ($1.count, $1) }
    }

    func mask(_ text: String) -> String {
        var bytes = Array(text.utf8)
        for secret in secrets { bytes = SecretMask.replacing(Array(secret.utf8), in: bytes) }
        return String(decoding: SecretMask.maskingKeys(in: bytes), as: UTF8.self)
    }

    /// The text with everything hidden that looks like a WireGuard key.
    package static func hidingKeys(in text: String) -> String {
        String(decoding: maskingKeys(in: Array(text.utf8)), as: UTF8.self)
    }

    private static let hidden = Array("(hidden)".utf8)

    private static func replacing(_ secret: [UInt8], in bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            if rest.starts(with: secret) {
                result += hidden
                rest = rest.dropFirst(secret.count)
            } else {
                result.append(rest.removeFirst())
            }
        }
        return result
    }

    /// Base64 of 32 bytes: 43 characters and one `=`, or more.
    private static func maskingKeys(in bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var run: [UInt8] = []
        func flush() {
            result += run.count >= 44 && run.last == 0x3d ? hidden : run
            run = []
        }
        for byte in bytes {
            let isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a
            if isLetter || (byte >= 0x30 && byte <= 0x39) || byte == 0x2b || byte == 0x2f || byte == 0x3d {
                run.append(byte)
            } else {
                flush()
                result.append(byte)
            }
        }
        flush()
        return result
    }
}
