import Addresses
import Diagnostics
import MeshFiles

/// `wireguard:`, `sites:` and `groups:`.
extension MeshDecoder {
    /// The fields of `wireguard:`.
    package enum WireGuardField: String, CaseIterable {
        case interface, port, mtu, keepalive
        case presharedKeys = "preshared-keys"
    }

    mutating func wireGuard(_ node: YAMLNode?) -> WireGuardDefaults {
        var result = WireGuardDefaults.standard
        guard let node else { return result }
        for entry in reader.entries(node, of: "wireguard") {
            guard let field = WireGuardField(rawValue: entry.name) else {
                reader.unknown(entry.key, in: "wireguard", known: WireGuardField.allCases.map(\.rawValue))
                continue
            }
            switch field {
            case .interface:
                let name = reader.value(entry.value, of: "interface", parse: InterfaceName.init(parsing:))
                result.interface = name?.value ?? result.interface
            case .port:
                let port = reader.value(entry.value, of: "port", parse: Port.init(parsing:))
                result.port = port?.value ?? result.port
            case .mtu: result.mtu = mtu(entry.value) ?? result.mtu
            case .keepalive: result.keepalive = keepalive(entry.value) ?? result.keepalive
            case .presharedKeys:
                let mode = reader.word(entry.value, of: "preshared-keys", as: PresharedKeyMode.self)
                result.presharedKeys = mode ?? result.presharedKeys
            }
        }
        return result
    }

    /// At least what IPv6 demands of a link (RFC 8200 section 5).
    mutating func mtu(_ node: YAMLNode) -> UInt16? {
        reader.number(node, of: "mtu", in: 1280...65535).map(UInt16.init)
    }

    /// Seconds, 0 for `off` (wg(8), persistent-keepalive).
    mutating func keepalive(_ node: YAMLNode) -> UInt16? {
        if case .scalar("off", _) = node.value { return 0 }
        return reader.number(node, of: "keepalive", in: 0...65535, or: ["off"]).map(UInt16.init)
    }

    /// The fields of a site.
    package enum SiteField: String, CaseIterable {
        case network, interface
        case publicInterface = "public-interface"
    }

    mutating func sites(_ node: YAMLNode?) -> [Site] {
        guard let node else { return [] }
        var sites = reader.entries(node, of: "sites").compactMap { site($0) }
        sites.sort { $0.name < $1.name }
        siteNames = Dictionary(sites.enumerated().map { ($1.name, $0) }) { first, _ in first }
        return sites
    }

    private mutating func site(_ entry: YAMLEntry) -> Site? {
        guard let name = reader.name(entry.key, of: "site") else { return nil }
        var site = Site(name: name, location: reader.place(entry.key), networks: [])
        for entry in reader.entries(entry.value, of: name) {
            switch SiteField(rawValue: entry.name) {
            case .network?: site.networks = reader.values(entry.value, of: "network", parse: IPPrefix.init(parsing:))
            case .interface?:
                site.interface = reader.value(entry.value, of: "interface", parse: InterfaceName.init(parsing:))?.value
            case .publicInterface?:
                let field = "public-interface"
                site.publicInterface = reader.value(entry.value, of: field, parse: InterfaceName.init(parsing:))?.value
            case nil: reader.unknown(entry.key, in: "a site", known: SiteField.allCases.map(\.rawValue))
            }
        }
        return site
    }

    /// The fields of a group.
    package enum GroupField: String, CaseIterable {
        case prefix
    }

    mutating func groups(_ node: YAMLNode?) -> [Group] {
        guard let node else { return [] }
        var groups = reader.entries(node, of: "groups").compactMap { group($0) }
        groups.sort { $0.name < $1.name }
        groupNames = Dictionary(groups.enumerated().map { ($1.name, $0) }) { first, _ in first }
        return groups
    }

    private mutating func group(_ entry: YAMLEntry) -> Group? {
        guard let name = reader.name(entry.key, of: "group") else { return nil }
        var group = Group(name: name, location: reader.place(entry.key), prefixes: [])
        for entry in reader.entries(entry.value, of: name) {
            switch GroupField(rawValue: entry.name) {
            case .prefix?:
                group.prefixes = reader.values(entry.value, of: "prefix", parse: IPPrefix.init(parsing:))
            case nil: reader.unknown(entry.key, in: "a group", known: GroupField.allCases.map(\.rawValue))
            }
        }
        for family in IPFamily.allCases {
            let ofFamily = group.prefixes.filter { $0.value.family == family }
            guard let second = ofFamily.dropFirst().first else { continue }
            reader.report(
                .invalidValue, at: second.location, "a group has one block of a family, not \(ofFamily.count)",
                hint: "write one wider prefix")
        }
        return group
    }
}

extension WireGuardDefaults {
    /// What holds when `wireguard:` is silent.
    static let standard = WireGuardDefaults(
        interface: .wg0, port: .wireGuard, mtu: 1420, keepalive: 25, presharedKeys: .pair)
}
