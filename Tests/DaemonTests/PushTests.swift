import TestSupport
import Testing

/// `hauberk push` to hosts with an sshd, wireguard-go and nftables, in namespaces of their own.
@Suite(.serialized, .enabled(if: Script.push.isPossible, "packages are missing")) struct PushTests {
    // admin ── net ── alpha, beta
    @Test func `all hosts are brought to their trees, over connections that are checked`() throws {
        try play(
            "deliver",
            [
                "a push brings all hosts to their trees",
                "a second one finds them unchanged, and the record says so",
                "a render that is not what the mesh says is not pushed",
                "a connection that is shared delivers, and a new one confirms",
                "the port of all is changed, host by host",
                "a host with another key is not talked to",
            ])
    }

    @Test func `a plan asks the hosts what would change there`() throws {
        try play(
            "live",
            [
                "hosts say what a push would change there, and nothing after it",
                "what somebody has changed on a host is told, and stays", "a host that cannot be reached is named",
            ])
    }

    @Test func `a plan compares with what hosts have acknowledged`() throws {
        try play(
            "delivered",
            [
                "a plan compares with what hosts have acknowledged, and names the flows",
                "also where hosts are of different states", "and says when that is gone",
                "nothing is kept of a host that is removed",
            ])
    }

    @Test func `a host without hauberk is brought one, and sudo does the work`() throws {
        try play(
            "carry",
            [
                "a login that may not do it changes nothing",
                "a host without hauberk is brought it, and sudo does the work",
                "it is brought once, and again when it was changed",
                "what does not run there changes nothing",
            ])
    }

    @Test func `a firewall that would lock out SSH is put back on every host`() throws {
        try play(
            "lockout",
            [
                "a firewall that shuts SSH is put back on every host, and the report says so",
                "a canary that fails is the only one",
            ])
    }

    @Test(arguments: ["client", "sshd", "host"]) func `cut at every step, a host is wholly old or wholly new`(
        what: String
    ) throws {
        try play(
            "cut_\(what)",
            ["\(what) killed anywhere, the host is wholly old or wholly new, and a push again converges"])
    }

    @Test func `a host where the program does not run takes the script`() throws {
        try play(
            "foreign",
            [
                "a host where the program does not run is brought the script by itself", "and a half can be chosen",
                "the program and the script end what the other has begun",
            ])
    }

    @Test func `the script puts a firewall back that would lock out SSH`() throws {
        try play(
            "script_lockout", ["a firewall that shuts SSH is put back on every host, and the report says so"])
    }

    @Test func `an sshd killed while the script works leaves a host wholly old or wholly new`() throws {
        try play(
            "script_cut_sshd",
            ["sshd killed anywhere, the host is wholly old or wholly new, and a push again converges"])
    }

    @Test func `keys rotate by pushes alone`() throws {
        try play("rotate", ["keys are rotated by pushes alone, which say who is ready, and no ping is lost"])
    }

    @Test func `a push that is interrupted says how far it came`() throws {
        try play("interrupt", ["a push that is ended ends its children, and the next one goes on"])
    }

    @Test func `fifty hosts take it in waves, and who was away is caught up later`() throws {
        try play(
            "fleet",
            ["a fleet is pushed to in waves, and who cannot be reached is listed", "and is caught up later"])
    }

    private func play(_ scene: String, _ seen: [String]) throws {
        try withTemporaryFolder { folder in
            let end = try Script.push.run([folder, scene], in: folder)
            #expect(end.status == 0, "\(end.output)\(end.errors)")
            #expect(end.output.split(separator: "\n").map(String.init) == seen)
        }
    }
}
