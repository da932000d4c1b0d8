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

    private mutating func takeHolder(_ line: inout FieldLine, of peer: LockedPeer) -> LockedPeer? {
        var peer = peer
        if let held = line.take(after: "held=") {
            guard held.elementsEqual("peer".utf8) else {
                report(.lockInvalidField, line, "\(quoted(line.text)) does not hold a key; only \"peer\" can")
                return nil
            }
            peer.holder = .peer
        }
        return takeRotation(&line, of: peer)
    }

    private mutating func takeRotation(_ line: inout FieldLine, of peer: LockedPeer) -> LockedPeer? {
        var peer = peer
        guard let spent = takeSpent(&line, after: peer.epoch) else { return nil }
        peer.spent = spent.epoch
        if let since = line.take(after: "since=") {
            peer.since = time(since, line)
            if peer.since == nil { return nil }
        }
        if let next = line.take(after: "next=") {
            let key = String(decoding: next, as: UTF8.self)
            guard FieldValue.isKey(next), !PublicKeyText.isOfSmallOrder(key), peer.holder == .program else {
                report(.lockInvalidField, line, "the next public key is none, or of a peer that keeps its own")
                return nil
            }
            peer.next = key
        }
        if let word = line.take(after: "rotation=") {
            peer.progress = RotationProgress(rawValue: String(decoding: word, as: UTF8.self))
            if peer.progress == nil {
                report(.lockInvalidField, line, "\(quoted(line.text)) is neither \"ready\" nor \"absent\"")
                return nil
            }
        }
        return peer
    }

    /// The last epoch, where a rotation that was taken back had it; nil when it is none after the present one.
    mutating func takeSpent(_ line: inout FieldLine, after epoch: UInt32) -> (epoch: UInt32?, Void)? {
        guard let field = line.take(after: "spent=") else { return (nil, ()) }
        if let spent = FieldValue.epoch(field), spent > epoch { return (spent, ()) }
        report(.lockInvalidField, line, "\(quoted(line.text)) is no epoch after \(epoch)")
        return nil
    }

    mutating func time(_ field: UnsafeBufferPointer<UInt8>, _ line: FieldLine) -> UTCTime? {
        if let time = UTCTime(parsing: field) { return time }
        report(.lockInvalidField, line, "\(quoted(line.text)) is not a time like 2026-11-21T05:00:00Z")
        return nil
    }

    mutating func takeRunning(_ line: inout FieldLine) -> LockedRotation.Running? {
        guard let word = line.take(), let stage = RotationStage(rawValue: String(decoding: word, as: UTF8.self)) else {
            let stages = RotationStage.allCases.map(\.rawValue).joined(separator: ", ")
            report(.lockInvalidField, line, "\(quoted(line.text)) is no stage of a rotation (\(stages))")
            return nil
        }
        guard let begun = line.take(after: "begun=") else {
            report(.lockMalformedLine, line, "\"begun=TIME\" is missing here")
            return nil
        }
        guard let start = time(begun, line) else { return nil }
        guard let deadline = line.take(after: "deadline=") else {
            report(.lockMalformedLine, line, "\"deadline=TIME\" is missing here")
            return nil
        }
        guard let end = time(deadline, line) else { return nil }
        var running = LockedRotation.Running(stage: stage, begun: start, deadline: end, rotatesPreshared: false)
        while !line.isAtEnd, let word = line.take() {
            if word.elementsEqual("preshared".utf8), !running.rotatesPreshared, !running.isAgain, !running.isAborting {
                running.rotatesPreshared = true
            } else if word.elementsEqual("again".utf8), stage == .switched, !running.isAgain, !running.isAborting {
                running.isAgain = true
            } else if word.elementsEqual("aborting".utf8), !running.isAborting {
                running.isAborting = true
            } else {
                report(.lockMalformedLine, line, "\(quoted(line.text)) does not belong here")
                return nil
            }
        }
        return running
    }

    mutating func endsHere(_ line: inout FieldLine) -> Bool {
        if line.isAtEnd { return true }
        _ = line.take()
        report(.lockMalformedLine, line, "one field too many: \(quoted(line.text))")
        return false
    }
}
