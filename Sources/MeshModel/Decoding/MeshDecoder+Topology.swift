import Addresses
import Diagnostics
import MeshFiles

/// `topology:`, `hubs:`, `links:` and `relays:`.
extension MeshDecoder {
    /// The values of `topology:`.
    package enum TopologyWord: String, CaseIterable {
        case mesh, hub, custom
    }

    mutating func topology(_ fields: [Field: YAMLNode], _ names: SelectorNames) -> TopologyDeclaration {
        let word = fields[.topology].flatMap { reader.word($0, of: "topology", as: TopologyWord.self) } ?? .mesh
        refuse(.hubs, in: fields, unless: word == .hub ? nil : "topology: hub")
        refuse(.links, in: fields, unless: word == .custom ? nil : "topology: custom")
        switch word {
        case .mesh: return .mesh
        case .hub:
            let hubs = selectors(fields[.hubs], of: "hubs", names)
            requireSome(hubs.count, of: .hubs, in: fields)
            return .hub(hubs)
        case .custom:
            let links = self.links(fields[.links], names)
            requireSome(links.count, of: .links, in: fields)
            return .custom(links)
        }
    }

    private mutating func refuse(_ field: Field, in fields: [Field: YAMLNode], unless needed: String?) {
        guard let needed, let node = fields[field] else { return }
        reader.report(
            .topologyField, node, "\(quoted(field.rawValue)) means nothing without `\(needed)`", hint: "add `\(needed)`"
        )
    }

    private mutating func requireSome(_ count: Int, of field: Field, in fields: [Field: YAMLNode]) {
        guard count == 0, let topology = fields[.topology], fields[field].map({ !hasItems($0) }) ?? true else { return }
        let example = field == .hubs ? "hubs: [NAME]" : "links: [[NAME, NAME]]"
        reader.report(
            .topologyField, fields[field] ?? topology, "the topology needs \(quoted(field.rawValue))",
            hint: "add `\(example)`")
    }

    private func hasItems(_ node: YAMLNode) -> Bool {
        if let items = node.items { return !items.isEmpty }
        return true
    }

    mutating func selectors(_ node: YAMLNode?, of field: String, _ names: SelectorNames) -> [Located<Selector>] {
        guard let node else { return [] }
        return reader.items(node, of: field).compactMap { item in
            selector(item, of: field, names).map { Located($0, reader.place(item)) }
        }
    }

    private mutating func selector(_ node: YAMLNode, of field: String, _ names: SelectorNames) -> Selector? {
        guard let text = reader.text(node, of: field) else { return nil }
        if let selector = names.selector(text) { return selector }
        reader.report(
            .unknownSelector, node, "\(field): there is no peer or group \(quoted(text))",
            hint: nearest(to: text, among: names.all).map { "did you mean \(quoted($0))?" })
        return nil
    }

    private mutating func links(_ node: YAMLNode?, _ names: SelectorNames) -> [Link] {
        guard let node else { return [] }
        return reader.items(node, of: "links").compactMap { item in
            guard let pair = item.items, pair.count == 2 else {
                reader.report(
                    .wrongShape, item, "a link joins two names, and this is \(item.described)",
                    hint: "write `[NAME, NAME]`")
                return nil
            }
            guard let first = selector(pair[0], of: "links", names),
                let second = selector(pair[1], of: "links", names)
            else { return nil }
            return Link(first: first, second: second, location: reader.place(item))
        }
    }

    /// A name that means both a peer and a group, or two names that one folder would hold on some file systems.
    mutating func reportAmbiguities(groups: [Group], peers: [DeclaredPeer]) {
        var seen: [String: (name: String, kind: String)] = [:]
        let named = (groups.map { ($0.name, $0.location, "group") } + peers.map { ($0.name, $0.location, "peer") })
            .sorted { $0.1 < $1.1 }
        for (name, location, kind) in named {
            let folded = name.lowercased()
            if let other = seen[folded] {
                reader.report(
                    .ambiguousName, at: location,
                    "the \(kind) \(quoted(name)) and the \(other.kind) \(quoted(other.name)) "
                        + "have names that cannot be told apart", hint: "rename one of them")
            } else {
                seen[folded] = (name, kind)
            }
        }
    }
}

/// The names that a selector may use.
struct SelectorNames {
    private var selectors: [String: Selector] = [NameRule.reserved: .all]

    init(groups: [Group], peers: [DeclaredPeer]) {
        for (index, group) in groups.enumerated() { selectors[group.name] = .group(index) }
        for (index, peer) in peers.enumerated() { selectors[peer.name] = .peer(index) }
    }

    func selector(_ name: String) -> Selector? { selectors[name] }

    var all: [String] { selectors.keys.sorted() }
}
