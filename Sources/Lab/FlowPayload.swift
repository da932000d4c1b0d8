/// What a flow carries: a query in plaintext, as a database client would send it, with the number of the question.
///
/// The text tells a listener on the wire which network it was meant for, so that one found in plaintext is a leak or not.
struct FlowPayload: Sendable {
    /// Of this run alone: what an earlier one left in a buffer is not taken for an answer.
    let nonce = UInt64.random(in: .min ... .max)

    static let sizeLimit = 80

    /// How the text of everything begins that only a tunnel may carry.
    var secretMark: [UInt8] { Array("hbk-secret-\(digits)".utf8) }
    /// How the text of everything else begins.
    var openMark: [UInt8] { Array("hbk-open-\(digits)".utf8) }

    private var digits: String {
        let text = String(nonce, radix: 16)
        return String(repeating: "0", count: 16 - text.utf8.count) + text
    }

    func bytes(question: Int, isSecret: Bool) -> [UInt8] {
        Array("SELECT '".utf8) + (isSecret ? secretMark : openMark) + Array("-\(question)'".utf8)
    }

    /// The number of the question; nil for anything that is not of this run.
    func question(in bytes: ArraySlice<UInt8>) -> Int? {
        guard let end = bytes.lastIndex(of: UInt8(ascii: "'")),
            let dash = bytes[..<end].lastIndex(of: UInt8(ascii: "-"))
        else { return nil }
        let mark = bytes[..<dash].dropFirst(8)
        guard mark.elementsEqual(secretMark) || mark.elementsEqual(openMark) else { return nil }
        return Int(String(decoding: bytes[(dash + 1)..<end], as: UTF8.self))
    }
}
