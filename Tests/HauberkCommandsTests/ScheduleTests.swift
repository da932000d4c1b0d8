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

    /// `schedule install` of a file of cron for this machine, whose /etc is one of its own: the files of cron are the
    /// last lines.
    private func install(_ identity: String, _ scene: OperatorsScene, _ more: [String] = []) throws -> ProgramEnd {
        let mine = """
            cp /etc/passwd '\(scene.folder)/passwd'; mount -t tmpfs tmpfs /etc; mkdir /etc/cron.d
            cp '\(scene.folder)/passwd' /etc/passwd; "$@"
            code=$?; ls /etc/cron.d; exit $code
            """
        let flags = geteuid() == 0 ? "-m" : "-Urm"
        return try BuiltProgram("hauberk").run(
            ["schedule", "install", "--cron", "--mesh", scene.mesh, "--identity", identity] + more,
            tracer: ["unshare", flags, "sh", "-c", mine, "sh"], in: scene.folder)
    }

    /// Refused with this, and nothing was written.
    private func expect(_ end: ProgramEnd, _ status: Int32, _ id: String, _ place: Int = #line) {
        #expect(end.status == status && end.output.isEmpty, "line \(place): \(end.output)\(end.errors)")
        #expect(end.errors.contains("[\(id)]"), "line \(place): \(end.errors)")
    }

    @Test func `an identity that is not there, or asks for a passphrase, is refused before anything is scheduled`()
        throws
    {
        try OperatorsScene.with { scene in
            expect(try install("\(scene.folder)/nobody", scene), 66, "missing-file")
            try scene.write("a passphrase\n", to: "pass", mode: 0o600)
            let file = ["--passphrase-file", "\(scene.folder)/pass"]
            _ = try scene.key(of: "carol", file)
            expect(try install(scene.identity("carol"), scene), 64, "schedule-missing")
            for (identity, more) in [("alice", []), ("carol", file)] {
                let written = try install(scene.identity(identity), scene, more)
                #expect(written.status == 0 && written.output.hasSuffix("hauberk-rotate-mesh\n"), "\(written.errors)")
            }
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a folder to somebody else"))
    func `as root, by sudo say, it is for the owner of the mesh's folder, with an identity of theirs`() throws {
        let nobody: uid_t = 65534
        let name = try #require(getpwuid(nobody).map { String(cString: $0.pointee.pw_name) })
        try OperatorsScene.with { scene in
            try scene.write("a passphrase\n", to: "pass", mode: 0o600)
            _ = try scene.key(of: "carol", ["--passphrase-file", "\(scene.folder)/pass"])
            try #require(chown(scene.mesh, nobody, nobody) == 0)
            expect(try install("\(scene.folder)/nobody", scene), 66, "missing-file")
            expect(try install(scene.identity("alice"), scene), 77, "foreign-identity")
            for identity in ["alice", "carol"] { try #require(chown(scene.identity(identity), nobody, nobody) == 0) }
            expect(try install(scene.identity("carol"), scene), 64, "schedule-missing")
            let written = try install(scene.identity("alice"), scene)
            #expect(written.status == 0 && written.output.contains(" * * * \(name) /"), "\(written.output)")
            setMode(of: scene.identity("alice"), 0o644)
            expect(try install(scene.identity("alice"), scene), 77, "exposed-identity")
            // Another machine's user is told by the folder as well, and their own identity is where they keep it.
            let home = try #require(getpwuid(nobody).map { String(cString: $0.pointee.pw_dir) })
            for (folder, words) in [("/run/systemd/system", "\nUser=\(name)\n"), ("/etc/cron.d", " * * * \(name) /")] {
                let machine = try machine(scene, with: folder)
                let kind = folder.hasPrefix("/run") ? "--systemd" : "--cron"
                let there = try scene.does(["schedule", "install", "--mesh", scene.mesh, "--root", machine, kind])
                #expect(there.contains(words), "\(there)")
                #expect(there.contains("--identity \(home)/.config/hauberk/identity\n"), "\(there)")
            }
        }
    }
}
