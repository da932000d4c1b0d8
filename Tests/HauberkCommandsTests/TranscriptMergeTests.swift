import Testing

/// Two people change one mesh on two branches, and Git merges their lines.
@Suite struct TranscriptMergeTests {
    /// A mesh in a repository, with a peer that each of two branches has added; `main` is checked out, not merged.
    private func branches() throws -> TranscriptFolder {
        let folder = try TranscriptFolder()
        try folder.require(
            """
            git config --global user.name Alice && git config --global user.email alice@example.org
            git init -q -b main team && cd team
            hauberk init . --name team && hauberk add middle --public 203.0.113.1
            echo .hauberk.lock >.gitignore && echo 'mesh.keys merge=union' >.gitattributes
            git add -A && git commit -qm one && git checkout -qb bob
            hauberk add web --public 203.0.113.2 && git commit -qam two && git checkout -q main
            hauberk add db --public 203.0.113.3 && git commit -qam three
            """)
        return folder
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
