import Testing

/// What pushes keep of hosts and `plan --delivered` makes of it, with the built program and an ssh that is played.
@Suite struct DeliveredTests {
    private func push(_ folder: TranscriptFolder, _ words: String = "") throws {
        try folder.require("hauberk --mesh m render --out out && hauberk --mesh m push --out out \(words)")
    }

    private func plan(_ folder: TranscriptFolder, _ words: String = "") throws -> TranscriptFolder.Outcome {
        try folder.run("hauberk --mesh m plan --out out --delivered --exit-code \(words)")
    }

    private static let nothing = "trio: nothing changes on 3 hosts, and no flow\n"

    @Test(arguments: ["", "--behind", "a1 b1"])
    func `a change of some hosts leaves all of one state of the mesh`(words: String) throws {
        let folder = try TranscriptFolder.trio()
        defer { folder.remove() }
        try push(folder)
        #expect(try plan(folder).output == Self.nothing)
        try folder.require("sed -i 's/80.tcp/81\\/tcp/' m/mesh.yaml")
        let files = "find out/c1 -type f -exec sha256sum {} + | sort"
        let before = try folder.require(files)
        try push(folder, words)
        #expect(try folder.require(files) == before, "c1 is another")
        let after = try plan(folder)
        #expect(after.status == 0 && after.output == Self.nothing, "\(after.output)")
    }

    @Test func `an app has what its mesh says, and nothing is to be delivered to it`() throws {
        let folder = try TranscriptFolder.trio(with: "  phone: {groups: [a], platform: app}")
        defer { folder.remove() }
        try push(folder)
        let after = try plan(folder)
        #expect(after.status == 0 && after.output == Self.nothing, "\(after.output)")
    }

    @Test func `a host that is removed is told, with its flows, until nobody has the former mesh`() throws {
        let folder = try TranscriptFolder.trio()
        defer { folder.remove() }
        try push(folder)
        try folder.require("hauberk --mesh m remove a1")
        let summary = try folder.run("hauberk --mesh m plan --out out").output.prefix { $0 != "\n" }
        #expect(summary.hasSuffix("1 removed; flows: 0 to open, 4 to close"), "\(summary)")
        try folder.require("hauberk --mesh m render --out out")
        let removed = "  - a1: no host of the mesh any more\n"
        let before = try plan(folder).output
        #expect(before.hasPrefix(summary) && before.contains(removed), "\(before)")
        try folder.play("exit 1", by: "b1")
        #expect(try folder.run("hauberk --mesh m push --out out").status == 1)
        #expect(try plan(folder).output == before, "nobody has got anything")
        #expect(try folder.run("hauberk --mesh m push --out out c1").status == 0)
        #expect(try plan(folder).output.contains(removed), "b1 has the former mesh")
        try folder.require("rm home/plays/b1 && hauberk --mesh m push --out out")
        let after = try plan(folder)
        #expect(
            after.status == 0 && after.output == "trio: nothing changes on 2 hosts, and no flow\n", "\(after.output)")
        #expect(try folder.require("ls out/.hauberk/trio/sent out/.hauberk/trio/delivered | grep -c a1; true") == "0\n")
    }

    /// Loses the answer to its confirmation.
    private static let lost = """
        case $3 in
        *--status*) echo '{"outcome" : "idle"}'; exit ;;
        *"--confirm --json"*) exit 255 ;;
        esac
        echo 'applied; confirm it within 60 s from another session' >&2
        exit 255
        """

    @Test func `a host that may have either is told as such, and never as a new one`() throws {
        let folder = try TranscriptFolder.trio()
        defer { folder.remove() }
        try push(folder)
        try folder.play(Self.lost, by: "b1")
        try folder.require("sed -i 's/80.tcp/81\\/tcp/' m/mesh.yaml && hauberk --mesh m render --out out")
        let outcome = try folder.run("hauberk --mesh m push --out out b1")
        #expect(outcome.status == 1 && outcome.output.contains("b1    unknown"), "\(outcome.output)")
        let either = "  ? b1: it may have what it had or what it was to get: push to it again\n"
        let before = try plan(folder)
        #expect(before.status == 2 && before.output.contains(either), "\(before.output)")
        #expect(
            before.output.hasPrefix(
                "trio: of 3 hosts, 1 to change, 0 to add, 0 removed, 1 unknown; flows cannot be told: it is not known what "
                    + "\"b1\" has; push again\n"), "\(before.output)")
        let row = try plan(folder, "--json").output
        #expect(row.contains("\"change\" : \"unknown\"") && row.contains("\"message\" : \"it may have"), "\(row)")
        try folder.play("exit 1", by: "b1")
        _ = try folder.run("hauberk --mesh m push --out out b1")
        #expect(try plan(folder).output.contains(either), "a refusal says nothing of what it has")
        try folder.require("rm home/plays/b1 && hauberk --mesh m push --out out")
        #expect(try plan(folder).output == Self.nothing)
    }

    @Test func `a host that comes back is kept as any other`() throws {
        let folder = try TranscriptFolder.trio()
        defer { folder.remove() }
        try push(folder)
        try folder.require("hauberk --mesh m disable c1")
        try push(folder)
        #expect(try plan(folder).output == "trio: nothing changes on 2 hosts, and no flow\n")
        try folder.require("hauberk --mesh m enable c1")
        try push(folder)
        #expect(try plan(folder).output == Self.nothing)
    }

    @Test(arguments: ["rm -r sent/c1", "echo >> sent/c1/etc/wireguard/wg0.conf", "rm sent/c1/etc/wireguard/wg0.conf"])
    func `a host whose files are lost is told by itself, until it is pushed to again`(loss: String) throws {
        let folder = try TranscriptFolder.trio()
        defer { folder.remove() }
        try push(folder)
        try folder.require("cd out/.hauberk/trio && \(loss)")
        try folder.require("sed -i 's/80.tcp/81\\/tcp/' m/mesh.yaml && hauberk --mesh m render --out out")
        let outcome = try plan(folder)
        #expect(outcome.status == 2)
        for line in [
            "trio: of 3 hosts, 2 to change, 0 to add, 0 removed, 1 unknown; flows: 1 to open, 1 to close",
            "  ~ b1: firewall", "  ? c1: what it has acknowledged is not kept: push to it again, or ask it with --live",
        ] {
            #expect(outcome.output.contains(line + "\n"), "no line \(line) in\n\(outcome.output)")
        }
        #expect(try plan(folder, "b1").output.contains("of 1 host, 1 to change, 0 to add, 0 removed; "))
        try push(folder, "c1")
        #expect(try !plan(folder).output.contains("c1"))
        try push(folder)
        #expect(try plan(folder).output == Self.nothing)
    }

    @Test func `an answer as long as a host likes stops no later push`() throws {
        let folder = try TranscriptFolder.trio()
        defer { folder.remove() }
        let long = "printf '{\"outcome\" : \"applied\", \"waiting\" : [], \"steps\" : [\"'"
        try folder.play("\(long); head -c 1200000 /dev/zero | tr '\\0' x; echo '\"]}'; exit", by: "b1")
        try push(folder)
        try folder.require("hauberk --mesh m push --out out --status")
        try push(folder)
        #expect(try plan(folder).output == Self.nothing)
        #expect(try folder.require("wc -c <out/.hauberk/trio/delivered/b1").count < 6)
    }

    private static let all = "--canary a1 --canary b1 --canary c1 --parallel 2"

    /// Takes the tree as soon as the push has said that a1 has ended.
    private static let patient = """
        for try in $(seq 300); do
            if grep -q ' a1: ' "$HOME/../notes"; then break; fi
            sleep 0.1
        done

        """

    @Test func `what cannot be kept is a note, and all hosts are brought to their trees`() throws {
        let folder = try TranscriptFolder.trio()
        defer { folder.remove() }
        try folder.require("echo in the way >out/.hauberk/trio/sent")
        try folder.play(Self.patient, by: "b1")
        let outcome = try folder.run("hauberk --mesh m push --out out \(Self.all) 2>notes")
        #expect(outcome.status == 0 && outcome.output.contains("trio: of 3 hosts: 3 new"), "\(outcome.output)")
        let notes = try folder.require("cat notes")
        for host in ["a1", "b1", "c1"] {
            #expect(notes.contains("what \(host) has acknowledged cannot be kept for plans: "), "\(notes)")
        }
        try folder.require("hauberk --mesh m push --out out --status && rm out/.hauberk/trio/sent")
        try push(folder)
        #expect(try plan(folder).output == Self.nothing)
    }

    @Test func `where the mesh that hosts have taken cannot be kept, no flow of the former one is told`() throws {
        let folder = try TranscriptFolder.trio()
        defer { folder.remove() }
        try push(folder)
        try folder.require("sed -i 's/80.tcp/81\\/tcp/' m/mesh.yaml && hauberk --mesh m render --out out")
        let way = "out/.hauberk/trio/sent/.hauberk/trio/$(sed -n 's/^mesh //p' out/.hauberk/trio/all)"
        try folder.require("echo in the way >\(way)")
        #expect(try folder.run("hauberk --mesh m push --out out").status == 0)
        let outcome = try plan(folder)
        let words = "it is not kept of which mesh all hosts are; push to all of them again"
        #expect(outcome.output == "trio: nothing changes on 3 hosts; flows cannot be told: \(words)\n")
        try folder.require("rm \(way)")
        try push(folder)
        #expect(try plan(folder).output == Self.nothing)
    }

    @Test func `what cannot be recorded begins nobody else, and those under way end`() throws {
        let folder = try TranscriptFolder.trio()
        defer { folder.remove() }
        try folder.require("mkdir -p out/.hauberk/trio/delivered/a1/inside")
        try folder.play(Self.patient, by: "b1")
        try folder.play("touch \"$HOME/begun\"", by: "c1")
        let outcome = try folder.run("hauberk --mesh m push --out out \(Self.all) 2>notes; s=$?; cat notes; exit $s")
        #expect(outcome.status == 74 && outcome.output.contains("2/3 b1: new"), "\(outcome.output)")
        #expect(try folder.run("test -e home/begun").status == 1)
        let status = try folder.run("hauberk --mesh m push --out out --status").output
        #expect(status.contains("b1    caught up") && status.contains("c1    behind"), "\(status)")
    }
}
