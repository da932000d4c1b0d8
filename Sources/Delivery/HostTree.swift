import Addresses
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

/// One of the interfaces that a host's tree asks for.
package struct TreeTunnel: Sendable {
    package let interface: String
    /// The interface's own settings, without a peer.
    package let head: DesiredInterface
    /// Nil for a configuration that has to be read as a whole.
    package let sections: PeerSections?
    private let read: DesiredInterface?
    private let source: [UInt8]

    /// - Parameter read: nil for what was not read as a whole, and is without a mistake.
    init(
        _ interface: String, head: DesiredInterface, _ sections: PeerSections?, read: DesiredInterface?,
        _ source: [UInt8]
    ) {
        self.interface = interface
        self.head = head
        self.sections = sections
        self.read = read
        self.source = source
    }

    /// With all peers.
    ///
    /// - Throws: `Failure` for what can be read by places, and not as a whole: never take that for no peers.
    package var desired: DesiredInterface {
        get throws(Failure) {
            if let read { return read }
            if let parsed = DesiredInterface(parsing: source) { return parsed }
            throw HostTree.refused("\(quoted(configuration)) cannot be read", "render it again")
        }
    }

    /// The configuration's path.
    package var configuration: String { HostTree.configuration(of: interface) }
}

/// One host's rendered tree, checked as far as that can be without the host.
package struct HostTree: Sendable {
    /// What the host's files are called by: the only interface, or the first of the two that keys rotate between.
    package let interface: String
    /// Sorted by path.
    package let files: [HostFile]
    /// One or two, by name.
    package let tunnels: [TreeTunnel]
    /// Whether it brings a firewall.
    package let hasFirewall: Bool

    /// The interfaces that a host may have by this tree or by a former one, by name: two where keys rotate.
    package var interfaces: [String] { rotates ? [interface, interface + Self.second] : [interface] }
    /// The path of the firewall's script.
    package var script: String { "etc/hauberk/\(interface)/firewall" }

    /// What the second interface's name ends in.
    package static let second = "-b"

    package static func configuration(of interface: String) -> String { "etc/wireguard/\(interface).conf" }

    private var rotates: Bool { tunnels.contains { $0.head.reversePath != nil } }

    /// - Parameter shown: the tree's folder, for messages.
    package init(_ files: [HostFile], shown: String) throws(Failure) {
        let configurations = files.filter { $0.path.hasPrefix("etc/wireguard/") && $0.path.hasSuffix(".conf") }
        var tunnels: [TreeTunnel] = []
        var configs: [WireGuardConfig] = []
        for file in configurations {
            if file.mode & 0o077 != 0 {
                throw Self.refused(
                    "\(quoted(file.path)) holds a private key, and others may read it",
                    "chmod 600 \(shown)/\(file.path)")
            }
            let (tunnel, config) = try Self.tunnel(file, shown)
            configs.append(config)
            tunnels.append(tunnel)
        }
        self.tunnels = tunnels.sorted { $0.interface < $1.interface }
        interface = try Self.base(self.tunnels, shown)
        self.files = files.sorted { $0.path < $1.path }
        let script = "etc/hauberk/\(interface)/firewall"
        hasFirewall = files.contains { $0.path == script }
        try Self.check(files, interface, tunnels.map(\.configuration), shown)
        for config in configs { try checkFirewall(config, shown) }
    }

    /// The tunnel of a configuration, and its settings, which may be without the peers.
    private static func tunnel(_ file: HostFile, _ shown: String) throws(Failure) -> (TreeTunnel, WireGuardConfig) {
        let name = String(file.path.dropFirst(14).dropLast(5))
        if let sections = PeerSections(file.bytes) {
            let head = DesiredInterface(sections.config, source: file.bytes)
            return (TreeTunnel(name, head: head, sections, read: nil, file.bytes), sections.config)
        }
        let (config, findings) = WireGuardConfig.parse(file.bytes, file: "\(shown)/\(file.path)")
        guard findings.isEmpty else { throw Failure(.meshInvalid, findings) }
        let desired = DesiredInterface(config, source: file.bytes)
        try checkPeers(config, desired, "\(shown)/\(file.path)")
        return (TreeTunnel(name, head: desired, nil, read: desired, file.bytes), config)
    }

    /// The name of the only interface, or of the first of two.
    private static func base(_ tunnels: [TreeTunnel], _ shown: String) throws(Failure) -> String {
        let rotates = tunnels.allSatisfy { $0.head.reversePath != nil }
        if tunnels.count == 1, let only = tunnels.first {
            let isSecond = rotates && only.interface.hasSuffix(second) && only.interface.utf8.count > 2
            return isSecond ? String(only.interface.dropLast(second.count)) : only.interface
        }
        guard tunnels.count == 2, rotates, tunnels[1].interface == tunnels[0].interface + second else {
            let wanted = tunnels.count == 2 ? ", not one, nor the two that keys rotate between" : ", not one"
            throw refused(
                "\(quoted(shown)) holds \(tunnels.count) configurations in etc/wireguard\(wanted)",
                "name one host's folder of what `hauberk render --out` wrote")
        }
        return tunnels[0].interface
    }

    /// A tree that cannot be applied.
    package static func refused(_ message: String, _ hint: String) -> Failure {
        Failure(.meshInvalid, .refusedTree, message, hint: hint)
    }

    private static func check(
        _ files: [HostFile], _ interface: String, _ configurations: [String], _ shown: String
    ) throws(Failure) {
        let known = ["etc/hauberk/\(interface)/", "etc/systemd/system/hauberk-firewall-", Self.plugins]
        for path in files.map(\.path) where !configurations.contains(path) {
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

    private static func checkPeers(
        _ config: WireGuardConfig, _ desired: DesiredInterface, _ path: String
    ) throws(Failure) {
        guard desired.peers.count == config.peers.count else {
            throw refused("a peer is twice in \(quoted(path))", "render it again")
        }
        let count = desired.peers.values.reduce(0) { $0 + $1.allowedIPs.count }
        var prefixes = Set<IPPrefix>(minimumCapacity: count)
        for peer in desired.peers.values { prefixes.formUnion(peer.allowedIPs) }
        guard prefixes.count == count else {
            throw refused("two peers have the same allowed IP in \(quoted(path))", "render it again")
        }
    }

    /// A tree whose configuration loads a firewall has it, and of a dialect that can be put back.
    private func checkFirewall(_ config: WireGuardConfig, _ shown: String) throws(Failure) {
        let loads = config.settings.contains {
            $0.key == "preup" && HookMeaning.isFirewall($0.value.split(separator: " ").map(String.init), "load")
        }
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
