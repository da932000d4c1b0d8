import Glibc
import TestSupport
import Testing

/// The ledger as commands write it, step by step.
@Suite struct LedgerCommandTests {
    /// The words of every line between the fingerprint and the digest, keys left out.
    private func events(_ scene: OperatorsScene) throws -> [String] {
        try #require(text("\(scene.mesh)/mesh.ledger")).split(separator: "\n").dropFirst(2).map { line in
            let fields = line.split(separator: " ")
            let words = fields[4..<fields.count - 2].filter { $0.utf8.count < 44 }
            return ([fields[2]] + words).joined(separator: " ")
        }
    }

    private func verify(_ scene: OperatorsScene) throws -> ProgramEnd { try scene.tries(["ledger", "verify"]) }

    @Test func `each change of a key is a line, signed by who made it, and nothing else is`() throws {
        try OperatorsScene.with { scene in
            let bob = try scene.key(of: "bob")
            try scene.does(["operator", "add", "bob", bob], as: "alice")
            try scene.does(["rename", "web", "www"], as: "bob")
            try scene.does(["set", "db", "--public-key", CrashTests.heldKey], as: "bob")
            try scene.does(["remove", "laptop"], as: "alice")
            try scene.does(["operator", "remove", "bob"], as: "alice")
            let before = try #require(text("\(scene.mesh)/mesh.ledger"))
            // What changes no key asks for no identity, and leaves the ledger alone.
            try scene.does(["set", "db", "--public", "203.0.113.77"], as: "nobody")
            try scene.does(["disable", "db"], as: "nobody")
            #expect(text("\(scene.mesh)/mesh.ledger") == before)
            #expect(
                try events(scene) == [
                    "alice genesis", "alice preshared epoch=1", "alice key web epoch=1", "alice key db epoch=1",
                    "alice key laptop epoch=1", "alice operator-added bob", "bob renamed web www",
                    "bob key db epoch=2", "bob retired db epoch=1", "alice removed laptop",
                    "alice operator-removed bob",
                ])
            let end = try verify(scene)
            #expect(end.status == 0, "\(end.errors)")
            #expect(end.output.contains("11 lines of the ledger, all genuine"))
            let shown = try scene.does(["ledger", "web", "--mesh", scene.mesh])
            #expect(shown.contains("www<-web"))
            #expect(try scene.does(["--mesh", scene.mesh, "ledger"]).split(separator: "\n").count == 5)
        }
    }

    @Test(.enabled(if: hasPython, "skipped: there is no python3"))
    func `a verifier that shares no line with the program agrees, and finds each changed line`() throws {
        try OperatorsScene.with { scene in
            try scene.does(["operator", "add", "bob", try scene.key(of: "bob")], as: "alice")
            try scene.does(["remove", "laptop"], as: "bob")
            let path = "\(scene.mesh)/mesh.ledger"
            let check = "python3 '\(testFolder)/Fixtures/verify-ledger.py' '\(scene.mesh)'"
            let good = run(check, in: scene.folder, tools: "/usr/bin")
            #expect(good.status == 0 && good.output == ["7"], "\(good.errors)")
            let whole = try #require(text(path))
            let rows = whole.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            for index in 0..<rows.count - 1 {
                var changed = rows
                changed.remove(at: index)
                try save(changed.joined(separator: "\n"), to: path)
                #expect(run(check, in: scene.folder, tools: "/usr/bin").status == 1, "line \(index + 1) is gone")
                #expect(try verify(scene).status == 1, "line \(index + 1) is gone")
            }
        }
    }

    @Test func `a mesh without a ledger has none until somebody begins it`() throws {
        try OperatorsScene.with { scene in
            unlink("\(scene.mesh)/mesh.ledger")
            let lock =
                try #require(text("\(scene.mesh)/mesh.lock")).split(separator: "\n")
                .filter { !$0.hasPrefix("ledger ") }.joined(separator: "\n") + "\n"
            try save(lock.replacing("hauberk-lock 2", with: "hauberk-lock 1"), to: "\(scene.mesh)/mesh.lock")
            let checked = try scene.tries(["check"])
            #expect(checked.status == 0 && checked.errors.isEmpty, "\(checked.errors)")
            try scene.does(["set", "web", "--public", "203.0.113.9"], as: "alice")
            #expect(text("\(scene.mesh)/mesh.ledger") == nil)
            try scene.does(["rename", "laptop", "phone"], as: "alice")
            #expect(text("\(scene.mesh)/mesh.ledger") == nil)
            #expect(try #require(text("\(scene.mesh)/mesh.lock")).hasPrefix("hauberk-lock 1\n"))
            let refused = try verify(scene)
            #expect(refused.status == 66 && refused.errors.contains("[ledger-missing]"), "\(refused.errors)")
            try scene.does(["ledger", "reconcile"], as: "alice")
            try scene.does(["rename", "phone", "tablet"], as: "alice")
            #expect(
                try events(scene) == [
                    "alice genesis", "alice preshared epoch=1", "alice found db epoch=1", "alice found phone epoch=1",
                    "alice found web epoch=1", "alice renamed phone tablet",
                ])
            #expect(try verify(scene).status == 0)
        }
    }

    @Test func `an operator whom the ledger does not know may not sign`() throws {
        try OperatorsScene.with { scene in
            let files = try ["ledger", "lock"].map { ($0, try #require(text("\(scene.mesh)/mesh.\($0)"))) }
            try scene.does(["operator", "add", "bob", try scene.key(of: "bob")], as: "alice")
            for (name, text) in files { try save(text, to: "\(scene.mesh)/mesh.\(name)") }
            let refused = try scene.tries(["remove", "web"], as: "bob")
            #expect(refused.status == 77 && refused.errors.contains("[ledger-signer]"), "\(refused.errors)")
            #expect(try scene.tries(["ledger", "reconcile"], as: "bob").status == 77)
            let found = try verify(scene)
            #expect(found.status == 1 && found.errors.contains("[ledger-disagreement]"))
            let added = try scene.does(["ledger", "reconcile"], as: "alice")
            #expect(added.hasPrefix("added: operator-added bob "))
            try scene.does(["remove", "web"], as: "bob")
            #expect(try verify(scene).status == 0)
        }
    }
}

private let hasPython = run("python3 -c ''", in: "/", tools: "/usr/bin").status == 0

extension OperatorsScene {
    /// Runs a command that needs no identity.
    fileprivate func tries(_ arguments: [String]) throws -> ProgramEnd {
        try BuiltProgram("hauberk").run(arguments + ["--mesh", mesh], in: folder)
    }
}
