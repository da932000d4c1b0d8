import Addresses
import Diagnostics

// The fields that several kinds share.
extension LockReader {
    mutating func takeName(_ line: inout FieldLine) -> String? {
        if let name = line.take().flatMap(FieldValue.name) { return name }
        report(.lockInvalidField, line, "\(quoted(line.text)) is not a name")
        return nil
    }

    mutating func takePeer(_ line: inout FieldLine) -> LockedPeer? {
        var peer = LockedPeer(v4: nil, v6: nil, publicKey: "")
        while line.isAddressNext, let field = line.take() {
            guard let address = try? IPAddress(parsing: field.span), peer.v6 == nil,
                address.family == .v6 || peer.v4 == nil
            else {
                report(.lockInvalidField, line, "\(quoted(line.text)) is not an address (one IPv4, then one IPv6)")
                return nil
            }
            if address.family == .v4 { peer.v4 = address } else { peer.v6 = address }
        }
        guard let key = line.take(after: "key=") else {
            report(.lockMalformedLine, line, "\"key=PUBLIC-KEY\" is missing here")
            return nil
        }
        guard FieldValue.isKey(key) else {
            report(.lockInvalidField, line, "the public key is not 44 characters of base64")
            return nil
        }
        peer.publicKey = String(decoding: key, as: UTF8.self)
        if PublicKeyText.isOfSmallOrder(peer.publicKey) {
            report(.lockInvalidField, line, "the public key is a point of small order, which is nobody's key")
            return nil
        }
        guard let epoch = line.take(after: "epoch=") else {
            report(.lockMalformedLine, line, "\"epoch=NUMBER\" is missing here")
            return nil
        }
        guard let number = FieldValue.epoch(epoch) else {
            report(.lockInvalidField, line, "\(quoted(line.text)) is not an epoch")
            return nil
        }
        peer.epoch = number
        return takeHolder(&line, of: peer)
    }

    mutating func takeHolder(_ line: inout FieldLine, of peer: LockedPeer) -> LockedPeer? {
        var peer = peer
        guard let held = line.take(after: "held=") else { return peer }
        guard held.elementsEqual("peer".utf8) else {
            report(.lockInvalidField, line, "\(quoted(line.text)) does not hold a key; only \"peer\" can")
            return nil
        }
        peer.holder = .peer
        return peer
    }

    mutating func endsHere(_ line: inout FieldLine) -> Bool {
        if line.isAtEnd { return true }
        _ = line.take()
        report(.lockMalformedLine, line, "one field too many: \(quoted(line.text))")
        return false
    }
}
