import Addresses
import Diagnostics
import MeshFiles

/// `peers:`.
extension MeshDecoder {
    /// Every field that a peer can have.
    package enum PeerField: String, CaseIterable {
        case groups, site, `private`, `public`, endpoint, address, routes, disabled, platform, firewall
        case publicKey = "public-key"
        case interface, port, mtu, keepalive, dns, table, fwmark
        case preUp = "pre-up"
        case postUp = "post-up"
        case preDown = "pre-down"
        case postDown = "post-down"
    }

    mutating func peers(_ node: YAMLNode?) -> [DeclaredPeer] {
        guard let node else { return [] }
        let entries = reader.entries(node, of: "peers")
        var peers: [DeclaredPeer] = []
        peers.reserveCapacity(entries.count)
        for entry in entries {
            if let peer = peer(entry) { peers.append(peer) }
        }
        peers.sort { $0.name < $1.name }
        return peers
    }

    private mutating func peer(_ entry: YAMLEntry) -> DeclaredPeer? {
        guard let name = reader.name(entry.key, of: "peer") else { return nil }
        var peer = DeclaredPeer(name: name, location: reader.place(entry.key))
        for entry in reader.entries(entry.value, of: name) {
            guard let field = PeerField(rawValue: entry.name) else {
                reader.unknown(entry.key, in: "a peer", known: PeerField.allCases.map(\.rawValue))
                continue
            }
            read(field, entry.value, into: &peer)
        }
        checkPlatform(peer, entry)
        // A site that does not exist has its own finding.
        if entry.value["site"] == nil, let address = peer.privateAddresses.first {
            reader.report(
                .siteRequired, at: address.location, "peer \(quoted(name)) has a private address and no site",
                hint: "add `site: NAME`")
        }
        return peer
    }

    private mutating func read(_ field: PeerField, _ node: YAMLNode, into peer: inout DeclaredPeer) {
        switch field {
        case .groups: peer.groups = memberships(node)
        case .site: peer.site = siteIndex(node)
        case .private: peer.privateAddresses = underlayAddresses(node, of: "private")
        case .public: peer.publicAddresses = underlayAddresses(node, of: "public")
        case .endpoint: peer.endpoint = endpoint(node)
        case .address: peer.addresses = overlayAddresses(node)
        case .routes: peer.routes = reader.values(node, of: "routes", parse: IPPrefix.init(parsing:))
        case .disabled: peer.isDisabled = reader.flag(node, of: "disabled") ?? false
        case .platform: peer.platform = reader.word(node, of: "platform", as: Platform.self) ?? .linux
        case .firewall:
            let kind = reader.word(node, of: "firewall", as: FirewallKind.self)
            peer.firewall = kind.map { Located($0, reader.place(node)) }
        case .publicKey: peer.publicKey = publicKey(node)
        default: read(override: field, node, into: &peer.overrides)
        }
    }

    private mutating func memberships(_ node: YAMLNode) -> [Int] {
        var result: [Int] = []
        for item in reader.items(node, of: "groups") {
            guard let text = reader.text(item, of: "groups") else { continue }
            guard let index = groupNames[text] else {
                let known = groupNames.keys.sorted()
                reader.report(
                    .unknownGroup, item, "there is no group \(quoted(text))",
                    hint: nearest(to: text, among: known).map { "did you mean \(quoted($0))?" }
                        ?? (NameRule.problem(of: text) == nil ? "declare it: `groups: {\(text): {}}`" : nil))
                continue
            }
            if result.contains(index) {
                reader.report(.invalidValue, item, "groups: \(quoted(text)) is named twice")
            } else {
                result.append(index)
            }
        }
        return result
    }

    private mutating func siteIndex(_ node: YAMLNode) -> Int? {
        guard let text = reader.text(node, of: "site") else { return nil }
        if let index = siteNames[text] { return index }
        reader.report(
            .unknownSite, node, "there is no site \(quoted(text))",
            hint: nearest(to: text, among: siteNames.keys.sorted()).map { "did you mean \(quoted($0))?" }
                ?? (NameRule.problem(of: text) == nil ? "declare it: `sites: {\(text): {network: …}}`" : nil))
        return nil
    }

    private mutating func underlayAddresses(_ node: YAMLNode, of field: String) -> [Located<IPAddress>] {
        let addresses = reader.values(node, of: field, parse: IPAddress.init(parsing:))
        for address in addresses where !address.value.isUnicastHost {
            reader.report(
                .unusableAddress, at: address.location, "\(field): \(address.value) cannot be the address of a host")
        }
        return addresses
    }

    private mutating func overlayAddresses(_ node: YAMLNode) -> [Located<IPAddress>] {
        let addresses = reader.values(node, of: "address", parse: IPAddress.init(parsing:))
        for family in IPFamily.allCases {
            let ofFamily = addresses.filter { $0.value.family == family }
            guard let second = ofFamily.dropFirst().first else { continue }
            reader.report(
                .invalidValue, at: second.location, "address: a peer has one address of a family, not \(ofFamily.count)"
            )
        }
        return addresses
    }

    private mutating func endpoint(_ node: YAMLNode) -> EndpointOverride? {
        let override = reader.value(node, of: "endpoint") { text throws(AddressError) in
            if let address = try? IPAddress(parsing: text) { return EndpointOverride(host: .address(address)) }
            if !text.utf8.contains(UInt8(ascii: ":")) {
                return EndpointOverride(host: .name(try HostName(parsing: text)))
            }
            let endpoint = try Endpoint(parsing: text)
            return EndpointOverride(host: endpoint.host, port: endpoint.port)
        }
        return override?.value
    }

    private mutating func publicKey(_ node: YAMLNode) -> Located<String>? {
        guard let text = reader.text(node, of: "public-key") else { return nil }
        guard let problem = PublicKeyText.problem(of: text) else { return Located(text, reader.place(node)) }
        reader.report(
            .invalidKey, node, "public-key: \(quoted(text)) \(problem)", hint: "print it with `wg pubkey`")
        return nil
    }
}

extension DeclaredPeer {
    /// A peer of which nothing but the name is known.
    init(name: String, location: SourceLocation) {
        self.init(
            name: name, location: location, groups: [], site: nil, privateAddresses: [], publicAddresses: [],
            endpoint: nil, addresses: [], routes: [], publicKey: nil, isDisabled: false, platform: .linux,
            overrides: PeerOverrides())
    }
}

extension IPAddress {
    /// Whether a host on the Internet or a private network can have the address.
    var isUnicastHost: Bool { !isLoopback && !isMulticast && !isUnspecified && !isLinkLocal }
}
