package import Addresses
package import HostPlans

/// Follows a packet from host to host as WireGuard does: the longest allowed prefix chooses the peer that it is sealed
/// for, and the receiver drops what comes from a source that it does not allow that peer.
package struct CryptokeyWalk {
    private let configs: [String: WireGuardConfig]
    private let nameOfKey: [String: String]
    private let forwarders: Set<String>

    /// Configurations by host; `keys` are the hosts' public keys.
    package init(_ configs: [String: WireGuardConfig], keys: [String: String]) {
        self.configs = configs
        nameOfKey = Dictionary(keys.map { ($1, $0) }) { first, _ in first }
        forwarders = Set(
            configs.filter { $1.settings.contains { $0.value.hasPrefix("sysctl ") && $0.value.contains("forward") } }
                .keys)
    }

    /// The hosts that a packet passes, the last its destination; nil when it is lost.
    package func path(from source: IPAddress, at start: String, to target: IPAddress, of end: String) -> [String]? {
        var here = start
        var path: [String] = []
        while path.count < 4 {
            guard let next = hop(at: here, to: target), canSend(here, next), accepts(source, at: next, from: here)
            else {
                return nil
            }
            path.append(next)
            if next == end { return path }
            guard forwarders.contains(next) else { return nil }
            here = next
        }
        return nil
    }

    private func hop(at host: String, to target: IPAddress) -> String? {
        var best: (length: Int, key: String)?
        for peer in configs[host]?.peers ?? [] {
            for prefix in peer.allowedIPs where prefix.contains(target) && prefix.length > best?.length ?? -1 {
                best = (prefix.length, peer.publicKey)
            }
        }
        return best.flatMap { nameOfKey[$0.key] }
    }

    /// One of the two can begin.
    private func canSend(_ a: String, _ b: String) -> Bool {
        section(at: a, of: b)?.endpoint != nil || section(at: b, of: a)?.endpoint != nil
    }

    private func accepts(_ source: IPAddress, at host: String, from sender: String) -> Bool {
        section(at: host, of: sender)?.allowedIPs.contains { $0.contains(source) } ?? false
    }

    private func section(at host: String, of other: String) -> WireGuardConfig.Peer? {
        configs[host]?.peers.first { nameOfKey[$0.publicKey] == other }
    }
}
