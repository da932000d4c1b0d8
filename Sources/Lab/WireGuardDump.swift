/// One peer as `wg show all dump` prints it (wg(8)).
struct WireGuardPeer: Hashable, Sendable {
    let publicKey: String
    let allowed: [NumericPrefix]
    /// Seconds since the epoch; 0 for never.
    let latestHandshake: Int
    /// As printed, for example `203.0.113.2:51820` or `(none)`.
    let endpoint: String
    /// Seconds; 0 for off.
    let keepalive: Int
}

/// One interface of `wg show all dump`, without its private and preshared keys.
struct WireGuardInterface: Hashable, Sendable {
    let name: String
    let publicKey: String
    let listeningPort: Int?
    var peers: [WireGuardPeer] = []

    /// The interfaces in the order of the dump; lines of another shape are passed over.
    static func parse(_ dump: String) -> [WireGuardInterface] {
        var result: [WireGuardInterface] = []
        for line in dump.split(separator: "\n") {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            if fields.count == 5 {
                result.append(
                    WireGuardInterface(name: fields[0], publicKey: fields[2], listeningPort: Int(fields[3])))
            } else if fields.count == 9, result.last?.name == fields[0] {
                let allowed = fields[4].split(separator: ",").compactMap { NumericPrefix($0) }
                let peer = WireGuardPeer(
                    publicKey: fields[1], allowed: allowed, latestHandshake: Int(fields[5]) ?? 0, endpoint: fields[3],
                    keepalive: Int(fields[8]) ?? 0)
                result[result.count - 1].peers.append(peer)
            }
        }
        return result
    }

    /// The peer that cryptokey routing sends the address to: the longest of all allowed prefixes that hold it.
    func peer(for address: NumericAddress) -> WireGuardPeer? {
        var best: (length: Int, peer: WireGuardPeer)?
        for peer in peers {
            for prefix in peer.allowed where prefix.length > (best?.length ?? -1) && prefix.contains(address) {
                best = (prefix.length, peer)
            }
        }
        return best?.peer
    }
}
