import Diagnostics
import Keys
import MeshFiles
import TestSupport
import Testing

@testable import Ledger

@Suite struct LedgerTests {
    private func random(_ count: Int, _ random: inout SeededRandom) throws -> Writer {
        var writer = try Writer()
        for _ in 0..<count { try writer.appendRandom(&random) }
        return writer
    }

    @Test func `what was appended reads back to the same bytes, lines and state`() throws {
        var random = SeededRandom.replayable(1, for: "round trip")
        for _ in 0..<20 {
            let writer = try self.random(30, &random)
            let again = try Ledger(parsing: writer.ledger.bytes, file: "mesh.ledger")
            #expect(again.bytes == writer.ledger.bytes && again.head == writer.ledger.head)
            #expect(again.lines.map(\.event) == writer.ledger.lines.map(\.event))
            let (state, found) = again.examine(.signatures)
            #expect(found.isEmpty)
            #expect(state.keys == writer.state.keys && state.operators == writer.state.operators)
            // Of each peer, the lock file has the last key alone.
            let former = state.keys.sorted { $0.key < $1.key }.flatMap { name, keys in
                keys.dropLast().map { LedgerEvent.retired(peer: name, epoch: $0.epoch) }
            }
            #expect(state.missing(for: writer.lock, operators: writer.operators) == former)
            #expect(again.headFinding(in: writer.lock, file: "mesh.lock") == nil)
        }
    }

    @Test func `every changed byte is found`() throws {
        var random = SeededRandom.replayable(2, for: "bytes")
        for _ in 0..<12 {
            let writer = try self.random(12, &random)
            let (text, lock) = (writer.ledger.bytes, writer.lock)
            for _ in 0..<150 {
                var changed = text
                let place = Int.random(in: text.indices, using: &random)
                // One bit, one character that looks like a field, or one byte more or less.
                switch Int.random(in: 0..<4, using: &random) {
                case 0: changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 1: changed[place] = try #require(Array("09azAZ_-/+= \n".utf8).randomElement(using: &random))
                case 2: changed.remove(at: place)
                default: changed.insert(try #require(text.randomElement(using: &random)), at: place)
                }
                guard changed != text else { continue }
                let found = findings(changed, lock)
                #expect(found.contains { $0.severity == .error }, "byte \(place)")
                #expect(found.allSatisfy { $0.location?.line != nil && $0.location?.column != nil })
            }
        }
    }

    @Test func `every line that is removed, repeated, moved, cut or taken from another ledger is found`() throws {
        var random = SeededRandom.replayable(3, for: "lines")
        for _ in 0..<25 {
            let (writer, other) = (try self.random(15, &random), try self.random(15, &random))
            let rows = lines(writer.ledger.bytes)
            let strange = lines(other.ledger.bytes)
            for _ in 0..<40 {
                var changed = rows
                let a = Int.random(in: rows.indices, using: &random)
                let b = Int.random(in: rows.indices, using: &random)
                switch Int.random(in: 0..<6, using: &random) {
                case 0: changed.remove(at: a)
                case 1: changed.insert(rows[a], at: b)
                case 2: changed.swapAt(a, b)
                case 3: changed.removeSubrange(min(a, b)..<max(a, b) + 1)
                case 4: changed[a] = strange[a]
                default: changed.removeLast(rows.count - a)
                }
                guard changed != rows else { continue }
                let found = findings(changed.flatMap { $0 }, writer.lock)
                #expect(found.contains { $0.severity == .error }, "lines \(a) and \(b)")
            }
        }
    }

    @Test func `who has every file but no operator's key cannot add a line`() throws {
        var writer = try Writer()
        let (lock, mallory) = (writer.lock, Identity.generate())
        // A false alice who writes a chain that fits, and the lock file to it.
        writer.identities["alice"] = mallory
        var forged = writer.ledger
        var state = LedgerState()
        try state.apply(.genesis(mallory.publicKey), by: "alice")
        try forged.append(
            [.operatorAdded(KeyringOperator(name: "mallory", key: Identity.generate().publicKey))], to: &state,
            as: Ledger.Signer(name: "alice", identity: mallory), at: noon)
        var bent = lock
        bent.ledger = forged.lockedHead
        #expect(findings(forged.bytes, bent).map(\.id) == [.ledgerSigner])
        #expect(throws: Failure.self) { try writer.append([.preshared(epoch: 2)], by: "alice") }
    }

    @Test func `an operator signs until the line that removes them, and from the line that adds them`() throws {
        var writer = try Writer()
        writer.identities["bob"] = .generate()
        #expect(throws: Failure.self) { try writer.append([.preshared(epoch: 2)], by: "bob") }
        let bob = KeyringOperator(name: "bob", key: try #require(writer.identities["bob"]).publicKey)
        try writer.append([.operatorAdded(bob)], by: "alice")
        try writer.append([.preshared(epoch: 2)], by: "bob")
        try writer.append([.operatorRemoved(bob)], by: "bob")
        #expect(findings(writer.ledger.bytes, writer.lock).isEmpty)
        #expect(throws: Failure.self) { try writer.append([.preshared(epoch: 3)], by: "bob") }
    }

    @Test func `two branches in one file are named as a fork, with the place`() throws {
        var ours = try Writer()
        try ours.append([.key(ours.freshKey(of: "web"))], by: "alice")
        var theirs = ours
        try ours.append([.preshared(epoch: 2)], by: "alice")
        try theirs.append([.preshared(epoch: 3)], by: "alice")
        let union = ours.ledger.bytes + (try #require(lines(theirs.ledger.bytes).last))
        let found = findings(union, ours.lock)
        #expect(found.map(\.id) == [.ledgerFork, .ledgerHead])
        #expect(found.first?.location?.line == 7)
        #expect(found.first?.hint?.contains("reconcile") == true)
    }

    @Test func `a clock that went back is a warning, and nothing more`() throws {
        var writer = try Writer()
        writer.time = at(noon.seconds - 60)
        try writer.append([.preshared(epoch: 2)], by: "alice")
        let found = findings(writer.ledger.bytes, writer.lock)
        #expect(found.map(\.id) == [.ledgerClock])
        #expect(found.first?.severity == .warning)
        #expect(found.first?.location?.description == "mesh.ledger:5:3")
    }

    @Test func `a key that a hand put into the lock file is found, and its line`() throws {
        var writer = try Writer()
        try writer.append([.key(writer.freshKey(of: "web")), .key(writer.freshKey(of: "db"))], by: "alice")
        var lock = writer.lock
        let key = PrivateKey.generate(count: 1).publicKeys[0].description
        lock.peers["web"]?.publicKey = key
        lock.peers["db"] = nil
        let found = writer.state.disagreements(
            with: lock, operators: writer.operators, text: LockText(lock.text, file: "mesh.lock"))
        #expect(found.map(\.id) == [.ledgerDisagreement, .ledgerDisagreement, .ledgerDisagreement])
        #expect(found.contains { $0.location?.description == "mesh.lock:5:6" })
        // What is missing makes it agree.
        try writer.append(writer.state.missing(for: lock, operators: writer.operators), by: "alice")
        #expect(writer.state.missing(for: lock, operators: writer.operators) == [])
        #expect(writer.ledger.examine(.signatures).findings.isEmpty)
    }

    @Test func `a signature is for the ledger and one mesh alone`() throws {
        let identity = Identity.generate()
        let message = Array("a line".utf8)
        let signature = identity.sign(.ledgerLine, message)
        #expect(identity.publicKey.hasSigned(.ledgerLine, message, signature))
        #expect(!identity.publicKey.hasSigned(.ledgerLine, message + [0], signature))
        #expect(!Identity.generate().publicKey.hasSigned(.ledgerLine, message, signature))
        #expect(String(describing: identity).contains("signing") == false)
        var dumped = ""
        dump(identity, to: &dumped)
        #expect(dumped.split(separator: "\n").count == 1)
        var writer = try Writer()
        try writer.append([.preshared(epoch: 2)], by: "alice")
        let other = String(decoding: writer.ledger.bytes, as: UTF8.self)
            .replacing(mesh.description, with: "00000000000000000000000000000000")
        var lock = writer.lock
        lock.meshID = [UInt8](repeating: 0, count: 16)
        #expect(findings(Array(other.utf8), lock).contains { $0.id == .ledgerSignature })
    }

    @Test func `a thousand lines more on ten thousand are appended and all verified in time`() throws {
        var writer = try Writer()
        let clock = ContinuousClock()
        let first = (0..<10_000).map { LedgerEvent.found(writer.freshKey(of: "peer-\($0)")) }
        try writer.append(first, by: "alice")
        let (text, lock) = (writer.ledger.bytes, writer.lock)
        let author = try LedgerChange.Author(
            try #require(writer.identities["alice"]), among: writer.operators, at: noon)
        let events = (0..<1000).map { index in LedgerEvent.key(writer.freshKey(of: "new-\(index)")) }
        let appending = try clock.measure {
            var change = try LedgerChange(text, file: "mesh.ledger", of: lock, by: author)
            try change.append(events)
            #expect(change.result.head.lines == 11_002)
        }
        let verifying = clock.measure { #expect(findings(text, lock).isEmpty) }
        print("ledger: 1,000 lines appended to \(text.count) bytes in \(appending), 10,002 verified in \(verifying)")
        #expect(appending < .seconds(10) && verifying < .seconds(20))
    }
}
