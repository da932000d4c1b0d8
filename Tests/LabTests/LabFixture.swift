import Glibc
import Subprocess
import SystemPackage

@testable import Lab

/// A host of a test: what its wg-quick file is written from.
struct TestHost {
    let name: String
    /// Without lengths.
    let overlay: [String]
    var endpoint: String?
    var site: String?
    var privateAddresses: [String] = []
    var publicAddresses: [String] = []
    var reach = LabReach.direct
    var forwards = false
    var routed: [LabRoutedNetwork] = []
    var dnsNames: [String] = []
    /// Instead of a fresh private key.
    var secret: String?
    /// The script that loads and removes the host's rules.
    var firewall: String?
}

/// One `[Peer]` section.
struct TestPeer {
    let name: String
    var allowed: [String]
    var keepalive = false
    /// Instead of the peer's own public key.
    var key: String?
}

/// A folder of hand-written trees, gone with ``remove()`` or, when a test throws before that, with the value.
final class LabFixture: Sendable {
    let folder: String
    private let owner: pid_t

    init() throws {
        var template = Array("/tmp/hauberk-lab-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
        folder = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        owner = getpid()
    }

    /// The folder of another process, which removes it.
    init(borrowing folder: String) {
        self.folder = folder
        owner = 0
    }

    deinit { remove() }

    func remove() {
        guard owner == getpid() else { return }
        LabFixture.remove(folder)
    }

    private static func remove(_ path: String) {
        guard PosixFiles.status(path)?.isFolder == true else {
            unlink(path)
            return
        }
        for name in (try? PosixFiles.names(in: path)) ?? [] { remove("\(path)/\(name)") }
        rmdir(path)
    }

    /// The lab's agent as built beside the tests.
    static var agent: LabAgentCommand {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = max(0, readlink("/proc/self/exe", &buffer, buffer.count))
        let path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return LabAgentCommand(
            executable: path.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/lab-agent")
    }

    /// Writes every host's tree with fresh keys and returns the hosts for the topology.
    func write(_ hosts: [TestHost], peers: (TestHost) -> [TestPeer]) async throws -> [LabHost] {
        var publicKeys: [String: String] = [:]
        var privateKeys: [String: String] = [:]
        for host in hosts {
            let secret = try await LabFixture.wg(["genkey"], input: "")
            privateKeys[host.name] = secret
            publicKeys[host.name] = try await LabFixture.wg(["pubkey"], input: secret + "\n")
        }
        let byName = Dictionary(hosts.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
        for host in hosts {
            var text = "[Interface]\nPrivateKey = \(host.secret ?? privateKeys[host.name] ?? "")\nListenPort = 51820\n"
            text += host.overlay.map { "Address = \($0)/\($0.contains(":") ? 128 : 32)\n" }.joined()
            for peer in peers(host) {
                text += "\n[Peer]\nPublicKey = \(peer.key ?? publicKeys[peer.name] ?? "")\n"
                text += "AllowedIPs = \(peer.allowed.joined(separator: ", "))\n"
                if let endpoint = byName[peer.name]?.endpoint { text += "Endpoint = \(endpoint):51820\n" }
                if peer.keepalive { text += "PersistentKeepalive = 25\n" }
            }
            try await write(text, to: "\(folder)/\(host.name)/etc/wireguard", "wg0.conf", mode: 0o600)
            if let script = host.firewall {
                try await write(script, to: "\(folder)/\(host.name)/etc/hauberk/wg0", "firewall", mode: 0o755)
            }
            if host.forwards {
                let settings = "# the hub forwards\nnet.ipv4.ip_forward = 1\nnet.ipv6.conf.all.forwarding = 1\n"
                try await write(settings, to: "\(folder)/\(host.name)/etc/sysctl.d", "90-mesh.conf", mode: 0o644)
            }
        }
        return hosts.map { labHost($0) }
    }

    private func labHost(_ host: TestHost) -> LabHost {
        LabHost(
            name: host.name, site: host.site, privateAddresses: host.privateAddresses,
            publicAddresses: host.publicAddresses, reach: host.reach, overlayAddresses: host.overlay,
            tree: "\(folder)/\(host.name)", routedNetworks: host.routed, dnsNames: host.dnsNames,
            firewall: host.firewall == nil ? nil : .nftables)
    }

    private func write(_ text: String, to directory: String, _ name: String, mode: mode_t) async throws {
        _ = try await run(.name("mkdir"), arguments: ["-p", directory], output: .discarded)
        let file = try FileDescriptor.open(
            "\(directory)/\(name)", .writeOnly, options: [.create, .truncate],
            permissions: FilePermissions(rawValue: mode))
        try file.closeAfter { _ = try file.writeAll(text.utf8) }
    }

    private static func wg(_ words: [String], input: String) async throws -> String {
        let result = try await run(
            .name("wg"), arguments: Arguments(words), input: .string(input), output: .string(limit: 1000))
        return String(result.standardOutput.prefix { $0 != "\n" })
    }
}

/// Every ordered pair of the names, in both families, reachable directly.
func everyPair(of names: [String], families: [LabFamily] = LabFamily.allCases) -> [LabExpectation] {
    families.flatMap { family in
        names.flatMap { from in
            names.filter { $0 != from }.map {
                LabExpectation(from: from, to: $0, family: family, answer: .reachable, path: .direct)
            }
        }
    }
}

/// The overlay addresses as AllowedIPs.
func alone(_ host: TestHost) -> [String] { host.overlay.map { "\($0)/\($0.contains(":") ? 128 : 32)" } }
