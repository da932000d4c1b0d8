import Addresses
package import Diagnostics

extension LockFile {
    /// The file's bytes: header, mesh, ledger, preshared, rotation, then groups, peers and gone peers, each kind sorted by the bytes of
    /// the names (gone peers of one name by time). Ends in a line feed.
    package var text: [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(256 + 160 * (peers.count + gone.count) + 80 * groups.count)
        output += "hauberk-lock \(format)\nmesh \(name) ".utf8
        for byte in meshID { output += [Self.hexDigit(byte >> 4), Self.hexDigit(byte & 15)] }
        if let ledger { output += "\nledger \(ledger.lines) \(ledger.head)".utf8 }
        output += "\npreshared \(presharedEpoch)".utf8
        if let presharedSpent { output += " spent=\(presharedSpent)".utf8 }
        if let presharedSince { output += " since=\(presharedSince)".utf8 }
        if let rotation { output += "\nrotation \(rotation.text)".utf8 }
        output += "\n".utf8
        for (name, group) in groups.sorted(by: { $0.key < $1.key }) {
            output += "group ".utf8
            output += name.utf8
            for block in [group.v4, group.v6] {
                guard let block else { continue }
                output.append(UInt8(ascii: " "))
                block.append(to: &output)
            }
            output.append(UInt8(ascii: "\n"))
        }
        for (name, peer) in peers.sorted(by: { $0.key < $1.key }) {
            Self.append("peer ", name, peer, to: &output)
            output.append(UInt8(ascii: "\n"))
        }
        appendGone(to: &output)
        return output
    }

    /// The first format that has everything that is here.
    private var format: UInt32 {
        if presharedSpent != nil || peers.values.contains(where: { $0.spent != nil }) { return 4 }
        let rotates = rotation != nil || presharedSince != nil
        if rotates || peers.values.contains(where: { $0.since != nil || $0.next != nil || $0.progress != nil }) {
            return 3
        }
        return ledger == nil ? 1 : 2
    }

    private func appendGone(to output: inout [UInt8]) {
        let lines = gone.map { gone in
            var line: [UInt8] = []
            Self.append("gone ", gone.name, gone.peer, to: &line)
            line += " removed=\(gone.removed)\n".utf8
            return (gone.name, gone.removed, line)
        }
        let sorted = lines.sorted {
            ($0.0, $0.1) == ($1.0, $1.1) ? $0.2.lexicographicallyPrecedes($1.2) : ($0.0, $0.1) < ($1.0, $1.1)
        }
        for line in sorted { output += line.2 }
    }

    private static func append(_ kind: String, _ name: String, _ peer: LockedPeer, to output: inout [UInt8]) {
        output += kind.utf8
        output += name.utf8
        if let address = peer.v4 {
            output.append(UInt8(ascii: " "))
            address.append(to: &output)
        }
        if let address = peer.v6 {
            output.append(UInt8(ascii: " "))
            address.append(to: &output)
        }
        output += " key=".utf8
        output += peer.publicKey.utf8
        output += " epoch=".utf8
        output += String(peer.epoch).utf8
        if peer.holder == .peer { output += " held=peer".utf8 }
        if let spent = peer.spent { output += " spent=\(spent)".utf8 }
        if let since = peer.since { output += " since=\(since)".utf8 }
        if let next = peer.next { output += " next=\(next)".utf8 }
        if let progress = peer.progress { output += " rotation=\(progress.rawValue)".utf8 }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}

extension LockFile {
    /// Reads the bytes of `mesh.lock`. Lines in another order than the printed one, and a missing last line feed, are
    /// accepted. `parsing` what ``text`` prints gives an equal value.
    /// - Throws: a failure of status `meshInvalid` with every finding.
    package init(parsing bytes: [UInt8], file: String) throws(Failure) {
        let reader = bytes.withUnsafeBufferPointer { LockReader($0, file: file) }
        guard reader.findings.isEmpty else { throw Failure(.meshInvalid, reader.findings) }
        self = reader.lock
    }
}
