import TestSupport
import Testing

/// `hauberk apply` on two hosts with wireguard-go and nftables, in namespaces of their own.
@Suite(.serialized, .enabled(if: Script.apply.isPossible, "packages are missing")) struct ApplyTests {
    // alpha ── vpc ── beta
    @Test func `a first apply brings the tunnel up, and a second one touches nothing`() throws {
        try play("first", ["a first apply brings the tunnel up", "a second apply touches nothing"])
    }

    @Test func `a peer more cuts nobody's session and loses no packet`() throws {
        try play("add", ["a peer more cuts nobody's session and loses no packet"])
    }

    @Test func `a bad tree changes nothing, and a firewall that cuts the tunnel is put back`() throws {
        try play(
            "refuse", ["a bad tree is refused and changes nothing", "a firewall that cuts the tunnel is put back"])
    }

    @Test func `what is not confirmed is put back, and a second one is told who is at work`() throws {
        try play(
            "confirm",
            [
                "what nobody confirms is put back, though the first process was killed",
                "if both are killed, the next command puts back",
                "a second one is told who is at work", "what is confirmed stays", "what is refused is put back",
            ])
    }

    @Test func `killed anywhere, the host is wholly old or wholly new`() throws {
        try play("killed", ["killed anywhere, the host is wholly old or wholly new"])
    }

    @Test func `killed between two interfaces, the host is wholly old or wholly new`() throws {
        try play(
            "twins", ["killed anywhere between two interfaces, the host is wholly old or wholly new, and is reached"])
    }

    @Test func `killed while it is brought up, the host has no interface, or all`() throws {
        try play("interrupted", ["killed while it is brought up, the host has no interface, or all"])
    }

    @Test func `keys, endpoints and hooks are changed, and the way back is exact`() throws {
        try play("change", ["keys, hooks and a firewall that goes come about", "and the way back is exact"])
    }

    @Test func `killed in the middle of a step, without its program, the host is as it was`() throws {
        try play("orphaned", ["killed in a step, without its program, the host is as it was"])
    }

    @Test func `a step that hangs is ended, and the host is as it was`() throws {
        try play("hangs", ["a step that hangs is ended, and the host is as it was"])
    }

    @Test func `a full and a read-only disk change nothing`() throws {
        try play("full", ["a full and a read-only disk change nothing"])
    }

    @Test(arguments: ["", "dash"]) func `what a host starts at boot follows its tree`(_ shell: String) throws {
        try play(
            "boot",
            [
                "where nothing starts the tunnel at boot, that is said",
                "what comes for the first time is started at boot", "what somebody has disabled stays so",
                "what goes is not started any more", "killed anywhere, it is started at boot if it is there",
            ], half: shell)
    }

    @Test(arguments: ["", "dash"]) func `a tree that was copied over the files comes about`(_ shell: String) throws {
        try play(
            "copied",
            [
                "a copied tree leaves no address and no route, and sets what has moved",
                "hooks of a copied tree take a restart, and those that were applied are undone",
                "where nothing is kept, the files alone count",
            ], half: shell)
    }

    @Test(arguments: ["", "dash"]) func `a tree in an archive is as good as a folder`(_ shell: String) throws {
        try play(
            "bundle",
            [
                "an archive is as good as a folder",
                "what is no whole archive of a tree is refused, and changes nothing",
            ], half: shell)
    }

    @Test(arguments: ["", "dash"]) func `hosts that are odd are brought to their trees`(_ shell: String) throws {
        try play(
            "odd",
            [
                "nothing has to be run in /run", "a script that lost its permission gets it back",
                "what another version has begun is left to it", "whoever starts it need not listen to its children",
            ], half: shell)
    }

    @Test(arguments: ["", "dash"]) func `rules that are not those of the files are loaded`(_ shell: String) throws {
        try play(
            "drift",
            [
                "rules that somebody has changed are told and loaded", "files that somebody has copied are loaded",
            ], half: shell)
    }

    /// - Parameter half: the shell of the script that stands in for the program; empty for the program.
    private func play(_ scene: String, _ seen: [String], half: String = "") throws {
        try withTemporaryFolder { folder in
            let end = try Script.apply.run([folder, scene], in: folder, variables: ["HAUBERK_HALF=\(half)"])
            #expect(end.status == 0, "\(end.output)\(end.errors)")
            #expect(end.output.split(separator: "\n").map(String.init) == seen)
        }
    }
}
