import Glibc
import TestSupport
import Testing

/// The timer that begins rotations, on a machine that is a folder.
@Suite struct ScheduleTests {
    private func machine(_ scene: OperatorsScene, with folder: String) throws -> String {
        let root = "\(scene.folder)/machine"
        try #require(run("mkdir -p '\(root)\(folder)'", in: scene.folder, tools: "/usr/bin").status == 0)
        return root
    }

    @Test(arguments: ["/run/systemd/system", "/etc/cron.d"])
    func `what is written is shown, holds no secret, runs what it says, and goes again`(folder: String) throws {
        try OperatorsScene.with { scene in
            let root = try machine(scene, with: folder)
            let place = ["--mesh", scene.mesh, "--root", root]
            let install = ["schedule", "install", "--at", "02:05", "--identity", scene.identity("alice")] + place
            let written = try scene.does(install)
            let seed = try #require(text(scene.identity("alice"))?.split(separator: "\n").last).suffix(40)
            #expect(!written.contains(seed))
            #expect(written.contains("--mesh \(scene.mesh) rotate --due --identity \(scene.identity("alice"))\n"))
            #expect(try scene.does(install) == written)
            let shown = try scene.does(["schedule", "show"] + place)
            #expect(shown.hasPrefix(written) && shown.contains("\nnext: at 02:05, in "), "\(shown)")
            let removed = try scene.does(["schedule", "remove"] + place)
            #expect(removed.contains("removed \(root)/"))
            let none = try BuiltProgram("hauberk").run(["schedule", "show"] + place, in: scene.folder)
            #expect(none.status == 1 && none.output.isEmpty)
        }
    }

    @Test func `another's file is left alone, and a machine without timers is refused`() throws {
        try OperatorsScene.with { scene in
            let place = ["--mesh", scene.mesh, "--root", "\(scene.folder)/nothing", "--cron"]
            let program = BuiltProgram("hauberk")
            let refused = try program.run(["schedule", "install"] + place, in: scene.folder)
            #expect(refused.status == 78 && refused.errors.contains("[schedule-missing]"), "\(refused.errors)")
            let root = try machine(scene, with: "/etc/cron.d")
            let path = "\(root)/etc/cron.d/hauberk-rotate-mesh"
            try save("# mine\n", to: path)
            let there = ["--mesh", scene.mesh, "--root", root, "--identity", scene.identity("alice")]
            let kept = try program.run(["schedule", "install"] + there, in: scene.folder)
            #expect(kept.status == 64 && kept.errors.contains("[file-exists]"), "\(kept.errors)")
            try scene.does(["schedule", "remove", "--mesh", scene.mesh, "--root", root])
            #expect(text(path) == "# mine\n")
        }
    }

    @Test func `an identity that is not there is refused before anything is scheduled`() throws {
        try OperatorsScene.with { scene in
            let mine = "mount -t tmpfs tmpfs /etc; mkdir /etc/cron.d; \"$@\"; code=$?; ls /etc/cron.d; exit $code"
            let flags = geteuid() == 0 ? "-m" : "-Urm"
            func install(_ identity: String) throws -> ProgramEnd {
                try BuiltProgram("hauberk").run(
                    ["schedule", "install", "--cron", "--mesh", scene.mesh, "--identity", identity],
                    tracer: ["unshare", flags, "sh", "-c", mine, "sh"], in: scene.folder)
            }
            let refused = try install("\(scene.folder)/nobody")
            #expect(refused.status == 66 && refused.output.isEmpty, "\(refused.output)\(refused.errors)")
            #expect(refused.errors.contains("[missing-file]"), "\(refused.errors)")
            let written = try install(scene.identity("alice"))
            #expect(written.status == 0 && written.output.hasSuffix("hauberk-rotate-mesh\n"), "\(written.errors)")
        }
    }
}
