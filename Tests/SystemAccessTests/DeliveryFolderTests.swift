import Delivery
import Glibc
import SystemAccess
import TestSupport
import Testing

/// What pushes that were killed have left in an output folder.
@Suite struct DeliveryFolderTests {
    /// The id of a process that is gone.
    private func gone() async throws -> Int {
        let end = try await ProcessRunner().run(ToolRun("sh", ["-c", "echo $$"]))
        return try #require(Int(end.outputText.dropLast()))
    }

    @Test func `what a killed push was writing goes, and all else stays`() async throws {
        let dead = try await gone()
        try withTemporaryFolder { out in
            let record = DeliveryFolder(out: out, mesh: "pair")
            try record.removeAbandoned()
            #expect(tree(out) == [])
            try record.write([0x61], of: "h1")
            let folder = "\(out)/.hauberk/pair/delivered"
            let kept = [".h1~\(getpid())", ".h1~", ".h1~\(dead)x", ".h1~-\(dead)", "h1", "h1~\(dead)"]
            for name in kept where name != "h1" { try save("x", to: "\(folder)/\(name)") }
            for name in [".h1~\(dead)", ".h~2~\(dead)"] { try save("x", to: "\(folder)/\(name)") }
            try record.removeAbandoned()
            #expect(tree(folder) == kept.sorted())
            #expect(try record.bytes(of: "h1") == [0x61])
        }
    }

    @Test func `trees that another push is keeping stay, and those of a killed one go`() async throws {
        let dead = try await gone()
        try withTemporaryFolder { out in
            let trees = DeliveredTrees(out: out, mesh: "pair")
            let file = HostFile(path: "etc/a", mode: 0o600, bytes: [0x61])
            // A name that starts with a dot and ends in a process is one of those.
            for name in ["h1", ".h2~\(getpid())", ".h2~\(dead)", "h3"] { try trees.keep([file], of: name) }
            try trees.forget(allBut: ["h1"], common: [])
            #expect(tree("\(out)/\(trees.folder)") == [".h2~\(getpid())/etc/a", "h1/etc/a"])
        }
    }
}
