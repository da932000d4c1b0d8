import Addresses
package import Diagnostics
package import MeshFiles

/// Turns the located tree of `mesh.yaml` into a declared mesh and reports every mistake of form on the way.
///
/// What concerns several fields or peers at once (overlaps, reachability) is the business of `Rules/`.
package struct MeshDecoder {
    var reader: FieldReader
    var siteNames: [String: Int] = [:]
    var groupNames: [String: Int] = [:]

    private init(file: String) {
        reader = FieldReader(file: file)
    }

    /// The declared mesh, or nil when a finding is an error; the findings in the order of the file.
    package static func decode(_ root: YAMLNode, file: String) -> (mesh: DeclaredMesh?, findings: [Diagnostic]) {
        var decoder = MeshDecoder(file: file)
        let mesh = decoder.mesh(root)
        let findings = decoder.reader.findings
        return (findings.contains { $0.severity == .error } ? nil : mesh, findings.sorted())
    }

    /// The fields at the top of the file.
    package enum Field: String, CaseIterable {
        case mesh, prefixes, wireguard, quarantine, sites, groups, topology, hubs, links, relays, beside, peers
        case services, allow, guard_ = "guard", tests, icmp, exits, peering, unload, firewall, rotation
    }

    private mutating func fields(_ root: YAMLNode) -> [Field: YAMLNode] {
        var fields: [Field: YAMLNode] = [:]
        let known = Field.allCases.map(\.rawValue)
        for entry in reader.entries(root, of: "the mesh file") {
            let key = entry.name
            guard let field = Field(rawValue: key) else {
                reader.unknown(entry.key, in: "the mesh file", known: known)
                continue
            }
            fields[field] = entry.value
        }
        return fields
    }

    private mutating func mesh(_ root: YAMLNode) -> DeclaredMesh? {
        let fields = fields(root)
        guard root.entries != nil || root.isNull else { return nil }
        let name = required(.mesh, in: fields, of: root).flatMap { reader.name($0, of: "mesh") }
        let prefixNode = required(.prefixes, in: fields, of: root)
        let prefixes = prefixNode.map { reader.values($0, of: "prefixes", parse: IPPrefix.init(parsing:)) } ?? []
        if let prefixNode, prefixNode.items?.isEmpty == true {
            reader.report(
                .missingField, prefixNode, "the mesh has no prefix to take addresses from",
                hint: "write `prefixes: [10.88.0.0/16]`")
        }
        let sites = self.sites(fields[.sites])
        let groups = self.groups(fields[.groups])
        var peers = self.peers(fields[.peers])
        let names = SelectorNames(groups: groups, peers: peers)
        reportAmbiguities(groups: groups, peers: peers)
        let policyNames = PolicyNames(selectors: names, sites: siteNames, peers: peers)
        let policy = self.policy(fields, policyNames)
        // Another mesh is a network behind the peer that is in both.
        for peering in policy?.peerings ?? [] { peers[peering.at.value].routes += peering.prefixes }
        return DeclaredMesh(
            name: name ?? "",
            prefixes: prefixes,
            wireGuard: wireGuard(fields[.wireguard]),
            quarantine: quarantine(fields[.quarantine]),
            sites: sites,
            groups: groups,
            topology: topology(fields, names),
            relays: selectors(fields[.relays], of: "relays", names),
            beside: beside(fields[.beside]),
            peers: peers,
            policy: policy,
            firewall: fields[.firewall].flatMap { reader.word($0, of: "firewall", as: FirewallKind.self) }
                ?? .nftables,
            rotation: rotation(fields[.rotation]),
            prefixesLocation: reader.place(prefixNode ?? root))
    }

    private mutating func required(_ field: Field, in fields: [Field: YAMLNode], of root: YAMLNode) -> YAMLNode? {
        if let node = fields[field] { return node }
        let example = field == .mesh ? "mesh: production" : "prefixes: [10.88.0.0/16]"
        reader.report(
            .missingField, root, "the mesh file lacks \(quoted(field.rawValue))", hint: "add a line `\(example)`")
        return nil
    }

    private mutating func quarantine(_ node: YAMLNode?) -> Int64 {
        guard let node else { return 90 * 86_400 }
        return duration(node, of: "quarantine") ?? 0
    }

    /// Seconds.
    private mutating func duration(_ node: YAMLNode, of field: String) -> Int64? {
        guard let text = reader.text(node, of: field) else { return nil }
        if let seconds = DurationText.seconds(text) { return seconds }
        reader.report(
            .invalidValue, node, "\(field): \(quoted(text)) is not a duration of at most ten years",
            hint: "write 90d, 12h or 30m")
        return nil
    }

    /// The fields of `rotation:`.
    package enum RotationField: String, CaseIterable {
        case keys, deadline
        case presharedKeys = "preshared-keys"
    }

    private mutating func rotation(_ node: YAMLNode?) -> DeclaredRotation? {
        guard let node else { return nil }
        var result = DeclaredRotation(location: reader.place(node))
        for entry in reader.entries(node, of: "rotation") {
            guard let field = RotationField(rawValue: entry.name) else {
                reader.unknown(entry.key, in: "rotation", known: RotationField.allCases.map(\.rawValue))
                continue
            }
            guard let seconds = duration(entry.value, of: entry.name) else { continue }
            switch field {
            case .keys: result.keys = seconds
            case .presharedKeys: result.presharedKeys = seconds
            case .deadline: result.deadline = seconds
            }
        }
        return result
    }

    private mutating func beside(_ node: YAMLNode?) -> [Located<String>] {
        guard let node else { return [] }
        return reader.items(node, of: "beside").compactMap { item in
            guard let path = reader.text(item, of: "beside") else { return nil }
            if path.isEmpty || path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
                reader.report(.invalidValue, item, "beside: \(quoted(path)) is not a path")
                return nil
            }
            return Located(path, reader.place(item))
        }
    }
}
