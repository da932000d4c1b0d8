import Foundation
import Testing

/// What pushes keep of hosts and `plan --delivered` makes of it, with the built program and an ssh that is played.
@Suite struct DeliveredTests {
    /// Rendered meshes of three servers, in groups of their own, with a rule from a to b.
    private func rendered() throws -> TranscriptFolder {
        let folder = try TranscriptFolder()
        try folder.require("mkdir m home/plays && cat >m/mesh.yaml <<'END'\n\(Self.mesh)END")
        try folder.require("cat >bin/ssh <<'END'\n\(Self.ssh)END\nchmod 755 bin/ssh")
        try folder.require("hauberk init m --operator tester && hauberk --mesh m render --out out")
        return folder
    }

    private static let mesh = """
        mesh: trio
        prefixes: [10.88.0.0/16]
        groups: {a: {}, b: {}, c: {}}
        services: {web: {ports: [80/tcp], expose: {b: private}}}
        allow:
          - {from: a, to: b, service: web}
        peers:
          a1: {groups: [a], public: 203.0.113.1}
          b1: {groups: [b], public: 203.0.113.2}
          c1: {groups: [c], public: 203.0.113.3}

        """

    /// Takes every tree, but where `home/plays/PEER` says otherwise; $3 is then what the host is to run.
    private static let ssh = """
        #!/bin/sh
        while [ "$1" != -- ]; do
            if [ "$1" = -G ]; then echo hostname played; exit; fi
            shift
        done
        cat >/dev/null
        echo "hauberk-push 1"
        if [ -e "$HOME/plays/$2" ]; then . "$HOME/plays/$2"; fi
        echo '{"outcome" : "applied", "waiting" : []}'

        """

    private func play(_ text: String, by host: String, in folder: TranscriptFolder) throws {
        try text.write(toFile: "\(folder.path)/home/plays/\(host)", atomically: true, encoding: .utf8)
    }

    private func push(_ folder: TranscriptFolder, _ words: String = "") throws {
        try folder.require("hauberk --mesh m render --out out && hauberk --mesh m push --out out \(words)")
    }

    private func plan(_ folder: TranscriptFolder, _ words: String = "") throws -> TranscriptFolder.Outcome {
        try folder.run("hauberk --mesh m plan --out out --delivered --exit-code \(words)")
    }

    private static let nothing = "trio: nothing changes on 3 hosts, and no flow\n"

    @Test(arguments: ["", "--behind", "a1 b1"])
    func `a change of some hosts leaves all of one state of the mesh`(words: String) throws {
        let folder = try rendered()
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
}
