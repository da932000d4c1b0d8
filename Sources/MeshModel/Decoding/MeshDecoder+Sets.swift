import Addresses
import Diagnostics
import MeshFiles

/// The names that a policy may use.
struct PolicyNames {
    let selectors: SelectorNames
    let sites: [String: Int]
    /// Networks behind peers.
    let routes: [IPPrefix]
    var peerings: [PeeringDeclaration] = []

    init(selectors: SelectorNames, sites: [String: Int], peers: [DeclaredPeer]) {
        self.selectors = selectors
        self.sites = sites
        routes = peers.flatMap { $0.routes.map(\.value) }
    }

    /// `app`, `site:nyc3`, `mesh:staging`, or a network behind a peer.
    func set(_ name: String) -> SetExpression? {
        if let prefix = try? IPPrefix(parsing: name) {
            let known = routes + peerings.flatMap { $0.prefixes.map(\.value) }
            return known.contains { $0.contains(prefix) } ? .network(prefix) : nil
        }
        if name.hasPrefix("site:") { return sites[String(name.dropFirst(5))].map(SetExpression.site) }
        if name.hasPrefix("mesh:") {
            return peerings.firstIndex { $0.name == name.dropFirst(5) }.map(SetExpression.mesh)
        }
        switch selectors.selector(name) {
        case .all?: return .all
        case .group(let index)?: return .group(index)
        case .peer(let index)?: return .peer(index)
        case nil: return nil
        }
    }

    /// Every name, for hints.
    var all: [String] {
        selectors.all + sites.keys.sorted().map { "site:\($0)" } + peerings.map { "mesh:\($0.name)" }
    }
}

/// Sets, and the sides of flows.
extension MeshDecoder {
    /// A set, or a list of sets for all that is in one of them.
    mutating func set(_ node: YAMLNode, of field: String, _ names: PolicyNames) -> Located<SetExpression>? {
        let items = reader.items(node, of: field)
        let sets = items.compactMap { item in
            reader.text(item, of: field).flatMap { set($0, at: item, of: field, names) }
        }
        if items.isEmpty, node.items != nil {
            reader.report(.invalidValue, node, "\(field): an empty list means nobody", hint: "name a group or a peer")
        }
        guard !sets.isEmpty, sets.count == items.count else { return nil }
        return Located(sets.count == 1 ? sets[0] : .either(sets), reader.place(node))
    }

    private mutating func set(
        _ text: String, at node: YAMLNode, of field: String, _ names: PolicyNames
    ) -> SetExpression? {
        do throws(SetParser.Mistake) {
            return try SetParser.parse(text, resolve: names.set)
        } catch {
            switch error {
            case .unknown(let name): reportUnknown(name, at: node, of: field, names)
            case .syntax(let mistake):
                reader.report(
                    .invalidValue, node, "\(field): \(quoted(text)) is no set: \(mistake)",
                    hint: "write `app`, `app or db`, `all except bastion`, `(app or db) and site:NAME`")
            }
            return nil
        }
    }

    private mutating func reportUnknown(
        _ name: String, at node: YAMLNode, of field: String, _ names: PolicyNames
    ) {
        if let prefix = try? IPPrefix(parsing: name) {
            reader.report(
                .unknownSelector, node, "\(field): no peer has the network \(prefix) behind it",
                hint: "declare it: `routes: [\(prefix)]` on the peer that is its gateway")
            return
        }
        reader.report(
            .unknownSelector, node, "\(field): there is no peer, group, site or mesh \(quoted(name))",
            hint: nearest(to: name, among: names.all).map { "did you mean \(quoted($0))?" }
                ?? (names.sites[name] == nil ? nil : "write site:\(name)"))
    }

    /// A side of a flow on the underlay: peers, or a prefix or an address of anybody.
    mutating func underlayEnd(_ node: YAMLNode, of field: String, _ names: PolicyNames) -> Located<UnderlayEnd>? {
        if let text = node.text, !node.isNull {
            if let prefix = try? IPPrefix(parsing: text) { return Located(.network(prefix), reader.place(node)) }
            if let address = try? IPAddress(parsing: text) {
                return Located(.network(.host(address)), reader.place(node))
            }
            if text.utf8.contains(UInt8(ascii: "/")) {
                _ = reader.value(node, of: field, parse: IPPrefix.init(parsing:))
                return nil
            }
        }
        guard let set = set(node, of: field, names) else { return nil }
        if set.value.reachesOutside {
            reader.report(
                .invalidValue, node, "\(field): a network behind a peer is not on the underlay", hint: "name a peer")
            return nil
        }
        return Located(.peers(set.value), set.location)
    }
}
