import TestSupport
import Testing

/// Files as a merge leaves them that takes each from one of two branches, of which one has begun a rotation of web.
@Suite struct RotationMergeTests {
    /// What a merge takes from the branch that rotates, what is found then, and what `ledger reconcile` does about it.
    struct Merge: Sendable, CustomTestStringConvertible {
        let taken: [String]
        let findings: [String]
        let done: String

        var testDescription: String { taken.joined(separator: ", ") }
    }

    private static let unsigned = "mesh.lock:8:6: warning: the ledger does not know the key of peer \"web\", epoch 2"
    private static let surplus =
        "mesh.lock:7:6: warning: the ledger has a valid key of peer \"web\", epoch 2, which the lock file has not"
    private static let stray =
        "mesh.keys:8:1: warning: the keyring has a key of peer \"web\", epoch 2, which the lock file has not"
    private static let merges = [
        Merge(taken: ["lock", "keys"], findings: [unsigned], done: "added: found web epoch=2 "),
        Merge(taken: ["ledger"], findings: [surplus], done: "added: retired web epoch=2\n"),
        Merge(taken: ["keys"], findings: [stray], done: "removed: the keyring's key of web, epoch 2\n"),
        Merge(
            taken: ["ledger", "keys"], findings: [stray, surplus],
            done: "added: retired web epoch=2\nremoved: the keyring's key of web, epoch 2\n"),
    ]

    private func files(_ scene: OperatorsScene) -> [String: String] {
        var files: [String: String] = [:]
        for name in ["lock", "keys", "ledger"] { files[name] = text("\(scene.mesh)/mesh.\(name)") }
        return files
    }

    /// The lock file's line of the ledger, which is to be that of the ledger.
    private func ledgerLine(_ files: [String: String]) throws -> String {
        let lines = try #require(files["lock"]).split(separator: "\n")
        return String(try #require(lines.first { $0.hasPrefix("ledger ") }))
    }

    private func merge(_ scene: OperatorsScene, _ taken: [String], _ ours: [String: String]) throws {
        let theirs = files(scene)
        for name in ["lock", "keys", "ledger"] {
            var text = try #require((taken.contains(name) ? theirs : ours)[name])
            if name == "lock" {
                let line = try ledgerLine(taken.contains("ledger") ? theirs : ours)
                for side in [ours, theirs] { text = text.replacing(try ledgerLine(side), with: line) }
            }
            try save(text, to: "\(scene.mesh)/mesh.\(name)")
        }
    }

    private func run(_ words: [String], _ scene: OperatorsScene) throws -> ProgramEnd {
        try BuiltProgram("hauberk").run(words + ["--mesh", scene.mesh], in: scene.folder)
    }

    @Test(arguments: merges)
    func `a next key that a merge has left in some of the files is found, and is signed or goes`(merge: Merge) throws {
        try OperatorsScene.with { scene in
            let yaml = "\(scene.mesh)/mesh.yaml"
            try save(try #require(text(yaml)) + "rotation: {}\n", to: yaml)
            let ours = files(scene)
            try scene.does(["rotate", "web"], as: "alice")
            try self.merge(scene, merge.taken, ours)
            for (words, status) in [(["ledger", "verify"], 1), (["check"], 0)] as [([String], Int32)] {
                let end = try run(words, scene)
                #expect(end.status == status, "\(words): \(end.errors)")
                let found = end.errors.split(separator: "\n").filter { !$0.hasPrefix("  hint: ") }
                #expect(found.map(String.init) == merge.findings.map { $0 + " [ledger-disagreement]" }, "\(words)")
            }
            let done = try scene.does(["ledger", "reconcile"], as: "alice")
            #expect(done.hasPrefix(merge.done), "\(done)")
            #expect(try scene.sealed("key web ").count == (merge.taken.contains("lock") ? 2 : 1))
            // The rotation goes on, or another one begins.
            if !merge.taken.contains("lock") { try scene.does(["rotate", "web"], as: "alice") }
            for _ in 0..<2 { try scene.does(["rotate", "advance", "--acknowledged", "all"], as: "alice") }
            for words in [["ledger", "verify"], ["check"]] {
                let end = try run(words, scene)
                #expect(end.status == 0 && end.errors == "", "\(words): \(end.errors)")
            }
            #expect(try scene.does(["ledger", "reconcile"], as: "alice") == "nothing to add\n")
        }
    }
}
