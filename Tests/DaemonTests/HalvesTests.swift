import TestSupport
import Testing

/// `hauberk apply` and the script that stands in for it, side by side in namespaces of their own.
@Suite(.serialized, .enabled(if: Script.halves.isPossible, "packages are missing")) struct HalvesTests {
    // alpha ── vpc ── beta by the program, aleph ── twin ── beth by the script
    @Test func `each change comes to the same by the program and by the script`() throws {
        try play(
            .halves, "same",
            [
                "a first delivery", "the same again, which changes nothing", "a peer more", "another preshared key",
                "a preshared key taken away", "another endpoint", "a keepalive", "no keepalive", "more allowed IPs",
                "allowed IPs that move to another peer", "another MTU, mark and port", "addresses and routes",
                "and without them", "a hook that takes a restart", "a peer less, and other rules",
                "no rules, and rules again", "rules of another dialect, and back",
            ])
    }

    @Test func `keys rotate the same way by the program and by the script`() throws {
        try play(
            .halves, "stages",
            [
                "keys are prepared", "who has not answered is named, and keeps the former way", "keys are switched",
                "keys are second", "and no packet was lost",
            ])
    }

    @Test func `the script refuses what it cannot do, and changes nothing`() throws {
        try play(
            .halves, "refuse",
            [
                "a bad tree changes nothing", "a host without the tools is told which",
                "a second one is told who is at work", "without perl a change comes about, too",
            ])
    }

    @Test func `the script killed anywhere, the host is wholly old or wholly new`() throws {
        try play(
            .apply, "killed", ["killed anywhere, the host is wholly old or wholly new"],
            variables: ["HAUBERK_HALF=busybox sh"])
    }

    @Test func `a step of the script that hangs is ended, and the host is as it was`() throws {
        try play(
            .apply, "hangs", ["a step that hangs is ended, and the host is as it was"],
            variables: ["HAUBERK_HALF=dash"])
    }

    /// The scenes of the program's own tests that take long.
    @Test(
        .enabled(if: Script.isLong, "on demand: HAUBERK_LONG=1"),
        arguments: ["first", "add", "refuse", "confirm", "killed", "twins", "interrupted", "change", "full"],
        ["dash", "busybox sh"])
    func `the script passes what the program passes`(scene: String, shell: String) throws {
        try play(.apply, scene, nil, variables: ["HAUBERK_HALF=\(shell)"])
    }

    /// - Parameter seen: nil for anything.
    private func play(_ script: Script, _ scene: String, _ seen: [String]?, variables: [String] = []) throws {
        try withTemporaryFolder { folder in
            let end = try script.run([folder, scene], in: folder, variables: variables)
            #expect(end.status == 0, "\(end.output)\(end.errors)")
            let lines = end.output.split(separator: "\n").map(String.init)
            if let seen { #expect(lines == seen) } else { #expect(!lines.isEmpty) }
        }
    }
}
