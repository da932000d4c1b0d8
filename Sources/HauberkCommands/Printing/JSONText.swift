import Diagnostics
import FoundationEssentials

/// The JSON form of a result: sorted names, indented, slashes as they are.
enum JSONText {
    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return escaped(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// The same JSON without what a terminal takes for a command: the encoder leaves all but C0 as it is.
    private static func escaped(_ text: String) -> String {
        // How such a character, all of which have four digits, begins in UTF-8.
        guard text.utf8.contains(where: { $0 == 0x7f || $0 == 0xc2 || $0 == 0xe2 || $0 == 0xef }) else { return text }
        return text.unicodeScalars.reduce(into: "") { text, scalar in
            guard scalar != "\n", isInvisible(scalar) else { return text.unicodeScalars.append(scalar) }
            let digits = String(scalar.value, radix: 16)
            text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }
}
