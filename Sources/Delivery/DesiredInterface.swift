package import Addresses
package import HostPlans

/// What an interface is to be: by its configuration, or by what it was when it was looked at.
package struct DesiredInterface: Hashable, Sendable {
    package struct Peer: Hashable, Sendable {
        package var allowedIPs: Set<IPPrefix> = []
        package var presharedKey: HiddenKey?
        /// Seconds; nil is off.
        package var keepalive: UInt16?
        /// As `wg` takes it, an address or a name; nil leaves what was learned.
        package var endpoint: String?

        package init() {}

        /// The peer as `wg addconf` reads it, with its secret.
        package func section(of key: String) -> String {
            let allowed = allowedIPs.sorted().map(\.description).joined(separator: ", ")
            var lines = ["[Peer]", "PublicKey = \(key)"]
            lines.append("PresharedKey = \(presharedKey?.text ?? HiddenKey.absent)")
            if !allowed.isEmpty { lines.append("AllowedIPs = \(allowed)") }
            if let endpoint { lines.append("Endpoint = \(endpoint)") }
            lines.append("PersistentKeepalive = \(keepalive.map { "\($0)" } ?? "off")")
            return lines.joined(separator: "\n") + "\n\n"
        }
    }

    /// Nil when the host keeps it to itself: it is left as it is.
    package var privateKey: HiddenKey?
    /// Nil leaves it as it is.
    package var port: UInt16?
    /// Zero is off; nil leaves it as it is.
    package var fwmark: UInt32?
    /// Nil leaves it as it is.
    package var mtu: UInt32?
    /// `net.ipv4.conf.*.rp_filter` of the interface; nil leaves it as it is.
    package var reversePath: Int?
    package var addresses: Set<InterfaceAddress> = []
    package var routes: Set<InterfaceRoute> = []
    /// By public key in base64.
    package var peers: [String: Peer] = [:]
    /// The settings that only wg-quick can bring about, by starting the interface.
    package var hooks: [WireGuardConfig.Setting] = []

    package init() {}

    /// By the text of a configuration; nil for one with a mistake in it.
    package init?(parsing source: [UInt8]) {
        let (config, findings) = WireGuardConfig.parse(source, file: "")
        guard findings.isEmpty else { return nil }
        self.init(config, source: source)
    }

    /// By a configuration that was parsed from `source` without a finding.
    package init(_ config: WireGuardConfig, source: [UInt8]) {
        func key(_ range: Range<Int>?) -> HiddenKey? {
            range.flatMap { HiddenKey(String(decoding: source[$0], as: UTF8.self)) }
        }
        privateKey = key(config.privateKey)
        port = config.port?.number
        mtu = config.mtu.map(UInt32.init)
        addresses = Set(config.addresses)
        peers.reserveCapacity(config.peers.count)
        for peer in config.peers {
            var settings = peers[peer.publicKey] ?? Peer()
            settings.allowedIPs.formUnion(peer.allowedIPs)
            settings.presharedKey = key(peer.presharedKey) ?? settings.presharedKey
            settings.keepalive = peer.keepalive ?? settings.keepalive
            settings.endpoint = peer.endpoint?.description ?? settings.endpoint
            peers[peer.publicKey] = settings
        }
        read(config)
    }

    private mutating func read(_ config: WireGuardConfig) {
        var table = "auto"
        for setting in config.settings {
            switch HookMeaning(setting) {
            case .nothing: break
            case .table(let name): table = name
            case .route(let route): routes.insert(route)
            case .reversePath(let number): reversePath = number
            case .unknown: hooks.append(setting)
            }
        }
        // wg-quick's add_default: rules and a mark of its own choice, which only wg-quick knows.
        let takesAll = table == "auto" && peers.values.contains { $0.allowedIPs.contains { $0.length == 0 } }
        fwmark = config.fwmark ?? (takesAll ? nil : 0)
        guard table != "off" else { return }
        let allowed = peers.values.reduce(into: Set<IPPrefix>()) { $0.formUnion($1.allowedIPs) }
        let connected = addresses.map(\.prefix)
        for prefix in allowed.sorted() {
            let isConnected = table == "auto" && connected.contains { $0.covers(prefix) }
            if prefix.length == 0, table == "auto" {
                hooks.append(WireGuardConfig.Setting(key: "default route", value: "\(prefix)"))
            } else if !isConnected {
                routes.insert(InterfaceRoute(prefix, table: table == "auto" ? "main" : table))
            }
        }
        hooks.append(WireGuardConfig.Setting(key: "table", value: table))
    }
}

extension DesiredInterface {
    /// The text of a configuration for wg-quick where another interface of the mesh is up: without the routes, which
    /// would be taken from that one, and without another load of the rules.
    package static func joining(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.filter { line in
            let parts = line.split(separator: "=", maxSplits: 1).map { $0.trimmed }
            guard parts.count == 2 else { return true }
            let setting = WireGuardConfig.Setting(key: parts[0].lowercased(), value: parts[1])
            if case .route = HookMeaning(setting) { return false }
            return setting.key != "preup" || HookMeaning(setting) != .nothing
        }.joined(separator: "\n")
    }

    /// What was to be before, by the disk and by what was applied last, which differ when somebody has copied the next
    /// tree over the files: the addresses and routes of either. A peer has the endpoint that both give it, for one of two
    /// is not the tree's, and is to be set; hooks that are not the same are none that a tree could have, and take a restart.
    ///
    /// - Parameters:
    ///   - disk: nil for none that can be read.
    ///   - applied: nil for none, or the same.
    package static func former(_ disk: DesiredInterface?, applied: DesiredInterface?) -> DesiredInterface? {
        guard let applied else { return disk }
        var former = disk ?? DesiredInterface()
        former.addresses.formUnion(applied.addresses)
        former.routes.formUnion(applied.routes)
        for (key, peer) in former.peers where peer.endpoint != applied.peers[key]?.endpoint {
            former.peers[key]?.endpoint = nil
        }
        if former.hooks != applied.hooks {
            former.hooks.append(WireGuardConfig.Setting(key: "applied otherwise", value: ""))
        }
        return former
    }

    /// Everything as it was when it was looked at, for the way back.
    package init(restoring observed: ObservedInterface) {
        privateKey = observed.privateKey
        port = observed.port
        fwmark = observed.fwmark
        mtu = observed.mtu
        reversePath = observed.reversePath
        addresses = observed.addresses
        routes = observed.routes
        peers = observed.peers.mapValues(\.settings)
    }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}

extension IPPrefix {
    /// Whether every address of the other is in this one.
    fileprivate func covers(_ other: IPPrefix) -> Bool {
        family == other.family && first <= other.first && other.last <= last
    }
}
