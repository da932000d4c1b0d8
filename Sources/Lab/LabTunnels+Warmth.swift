extension LabTunnels {
    /// Lets every pair of peers shake hands before anything is asked, by a keepalive of one second on one side of each:
    /// WireGuard sends it by itself, whatever the rules are, and two that began at once would be silent for 5 s.
    ///
    /// Ends when every handshake is there, or after `patience` milliseconds; afterwards the keepalives are as they were.
    func warm(_ hosts: [LabHostState], patience: Int = 12_000) async {
        let leading = hosts.flatMap { host in host.tunnels.map { (host.number, $0.name, led(by: host, $0, hosts)) } }
        await set(leading.map { ($0.0, $0.1, $0.2.map { ($0.publicKey, 1) }) })
        let deadline = Milliseconds.now + patience
        while Milliseconds.now < deadline {
            var fresh = hosts
            guard (try? await describe(&fresh)) != nil, fresh.contains(where: { !isWarm($0, hosts) }) else { break }
        }
        await set(leading.map { ($0.0, $0.1, $0.2.map { ($0.publicKey, $0.keepalive) }) })
    }

    /// The peers of a tunnel toward which its host begins: whom it knows an endpoint of, and who does not begin itself.
    private func led(by host: LabHostState, _ tunnel: WireGuardInterface, _ hosts: [LabHostState]) -> [WireGuardPeer] {
        tunnel.peers.filter { peer in
            guard peer.endpoint != "(none)", let other = owner(of: peer, hosts) else { return false }
            let back = other.tunnels.flatMap(\.peers).first { $0.publicKey == tunnel.publicKey }
            return back == nil || back?.endpoint == "(none)" || host.number < other.number
        }
    }

    private func owner(of peer: WireGuardPeer, _ hosts: [LabHostState]) -> LabHostState? {
        hosts.first { $0.tunnels.contains { $0.publicKey == peer.publicKey } }
    }

    /// Whether it has shaken hands with every peer that is in the lab and can be met.
    private func isWarm(_ host: LabHostState, _ hosts: [LabHostState]) -> Bool {
        host.tunnels.allSatisfy { tunnel in
            tunnel.peers.allSatisfy { $0.latestHandshake > 0 || $0.endpoint == "(none)" || owner(of: $0, hosts) == nil }
        }
    }

    /// wg(8): sets the keepalives, in seconds, of some peers.
    private func set(_ settings: [(number: Int, tunnel: String, peers: [(key: String, seconds: Int)])]) async {
        _ = try? await concurrently(settings.filter { !$0.peers.isEmpty }, width: width) { setting in
            let words = setting.peers.flatMap { ["peer", $0.key, "persistent-keepalive", String($0.seconds)] }
            return await LabCommand.run(LabHostCommand.words(setting.number, ["wg", "set", setting.tunnel] + words))
        }
    }
}
