import Addresses
import Diagnostics
import MeshFiles

/// `services:`, `allow:`, `icmp:`, `unload:` and what joins them to a policy.
extension MeshDecoder {
    /// The fields that make a policy: where one of them stands, all that is not allowed is denied.
    static let policyFields: [Field] = [
        .services, .allow, .guard_, .tests, .icmp, .exits, .peering, .unload,
    ]

    mutating func policy(_ fields: [Field: YAMLNode], _ names: PolicyNames) -> DeclaredPolicy? {
        let nodes = Self.policyFields.compactMap { fields[$0] }
        guard let first = nodes.map({ reader.place($0) }).min() else { return nil }
        var names = names
        let peerings = self.peerings(fields[.peering], names)
        names.peerings = peerings
        var services = self.services(fields[.services], names)
        let rules = self.rules(fields[.allow], names, &services)
        return DeclaredPolicy(
            services: services, rules: rules, guardDeclaration: guardDeclaration(fields[.guard_], names),
            icmp: icmp(fields[.icmp]), exits: exits(fields[.exits], names), peerings: peerings,
            tests: tests(fields[.tests], names),
            unload: fields[.unload].flatMap { reader.word($0, of: "unload", as: UnloadPolicy.self) } ?? .never,
            location: first)
    }

    /// The fields of a service.
    package enum ServiceField: String, CaseIterable {
        case ports, expose
    }

    private mutating func services(_ node: YAMLNode?, _ names: PolicyNames) -> [Service] {
        guard let node else { return [] }
        var services = reader.entries(node, of: "services").compactMap { service($0, names) }
        services.sort { $0.name < $1.name }
        return services
    }

    private mutating func service(_ entry: YAMLEntry, _ names: PolicyNames) -> Service? {
        guard let name = reader.name(entry.key, of: "service") else { return nil }
        var service = Service(
            name: name, location: reader.place(entry.key), ports: WellKnownServices.ports(of: name) ?? [],
            exposures: [], isDeclared: true)
        var hasPorts = false
        for entry in reader.entries(entry.value, of: name) {
            switch ServiceField(rawValue: entry.name) {
            case .ports?:
                service.ports = ports(entry.value, of: "ports")
                hasPorts = true
            case .expose?: service.exposures = exposures(entry.value, names)
            case nil: reader.unknown(entry.key, in: "a service", known: ServiceField.allCases.map(\.rawValue))
            }
        }
        if service.ports.isEmpty, !hasPorts {
            reader.report(
                .missingField, entry.key, "the service \(quoted(name)) is not well known and has no ports",
                hint: "write `\(name): {ports: [8080/tcp]}`; `hauberk services` lists the well-known ones")
        }
        return service
    }

    /// At least one port; each `80/tcp` or `49152-49160/udp`.
    mutating func ports(_ node: YAMLNode, of field: String) -> [ServicePorts] {
        let items = reader.items(node, of: field)
        if items.isEmpty, node.items != nil {
            reader.report(.invalidValue, node, "\(field): a list of no ports means nothing", hint: "write `[80/tcp]`")
        }
        return items.compactMap { port($0, of: field) }.merged
    }

    mutating func port(_ node: YAMLNode, of field: String) -> ServicePorts? {
        guard let text = reader.text(node, of: field) else { return nil }
        if let ports = ServicePorts(text) { return ports }
        let isBare = (try? PortRange(parsing: text)) != nil
        reader.report(
            .invalidValue, node, "\(field): \(quoted(text)) is not a port or range with its protocol",
            hint: isBare ? "write \(text)/tcp or \(text)/udp" : "write 80/tcp, 53/udp or 49152-49160/tcp")
        return nil
    }

    private mutating func exposures(_ node: YAMLNode, _ names: PolicyNames) -> [ServiceExposure] {
        reader.entries(node, of: "expose").compactMap { entry in
            guard let text = entry.key.text else { return nil }
            guard let selector = names.selectors.selector(text) else {
                reader.report(
                    .unknownSelector, entry.key, "expose: there is no peer or group \(quoted(text))",
                    hint: nearest(to: text, among: names.selectors.all).map { "did you mean \(quoted($0))?" })
                return nil
            }
            guard let exposure = reader.word(entry.value, of: "expose", as: Exposure.self) else { return nil }
            return ServiceExposure(on: selector, exposure: exposure, location: reader.place(entry.key))
        }
    }

    /// The fields of a rule.
    package enum RuleField: String, CaseIterable {
        case from, to, service, until
    }

    private mutating func rules(
        _ node: YAMLNode?, _ names: PolicyNames, _ services: inout [Service]
    ) -> [AllowRule] {
        guard let node else { return [] }
        // Built-in services join the declared ones after them, so that indices hold while rules are read.
        var rules: [AllowRule] = []
        for item in reader.items(node, of: "allow") {
            if let rule = rule(item, names, &services) { rules.append(rule) }
        }
        return rules
    }

    private mutating func rule(_ node: YAMLNode, _ names: PolicyNames, _ services: inout [Service]) -> AllowRule? {
        var from: Located<SetExpression>?
        var to: Located<SetExpression>?
        var indices: [Int] = []
        var until: Located<Int64>?
        var seen: Set<RuleField> = []
        for entry in reader.entries(node, of: "a rule") {
            guard let field = RuleField(rawValue: entry.name) else {
                reader.unknown(entry.key, in: "a rule", known: RuleField.allCases.map(\.rawValue))
                continue
            }
            seen.insert(field)
            switch field {
            case .from: from = set(entry.value, of: "from", names)
            case .to: to = set(entry.value, of: "to", names)
            case .service: indices = serviceIndices(entry.value, &services)
            case .until: until = moment(entry.value)
            }
        }
        guard node.entries != nil else { return nil }
        require([.from, .to, .service].filter { !seen.contains($0) }.map(\.rawValue), node, "a rule")
        guard let from, let to, !indices.isEmpty else { return nil }
        return AllowRule(from: from, to: to, services: indices, until: until, location: reader.place(node))
    }

    private mutating func serviceIndices(_ node: YAMLNode, _ services: inout [Service]) -> [Int] {
        var result: [Int] = []
        for item in reader.items(node, of: "service") {
            guard let text = reader.text(item, of: "service") else { continue }
            var index = services.firstIndex { $0.name == text }
            if index == nil, let ports = WellKnownServices.ports(of: text) {
                index = services.count
                services.append(
                    Service(name: text, location: reader.place(item), ports: ports, exposures: [], isDeclared: false))
            }
            guard let index else {
                let known = services.filter(\.isDeclared).map(\.name) + WellKnownServices.all.map(\.name)
                reader.report(
                    .unknownService, item, "there is no service \(quoted(text))",
                    hint: nearest(to: text, among: known).map { "did you mean \(quoted($0))?" }
                        ?? "declare it: `services: {\(text): {ports: [8080/tcp], expose: {…: private}}}`")
                continue
            }
            if !result.contains(index) { result.append(index) }
        }
        return result
    }

    mutating func moment(_ node: YAMLNode) -> Located<Int64>? {
        guard let text = reader.text(node, of: "until") else { return nil }
        if let seconds = MomentText.seconds(text) { return Located(seconds, reader.place(node)) }
        reader.report(
            .invalidValue, node, "until: \(quoted(text)) is not a day or a minute in UTC",
            hint: "write 2027-03-01 (through that day) or 2027-03-01T18:30Z")
        return nil
    }

    /// The fields of `icmp:`.
    package enum ICMPField: String, CaseIterable {
        case overlay, underlay
    }

    private mutating func icmp(_ node: YAMLNode?) -> ICMPDeclaration {
        var result = ICMPDeclaration(overlay: .echo, underlay: .echo)
        guard let node else { return result }
        for entry in reader.entries(node, of: "icmp") {
            switch ICMPField(rawValue: entry.name) {
            case .overlay?: result.overlay = reader.word(entry.value, of: "overlay", as: EchoPolicy.self) ?? .echo
            case .underlay?: result.underlay = reader.word(entry.value, of: "underlay", as: EchoPolicy.self) ?? .echo
            case nil: reader.unknown(entry.key, in: "icmp", known: ICMPField.allCases.map(\.rawValue))
            }
        }
        return result
    }

    /// Reports what a mapping lacks.
    mutating func require(_ missing: [String], _ node: YAMLNode, _ noun: String) {
        if missing.isEmpty { return }
        reader.report(
            .missingField, node, "\(noun) lacks \(missing.map { quoted($0) }.joined(separator: " and "))",
            hint: "add \(missing.map { "\($0): …" }.joined(separator: ", "))")
    }
}
