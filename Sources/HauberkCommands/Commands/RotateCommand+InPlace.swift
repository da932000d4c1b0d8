import Diagnostics
import Keys
import MeshFiles
import MeshModel
import SystemAccess

/// What keys cost that change in place, as it was measured with wireguard-go and `wg syncconf`.
enum InPlaceCost {
    static let keys = """
        From the moment that one end of a pair has its new file until the other has, and one round trip more, nothing \
        passes between them: hosts that were 0.2, 1 and 5 s apart were silent for 0.7, 3.1 and 15 s.
        """
    static let presharedKeys = """
        Preshared keys cost nothing while sessions are alive and both ends have the new one within 60 s; 70 s apart was \
        5 s of silence, 100 s apart 35 s. A pair without a session is silent until both have it.
        """
}

extension RotateCommand.Begin {
    /// `rotate --simple`
    func replaceInPlace() throws {
        let keys = all || !names.isEmpty
        try agree(
            "This changes keys in place. "
                + ((keys ? [InPlaceCost.keys] : []) + (presharedKeys ? [InPlaceCost.presharedKeys] : []))
                .joined(separator: " "))
        let turn = try change.rotation("hauberk rotate --simple").run { turn in
            try turn.step.requireIdle()
            try requireSubjects(turn)
            let drawn = turn.draw(all ? turn.step.rotatable : Set(names).sorted())
            turn.step.replace(keys: drawn, presharedKeys: presharedKeys, dated: turn.declared.rotation != nil)
        }
        if all { noteHeld(turn.step) }
        let peers = turn.step.lock.peers
        for name in turn.keys.names { Result.print("\(name): new key, epoch \(peers[name]?.epoch ?? 0)") }
        if presharedKeys { Result.print("preshared keys: epoch \(turn.step.lock.presharedEpoch)") }
        Result.note("next: `hauberk render`, and deliver to all hosts at once")
    }

    /// `rotate --now --compromised PEER`
    func replace(_ name: String) throws {
        try agree(
            "This gives \(quoted(name)) a new key at once. It is cut off from each host until both have their new files. "
                + "A host accepts the old key until it has its own: deliver to all, and to that peer last.")
        var renews = false
        let turn = try change.rotation("hauberk rotate --now").run { turn in
            try turn.loaded.require([name])
            if turn.step.lock.peers[name]?.isHeldByPeer ?? false { try turn.step.requireRotatable([name]) }
            // A pair's key depends on the public keys of both; that of the mesh is known to every peer.
            renews = turn.declared.wireGuard.presharedKeys == .mesh
            let drawn = turn.draw([name])
            turn.step.replace(keys: drawn, presharedKeys: renews, dated: turn.declared.rotation != nil)
        }
        Result.print("\(name): new key, epoch \(turn.step.lock.peers[name]?.epoch ?? 0)")
        if renews {
            Result.print("preshared keys: epoch \(turn.step.lock.presharedEpoch)")
            Result.note("the preshared key of the mesh was on it too. \(InPlaceCost.presharedKeys)")
        }
        if let running = turn.step.running {
            Result.note(
                "the rotation that runs (\(running.phrase)) goes on, and every host is to be delivered to and acknowledged "
                    + "anew")
        }
        Result.note("next: `hauberk render`, and deliver to all hosts at once")
    }

    /// Says what it costs, and goes on with `--yes` or a `yes` on the terminal.
    private func agree(_ cost: String) throws {
        if yes { return Result.note(cost) }
        var answer = [UInt8](repeating: 0, count: 64)
        let count: Int
        do {
            count = try answer.withUnsafeMutableBytes {
                try PassphrasePrompt(isShown: true).ask("\(cost)\nGo on? yes or no: ", into: $0)
            }
        } catch let failure as Failure where failure.status == .usage {
            throw Failure(
                .usage, .rotationConsent, "keys that change in place interrupt connections, and nobody agreed to that",
                hint: "repeat with --yes")
        }
        guard answer.prefix(count).elementsEqual("yes".utf8) else {
            throw Failure(.no, .rotationConsent, "not agreed to: nothing was changed")
        }
    }
}
