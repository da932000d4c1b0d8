import TestSupport
import Testing

/// New keys for four hosts under load, in namespaces of their own; `make rotation-table` measures more of it.
@Suite(.serialized, .enabled(if: Script.rotation.isPossible, "packages are missing")) struct RotationTests {
    // alpha, beta, gamma and delta ── vpc; every pair under load both ways, in both families and with TCP
    @Test func `the load counts every packet, and nothing is lost without a change`() throws {
        try play(
            ["baseline", "control"],
            [
                "24 flows and 12 connections are there, and without a change nothing is lost",
                "as many probes are missed as the kernel has dropped", "a connection that is reset is seen",
            ])
    }

    @Test func `a host that was switched off comes back from its disk, and the others lose nothing`() throws {
        try play(
            ["power_cut"], ["a host that was switched off is reachable when it comes back, and the others lost nothing"]
        )
    }

    @Test func `a key that is changed in place loses packets, so that the lab shows what we avoid`() throws {
        try play(["in_place"], ["a key that is changed in place loses packets for as long as the hosts differ"])
    }

    @Test(arguments: [
        ("whole_mesh", ["the keys of all hosts are changed and nothing is lost"]),
        ("one_peer", ["the key of one host is changed and nothing is lost"]),
        ("preshared_keys", ["the preshared keys are changed and nothing is lost"]),
        (
            "absent",
            [
                "without an absent host the others change their keys and lose nothing",
                "when it comes back it is reachable, catches up, and the others lose nothing",
            ]
        ),
        ("abort", ["a rotation that is taken back at any stage leaves the former keys and loses nothing"]),
        ("abort_late", ["so does one that all have ended but for a host that is away"]),
        ("reboot", ["every host that loses its power at any stage is reachable when it comes back"]),
    ])
    func `a rotation loses no packet and cuts no connection`(scene: String, seen: [String]) throws {
        try play([scene], seen, in: "stages")
    }

    private func play(_ scenes: [String], _ seen: [String], in lab: String = "scenes") throws {
        try withTemporaryFolder { folder in
            let end = try Script.rotation.run([folder, lab, scenes.joined(separator: " ")], in: folder)
            #expect(end.status == 0, "\(end.output)\(end.errors)")
            #expect(end.output.split(separator: "\n").map(String.init) == seen)
        }
    }
}
