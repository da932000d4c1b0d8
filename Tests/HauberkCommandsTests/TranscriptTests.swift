import Testing

/// What the README shows is what the program does.
@Suite(.serialized) struct TranscriptTests {
    /// What differs from run to run, by what stands for it.
    private static func masked(_ text: some StringProtocol, _ folder: TranscriptFolder) -> String {
        String(text)
            .replacing("\(folder.path)/home", with: "/home/alice")
            .replacing(#/fd[0-9a-f]{2}:[0-9a-f:]*/#, with: "PREFIX")
            .replacing(#/\d+\.\d s/#, with: "TIME")
    }

    @Test func `the README's transcript is what the program prints`() throws {
        let blocks = MarkdownText(try TranscriptFolder.text(ofRepository: "README.md")).blocks(of: "console")
        #expect(blocks.count == 3 && blocks[0].count == 10)
        for (number, block) in blocks.enumerated() {
            let folder = try TranscriptFolder()
            defer { folder.remove() }
            if number > 0 {
                // All but the first are about the example that the page names.
                try folder.require("mkdir Mesh && cp -r \"$REPOSITORY/Mesh/wordpress\" Mesh/")
                try folder.require(
                    "rm -f Mesh/wordpress/mesh.lock Mesh/wordpress/mesh.keys && hauberk init Mesh/wordpress")
            }
            var printed: [String] = []
            for line in block where line.hasPrefix("$ ") {
                printed.append(line)
                let outcome = try folder.run(String(line.dropFirst(2)))
                #expect(outcome.status == (outcome.output.hasPrefix("no: ") ? 1 : 0), "\(line)")
                printed += outcome.output.split(separator: "\n").map(String.init)
            }
            let shown = block.filter { !$0.isEmpty }
            #expect(printed.map { Self.masked($0, folder) } == shown.map { Self.masked($0, folder) })
        }
    }

    @Test func `the README's quick start brings up servers that all reach each other`() throws {
        let folder = try TranscriptFolder()
        defer { folder.remove() }
        let script = "\"$REPOSITORY/Tests/Transcripts/quickstart.sh\" bin/hauberk \"$REPOSITORY/README.md\""
        let outcome = try folder.run(script)
        #expect(outcome.status == 0, "\(outcome.output)")
        let said = outcome.output.split(separator: "\n").filter { $0.hasPrefix("quickstart: ") }
        #expect(
            said == [
                "quickstart: 24 of 24 pings answered, in both families",
                "quickstart: every server had a handshake with every other",
                "quickstart: another order of the peers renders the same bytes",
                "quickstart: nothing is left behind",
            ])
    }

    @Test func `a new group and several peers of it come in at once`() throws {
        let folder = try TranscriptFolder()
        defer { folder.remove() }
        try folder.require("hauberk init mesh && sed -i '1a groups: {app: {}}' mesh/mesh.yaml")
        try folder.require("printf 'name,public,groups\\na,203.0.113.1,app\\nb,203.0.113.2,app\\n' >list.csv")
        try folder.require("hauberk add --mesh mesh --from list.csv && hauberk check --mesh mesh")
    }

    @Test func `a tree that is copied to a host's root leaves its folders open`() throws {
        let folder = try TranscriptFolder()
        defer { folder.remove() }
        try folder.require("umask 077 && hauberk init mesh && hauberk add a --mesh mesh --public 203.0.113.1")
        try folder.require("umask 077 && hauberk render --mesh mesh --out out")
        let modes = try folder.require("stat -c '%a %n' out out/a out/a/etc out/a/etc/wireguard/wg0.conf")
        #expect(modes == "700 out\n755 out/a\n755 out/a/etc\n600 out/a/etc/wireguard/wg0.conf\n")
    }

    @Test(arguments: ["README.md", "CHANGELOG.md", "Sources/Architecture.md", "Sources/Manual/mesh-file.md"])
    func `every link inside the repository leads somewhere`(page: String) throws {
        let text = try TranscriptFolder.text(ofRepository: page)
        let folder = page.split(separator: "/").dropLast().map { $0 + "/" }.joined()
        let headings = MarkdownText(text).anchors
        let links = text.matches(of: #/\]\(([^)\s]+)\)/#).map { String($0.1) }.filter { !$0.contains("://") }
        #expect(!links.isEmpty)
        for link in links {
            if link.hasPrefix("#") {
                #expect(headings.contains(String(link.dropFirst())), "\(page): \(link)")
            } else {
                let path = "\(TranscriptFolder.repository)/\(folder)\(link.prefix { $0 != "#" })"
                #expect(TranscriptFolder.exists(path), "\(page): \(link)")
            }
        }
    }
}
