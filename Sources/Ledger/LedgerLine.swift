import Keys
package import MeshFiles

/// One line of a ledger, of the right form; whether it is genuine is ``Ledger/examine(_:)``'s to say.
///
///     NUMBER TIME OPERATOR FINGERPRINT EVENT… FORMER SIGNATURE
///
/// FORMER is the BLAKE2b-256 of the whole former line with its line feed (of the two lines of the header, for number
/// 1). SIGNATURE is the operator's over `hauberk-ledger-line 1`, a line feed, `mesh ID`, a line feed, and the line up
/// to and with FORMER.
package struct LedgerLine: Sendable {
    /// From 1.
    package let number: UInt32
    package let time: UTCTime
    /// Who signed.
    package let operatorName: String
    /// Of that operator's key.
    package let fingerprint: String
    package let event: LedgerEvent
    let former: Digest256
    let signature: Signature
    /// The whole line with its line feed, in the ledger's bytes.
    var range: Range<Int>

    /// The fields that stand around the event.
    enum Field {
        case number, time, signer, event, former, signature
    }

    /// What is signed besides the words of the matter.
    static func message(_ meshID: MeshID, _ body: some Collection<UInt8>) -> [UInt8] {
        var message: [UInt8] = []
        message.reserveCapacity(38 + body.count)
        message += "mesh ".utf8
        message += meshID.description.utf8
        message.append(UInt8(ascii: "\n"))
        message += body
        return message
    }
}
