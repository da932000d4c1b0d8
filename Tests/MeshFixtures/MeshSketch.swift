/// A declaration as a person would have it in mind, apart from the program's own types: what tests draw at random,
/// print as `mesh.yaml`, and judge by an oracle of their own.
package struct MeshSketch: Sendable {
    package enum Topology: Sendable {
        case mesh
        case hub([String])
        case custom([[String]])
    }

    package var prefixes: [String] = ["10.88.0.0/16"]
    package var presharedKeys = "pair"
    package var port = 51820
    package var keepalive = 25
    package var topology = Topology.mesh
    package var relays: [String] = []
    /// Name and networks.
    package var sites: [(name: String, networks: [String])] = []
    /// Name and declared blocks.
    package var groups: [(name: String, blocks: [String])] = []
    package var peers: [PeerSketch] = []
    /// A gateway, and the peers that leave by it.
    package var exits: [(via: String, users: [String])] = []
    /// Another mesh's name, the gateway, and its prefixes.
    package var peerings: [(name: String, at: String, prefixes: [String])] = []

    package init() {}

    package var yaml: YAMLValue {
        var fields: [(String, YAMLValue)] = [
            ("mesh", .text("test")), ("prefixes", .texts(prefixes)),
            (
                "wireguard",
                .fields([
                    ("port", .text("\(port)")), ("preshared-keys", .text(presharedKeys)),
                    ("keepalive", .text("\(keepalive)")),
                ])
            ),
            ("sites", .fields(sites.map { ($0.name, .fields([("network", .texts($0.networks))])) })),
            ("groups", .fields(groups.map { ($0.name, .fields([("prefix", .texts($0.blocks))])) })),
        ]
        switch topology {
        case .mesh: fields.append(("topology", .text("mesh")))
        case .hub(let hubs): fields += [("topology", .text("hub")), ("hubs", .texts(hubs))]
        case .custom(let links):
            fields += [("topology", .text("custom")), ("links", .list(links.map { .texts($0) }))]
        }
        fields.append(("relays", .texts(relays)))
        fields += forwarded
        fields.append(("peers", .fields(peers.map { ($0.name, $0.yaml) })))
        return .fields(fields)
    }

    private var forwarded: [(String, YAMLValue)] {
        var fields: [(String, YAMLValue)] = []
        let list = exits.map { exit -> YAMLValue in
            .fields([
                ("via", .text(exit.via)), ("for", .text(exit.users.joined(separator: " or "))),
                ("interface", .text("eth0")),
            ])
        }
        if !exits.isEmpty { fields.append(("exits", .list(list))) }
        let joined = peerings.enumerated().map { number, peering -> (String, YAMLValue) in
            (
                peering.name,
                .fields([
                    ("at", .text(peering.at)), ("prefixes", .texts(peering.prefixes)),
                    ("interface", .text("peer\(number)")), ("port", .text("\(45000 + number)")),
                ])
            )
        }
        if !peerings.isEmpty { fields.append(("peering", .fields(joined))) }
        return fields
    }

    package var text: String { yaml.document }
}

/// One peer of a sketch.
package struct PeerSketch: Sendable, Equatable {
    package var name: String
    package var groups: [String] = []
    package var site: String?
    package var privates: [String] = []
    package var publics: [String] = []
    package var endpoint: String?
    package var addresses: [String] = []
    package var routes: [String] = []
    package var publicKey: String?
    package var isDisabled = false
    package var isApp = false
    package var port: Int?
    package var keepalive: Int?
    /// Further fields as they stand in the file.
    package var others: [String: String] = [:]

    package init(_ name: String) {
        self.name = name
    }

    var yaml: YAMLValue {
        var fields: [(String, YAMLValue)] = []
        func add(_ name: String, _ texts: [String]) {
            if !texts.isEmpty { fields.append((name, .texts(texts))) }
        }
        func add(_ name: String, _ text: String?) {
            if let text { fields.append((name, .text(text))) }
        }
        add("groups", groups)
        add("site", site)
        add("private", privates)
        add("public", publics)
        add("endpoint", endpoint.map { "\"\($0)\"" })
        add("address", addresses)
        add("routes", routes)
        add("public-key", publicKey)
        add("disabled", isDisabled ? "yes" : nil)
        add("platform", isApp ? "app" : nil)
        add("port", port.map(String.init))
        add("keepalive", keepalive.map(String.init))
        for (name, text) in others.sorted(by: { $0.key < $1.key }) { add(name, text) }
        return .fields(fields)
    }
}
