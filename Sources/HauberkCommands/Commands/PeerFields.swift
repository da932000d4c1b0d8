import Addresses
import ArgumentParser
import MeshFiles

/// The fields of a peer that `add` and `set` take as options, under the names of `mesh.yaml`.
struct PeerFields: ParsableArguments {
    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "A group that the peer is in; repeat for more, the first owns its address.", valueName: "name"))
    var group: [String] = []

    @Option(
        name: .long, help: ArgumentHelp("The site whose private network the peer is on.", valueName: "name"))
    var site: String?

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp("An address on the site's network; repeat for a second family.", valueName: "address"))
    var `private`: [String] = []

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp("An address on the Internet; repeat for a second family.", valueName: "address"))
    var `public`: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("A name or address, and perhaps a port, for others to send to.", valueName: "host[:port]"))
    var endpoint: String?

    @Option(
        name: .long, parsing: .singleValue,
        help: "A static address in the mesh, repeat for a second family; or auto for new ones of the mesh's choice.")
    var address: [String] = []

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp("A network behind the peer; repeat for more.", valueName: "cidr"))
    var route: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("The public key of a peer that keeps its private key to itself.", valueName: "key"))
    var publicKey: String?

    @Option(
        name: .long, help: "linux, or app for the WireGuard apps of phones, macOS and Windows.",
        completion: .list(["linux", "app"]))
    var platform: String?

    @Option(name: .long, help: "The peer's own listening port.")
    var port: String?

    @Option(name: .long, help: ArgumentHelp("The peer's own interface name.", valueName: "name"))
    var interface: String?

    @Option(name: .long, help: ArgumentHelp("The peer's own MTU.", valueName: "bytes"))
    var mtu: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Seconds between keepalives toward every peer, or off.", valueName: "seconds"))
    var keepalive: String?

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp("A name server or search domain; repeat for more.", valueName: "server"))
    var dns: [String] = []

    @Option(name: .long, help: "main, off, auto, or the number of a routing table.")
    var table: String?

    @Option(
        name: .long, help: ArgumentHelp("The firewall mark of the tunnel's own packets.", valueName: "mark"))
    var fwmark: String?

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp("A command to run before the interface comes up.", valueName: "command"))
    var preUp: [String] = []

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp("A command to run after the interface has come up.", valueName: "command"))
    var postUp: [String] = []

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp("A command to run before the interface goes down.", valueName: "command"))
    var preDown: [String] = []

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp("A command to run after the interface has gone down.", valueName: "command"))
    var postDown: [String] = []

    /// The given fields in the order of the file, each with its value as YAML.
    var yaml: [(field: String, value: String)] {
        let lists: [(String, [String])] = [
            ("groups", group), ("private", `private`), ("public", `public`),
            ("address", address.filter { $0 != Self.automatic }), ("routes", route), ("dns", dns), ("pre-up", preUp),
            ("post-up", postUp), ("pre-down", preDown), ("post-down", postDown),
        ]
        let singles: [(String, String?)] = [
            ("site", site), ("endpoint", endpoint), ("public-key", publicKey), ("platform", platform), ("port", port),
            ("interface", interface), ("mtu", mtu), ("keepalive", keepalive), ("table", table), ("fwmark", fwmark),
        ]
        var given: [String: String] = [:]
        for (field, values) in lists where !values.isEmpty { given[field] = Self.list(field, values) }
        for (field, value) in singles { given[field] = value.map(yamlScalar) }
        return Self.order.compactMap { field in given[field].map { (field, $0) } }
    }

    /// Whether the peer is to have a new address of the mesh's choice.
    var redrawsAddress: Bool { address.contains(Self.automatic) }

    static let automatic = "auto"

    /// The order in which fields stand in a line.
    static let order = [
        "groups", "site", "private", "public", "endpoint", "address", "routes", "public-key", "platform", "interface",
        "port", "mtu", "keepalive", "dns", "table", "fwmark", "pre-up", "post-up", "pre-down", "post-down", "disabled",
    ]

    /// Groups and routes always as a list; others as a single value where there is one.
    static func list(_ field: String, _ values: [String]) -> String {
        let isList = values.count > 1 || field == "groups" || field == "routes"
        return isList ? yamlFlowList(values) : yamlScalar(values[0])
    }

    /// A whole peer on one line.
    static func line(_ fields: [(field: String, value: String)]) -> String {
        "{" + fields.map { "\($0.field): \($0.value)" }.joined(separator: ", ") + "}"
    }
}
