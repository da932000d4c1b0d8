import Testing

/// Two people change one mesh on two branches, and Git merges their lines.
@Suite struct TranscriptMergeTests {
    /// A mesh in a repository, with a peer that each of two branches has added; `main` is checked out, not merged.
    ///
    /// - Parameter beginning: a command after the first peer.
    private func branches(_ beginning: String = "true") throws -> TranscriptFolder {
        let folder = try TranscriptFolder()
        try folder.require(
            """
            git config --global user.name Alice && git config --global user.email alice@example.org
            git init -q -b main team && cd team
            hauberk init . --name team && hauberk add middle --public 203.0.113.1 && \(beginning)
            echo .hauberk.lock >.gitignore && echo 'mesh.keys merge=union' >.gitattributes
            git add -A && git commit -qm one && git checkout -qb bob
            hauberk add web --public 203.0.113.2 && git commit -qam two && git checkout -q main
            hauberk add db --public 203.0.113.3 && git commit -qam three
            """)
        return folder
    }

    private let ledgered = "hauberk ledger reconcile"

    @Test func `a merge of the ledger by line is a fork, and is told with what to do`() throws {
        let folder = try branches(ledgered)
        defer { folder.remove() }
        let merged = try folder.run("cd team && echo 'mesh.ledger merge=union' >>.gitattributes && git merge -q bob")
        #expect(merged.status == 1, "\(merged.output)")
        try folder.require("cd team && sed -i '/^[<=>]\\{7\\}/d' mesh.lock && chmod 600 mesh.keys")
        let found = try folder.run("cd team && hauberk check")
        #expect(found.status == 65)
        #expect(found.output.contains("[lock-order]") && found.output.contains("`hauberk ledger reconcile`"))
        try folder.require("cd team && sed -i '/^ledger /{N;s/.*\\n//}; /^peer web /d' mesh.lock")
        let forked = try folder.run("cd team && hauberk ledger verify")
        #expect(forked.status == 1)
        #expect(forked.output.contains("[ledger-fork]"))
    }

    @Test func `keys of two branches are reconciled in the ledger of one`() throws {
        let folder = try branches(ledgered)
        defer { folder.remove() }
        try folder.require("cd team && git merge -q -X ours bob && chmod 600 mesh.keys")
        // Both branches gave the same address; here somebody takes another for one of the two.
        try folder.require("cd team && sed -i '/^peer web /{s/\\.[0-9]* /.77 /;s/::[0-9a-f]* /::77 /}' mesh.lock")
        let found = try folder.run("cd team && hauberk ledger verify")
        #expect(found.status == 1)
        #expect(found.output.contains("does not know the key of peer \"web\", epoch 1 [ledger-disagreement]"))
        let done = try folder.require("cd team && hauberk ledger reconcile")
        #expect(done.hasPrefix("added: found web epoch=1 ") && done.split(separator: "\n").count == 1)
        try folder.require("cd team && hauberk ledger verify && hauberk check")
        #expect(try folder.require("cd team && hauberk ledger reconcile") == "nothing to add\n")
    }

    @Test func `additions on two branches merge, and one address drawn twice is drawn again`() throws {
        let folder = try branches()
        defer { folder.remove() }
        try folder.require("cd team && git merge -q bob && chmod 600 mesh.keys")
        let found = try folder.run("cd team && hauberk check")
        #expect(found.status == 65)
        #expect(found.output.contains("[lock-duplicate-address]"))
        try folder.require("cd team && sed -i '/^peer web /d' mesh.lock && hauberk render --out ../out")
        let checked = try folder.require("cd team && hauberk check")
        #expect(checked == "team: 3 peers, nothing to report\n")
    }

    @Test func `a lock file taken from one side leaves no key in the way`() throws {
        let folder = try branches()
        defer { folder.remove() }
        try folder.require("cd team && git merge -q bob && git checkout -q HEAD^1 mesh.lock && chmod 600 mesh.keys")
        let rendered = try folder.run("cd team && hauberk render --out ../out")
        #expect(rendered.status == 0, "\(rendered.output)")
        #expect(rendered.lastLine == "../out: 3 written, 0 unchanged, 0 removed")
        let checked = try folder.require("cd team && hauberk check")
        #expect(checked == "team: 3 peers, nothing to report\n")
        #expect(try folder.require("grep -c '^key web ' team/mesh.keys") == "1\n")
    }
}
