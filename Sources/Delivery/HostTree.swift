package import Diagnostics
import HostPlans

/// A file for a host. Its bytes may be secret, and print as their number.
package struct HostFile: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Relative to the host's `/`.
    package let path: String
    /// Permission bits.
    package let mode: UInt32
    package let bytes: [UInt8]

    package init(path: String, mode: UInt32, bytes: [UInt8]) {
        self.path = path
        self.mode = mode
        self.bytes = bytes
    }

    package var description: String { "\(path), \(bytes.count) bytes" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// One host's rendered tree, checked as far as that can be without the host.
package struct HostTree: Sendable {
    package let interface: String
    /// Sorted by path.
    package let files: [HostFile]
    package let desired: DesiredInterface
    /// Whether it brings a firewall.
    package let hasFirewall: Bool

    /// The configuration's path.
    package var configuration: String { "etc/wireguard/\(interface).conf" }
    /// The path of the firewall's script.
    package var script: String { "etc/hauberk/\(interface)/firewall" }

    /// - Parameter shown: the tree's folder, for messages.
    package init(_ files: [HostFile], shown: String) throws(Failure) {
        let configurations = files.filter { $0.path.hasPrefix("etc/wireguard/") && $0.path.hasSuffix(".conf") }
        guard configurations.count == 1, let file = configurations.first else {
            throw Self.refused(
                "\(quoted(shown)) holds \(configurations.count) configurations in etc/wireguard, not one",
                "name one host's folder of what `hauberk render --out` wrote")
        }
        let interface = String(file.path.dropFirst(14).dropLast(5))
        let (config, findings) = WireGuardConfig.parse(file.bytes, file: "\(shown)/\(file.path)")
        guard findings.isEmpty else { throw Failure(.meshInvalid, findings) }
        try Self.check(files, interface, shown)
        if file.mode & 0o077 != 0 {
            throw Self.refused(
                "\(quoted(file.path)) holds a private key, and others may read it", "chmod 600 \(shown)/\(file.path)")
        }
        self.interface = interface
        self.files = files.sorted { $0.path < $1.path }
        desired = DesiredInterface(config, source: file.bytes)
        hasFirewall = files.contains { $0.path == "etc/hauberk/\(interface)/firewall" }
        try checkPeers(config, shown)
        try checkFirewall(config, shown)
    }

    /// A tree that cannot be applied.
    package static func refused(_ message: String, _ hint: String) -> Failure {
        Failure(.meshInvalid, .refusedTree, message, hint: hint)
    }

    private static func check(_ files: [HostFile], _ interface: String, _ shown: String) throws(Failure) {
        let escaped = files.map(\.path)
        let known = ["etc/hauberk/\(interface)/", "etc/systemd/system/hauberk-firewall-", Self.plugins]
        for path in escaped where path != "etc/wireguard/\(interface).conf" {
            guard known.contains(where: { path.hasPrefix($0) }), !path.utf8.contains(where: { $0 < 0x21 }),
                !path.hasPrefix(known[0]) || path.utf8.filter({ $0 == 0x2f }).count == 3
            else {
                throw refused(
                    "\(quoted(shown)) holds \(quoted(path)), which apply could not put back",
                    "apply takes trees with nftables, iptables or no firewall; install others by hand")
            }
        }
        for file in files where file.mode & 0o022 != 0 {
            throw refused("\(quoted(file.path)) can be changed by others", "chmod go-w \(shown)/\(file.path)")
        }
    }

    private static let plugins = "usr/share/netfilter-persistent/plugins.d/30-hauberk-"

    private func checkPeers(_ config: WireGuardConfig, _ shown: String) throws(Failure) {
        guard Set(config.peers.map(\.publicKey)).count == config.peers.count else {
            throw Self.refused("a peer is twice in \(quoted("\(shown)/\(configuration)"))", "render it again")
        }
        let prefixes = config.peers.flatMap { Array(Set($0.allowedIPs)) }
        guard Set(prefixes).count == prefixes.count else {
            throw Self.refused(
                "two peers have the same allowed IP in \(quoted("\(shown)/\(configuration)"))", "render it again")
        }
    }

    /// A tree whose configuration loads a firewall has it, and of a dialect that can be put back.
    private func checkFirewall(_ config: WireGuardConfig, _ shown: String) throws(Failure) {
        let loads = config.settings.contains { $0.key == "preup" && $0.value == "/etc/hauberk/%i/firewall load" }
        if loads, !hasFirewall {
            throw Self.refused(
                "\(quoted(shown)) is not whole: \(quoted(script)) is missing", "render it again")
        }
        guard let file = files.first(where: { $0.path == script }) else { return }
        let head = String(decoding: file.bytes.prefix(400), as: UTF8.self).split(separator: "\n").prefix(3)
        guard head.contains(where: { $0.hasSuffix("for nftables.") || $0.hasSuffix("for iptables.") }) else {
            throw Self.refused(
                "the firewall of \(quoted(shown)) is of a dialect that apply could not put back",
                "apply takes trees with nftables, iptables or no firewall; install others by hand")
        }
    }
}
