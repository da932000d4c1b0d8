import Addresses
import Foundation
import HostPlans
import MeshFixtures
import Rendering
import Testing

/// The goldens through the tools that read them: `wg-quick strip`, and `wg setconf` on a real interface.
@Suite(.serialized) struct ConsumerTests {
    /// The names in the goldens' endpoints, for want of a resolver in the namespace.
    private static let hosts = "203.0.113.200 vpn.example.com\n127.0.0.1 localhost\n"

    /// A golden file with throw-away keys, in a folder of its own.
    private struct Subject {
        let label: String
        let file: URL
        let text: String

        var isQuick: Bool { label.contains("/wg-quick/") }
    }

    private func subjects(in folder: URL) throws -> [Subject] {
        var subjects: [Subject] = []
        for mesh in try GoldenMesh.all() {
            for (path, text) in try mesh.golden().sorted(by: { $0.key < $1.key }) where path.hasPrefix("wg-") {
                let url = folder.appending(path: "\(subjects.count)/\(path.split(separator: "/").last ?? "")")
                let usable = GoldenMesh.usable(text)
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                let isMade = FileManager.default.createFile(
                    atPath: url.path, contents: Data(usable.utf8), attributes: [.posixPermissions: 0o600])
                #expect(isMade)
                subjects.append(Subject(label: "\(mesh.name)/\(path)", file: url, text: usable))
            }
        }
        return subjects
    }

    @Test func `the real tools read every golden and keep all of it`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hauberk-golden-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let subjects = try subjects(in: folder)
        #expect(subjects.count >= 40)
        try Data(Self.hosts.utf8).write(to: folder.appending(path: "hosts"))
        try Data(Self.script.utf8).write(to: folder.appending(path: "run.sh"))
        let isRoot = getuid() == 0
        let (status, errors) = try run(
            ["unshare"] + (isRoot ? [] : ["-r"]) + ["-n", "-m", "bash", folder.appending(path: "run.sh").path],
            in: folder)
        #expect(status == 0, "\(errors)")
        for subject in subjects {
            let shown = subject.file.appendingPathExtension("shown")
            let (kept, mistakes) = WireGuardConfig.parse(Array(try Data(contentsOf: shown)), file: subject.label)
            #expect(mistakes.isEmpty, "\(subject.label)")
            let (written, _) = WireGuardConfig.parse(Array(subject.text.utf8), file: subject.label)
            #expect(facts(kept) == facts(written), "\(subject.label)")
        }
    }

    /// What the kernel's interface holds of a configuration, in a fixed order, names resolved.
    private func facts(_ config: WireGuardConfig) -> [String] {
        let peers = config.peers.map { peer in
            let endpoint = peer.endpoint?.description.replacing("vpn.example.com", with: "203.0.113.200") ?? "none"
            let prefixes = peer.allowedIPs.sorted().map(\.description).joined(separator: ",")
            let keepalive = peer.keepalive.map(String.init) ?? "off"
            return "\(peer.publicKey) \(peer.hasPresharedKey) \(endpoint) \(keepalive) \(prefixes)"
        }
        return ["\(config.port?.description ?? "?") \(config.fwmark ?? 0) \(config.hasPrivateKey)"] + peers.sorted()
    }

    /// Runs in a network and mount namespace of its own, which go with it; so does the interface.
    private static let script = """
        set -eu
        mount -t tmpfs tmpfs /run
        mkdir /run/wireguard
        mount --bind hosts /etc/hosts
        wireguard-go -f wgtest > daemon.log 2>&1 &
        daemon=$!
        trap 'kill $daemon; wait $daemon || true' EXIT
        for try in $(seq 2000); do
            wg show wgtest > /dev/null 2>&1 && break
            kill -0 $daemon
        done
        for file in */*.*; do
            case $file in
            *.conf)
                wg-quick strip "$PWD/$file" > "$file.stripped"
                wg setconf wgtest "$file.stripped" ;;
            *.setconf) wg setconf wgtest "$file" ;;
            esac
            wg showconf wgtest > "$file.shown"
        done
        """

    private func run(_ command: [String], in folder: URL) throws -> (status: Int32, errors: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = folder
        let errors = folder.appending(path: "errors.log")
        #expect(FileManager.default.createFile(atPath: errors.path, contents: nil))
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        process.waitUntilExit()
        return (process.terminationStatus, try String(contentsOf: errors, encoding: .utf8))
    }
}
