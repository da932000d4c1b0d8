import Addresses
import Diagnostics
import MeshFiles

/// `guard:`, `exits:`, `peering:` and `tests:`.
extension MeshDecoder {
    /// The fields of `guard:`.
    package enum GuardField: String, CaseIterable {
        case plaintext, rescue, except
    }

    mutating func guardDeclaration(_ node: YAMLNode?, _ names: PolicyNames) -> GuardDeclaration {
        var result = GuardDeclaration(plaintext: .reject, rescue: nil, exceptions: [])
        guard let node else { return result }
        for entry in reader.entries(node, of: "guard") {
            switch GuardField(rawValue: entry.name) {
            case .plaintext?:
                result.plaintext = reader.word(entry.value, of: "plaintext", as: GuardMode.self) ?? .reject
                result.plaintextLocation = reader.place(entry.value)
            case .rescue?: result.rescue = rescue(entry.value, names)
            case .except?:
                result.exceptions = reader.items(entry.value, of: "except").compactMap { exception($0, names) }
            case nil: reader.unknown(entry.key, in: "guard", known: GuardField.allCases.map(\.rawValue))
            }
        }
        return result
    }

    /// The fields of `guard.rescue`.
    package enum RescueField: String, CaseIterable {
        case from, port, over
    }

    private mutating func rescue(_ node: YAMLNode, _ names: PolicyNames) -> RescuePath? {
        var from: Located<UnderlayEnd>?
        var ports = ServicePorts("22/tcp")
        var over = RescuePlane.underlay
        for entry in reader.entries(node, of: "rescue") {
            switch RescueField(rawValue: entry.name) {
            case .from?: from = underlayEnd(entry.value, of: "from", names)
            case .port?: ports = port(entry.value, of: "port")
            case .over?: over = reader.word(entry.value, of: "over", as: RescuePlane.self) ?? .underlay
            case nil: reader.unknown(entry.key, in: "rescue", known: RescueField.allCases.map(\.rawValue))
            }
        }
        guard node.entries != nil else { return nil }
        if node["from"] == nil { require(["from"], node, "the rescue path") }
        guard let from, let ports else { return nil }
        if over == .overlay, case .network = from.value {
            reader.report(
                .invalidValue, at: from.location, "from: on the overlay the rescue path begins at peers", hint: nil)
        }
        return RescuePath(from: from, ports: ports, over: over, location: reader.place(node))
    }

    /// The fields of an exception of the guard.
    package enum ExceptionField: String, CaseIterable {
        case from, to, ports, reason
    }

    private mutating func exception(_ node: YAMLNode, _ names: PolicyNames) -> GuardException? {
        var from: Located<UnderlayEnd>?
        var to: Located<UnderlayEnd>?
        var ports: [ServicePorts] = []
        var reason: OneLine?
        var seen: Set<ExceptionField> = []
        for entry in reader.entries(node, of: "an exception") {
            guard let field = ExceptionField(rawValue: entry.name) else {
                reader.unknown(entry.key, in: "an exception", known: ExceptionField.allCases.map(\.rawValue))
                continue
            }
            seen.insert(field)
            switch field {
            case .from: from = underlayEnd(entry.value, of: "from", names)
            case .to: to = underlayEnd(entry.value, of: "to", names)
            case .ports: ports = self.ports(entry.value, of: "ports")
            case .reason: reason = self.reason(entry.value)
            }
        }
        guard node.entries != nil else { return nil }
        require(ExceptionField.allCases.filter { !seen.contains($0) }.map(\.rawValue), node, "an exception")
        guard let from, let to, !ports.isEmpty, let reason else { return nil }
        return GuardException(from: from, to: to, ports: ports, reason: reason, location: reader.place(node))
    }

    private mutating func reason(_ node: YAMLNode) -> OneLine? {
        guard let text = reader.text(node, of: "reason") else { return nil }
        if !text.isEmpty, let line = OneLine(text) { return line }
        reader.report(
            .invalidValue, node, "reason: \(quoted(text)) is not one line of text", hint: "say why, in a line")
        return nil
    }

    /// The fields of an exit.
    package enum ExitField: String, CaseIterable {
        case via, `for`, interface
    }

    mutating func exits(_ node: YAMLNode?, _ names: PolicyNames) -> [ExitDeclaration] {
        guard let node else { return [] }
        return reader.items(node, of: "exits").compactMap { exit($0, names) }
    }

    private mutating func exit(_ node: YAMLNode, _ names: PolicyNames) -> ExitDeclaration? {
        var via: Located<Int>?
        var users: Located<SetExpression>?
        var interface: InterfaceName?
        for entry in reader.entries(node, of: "an exit") {
            switch ExitField(rawValue: entry.name) {
            case .via?: via = peerIndex(entry.value, of: "via", names)
            case .for?: users = set(entry.value, of: "for", names)
            case .interface?:
                interface = reader.value(entry.value, of: "interface", parse: InterfaceName.init(parsing:))?.value
            case nil: reader.unknown(entry.key, in: "an exit", known: ExitField.allCases.map(\.rawValue))
            }
        }
        guard node.entries != nil else { return nil }
        require(["via", "for"].filter { node[$0] == nil }, node, "an exit")
        if let users, users.value.reachesOutside {
            reader.report(.invalidValue, at: users.location, "for: only peers leave through an exit")
            return nil
        }
        guard let via, let users else { return nil }
        return ExitDeclaration(via: via, users: users, interface: interface, location: reader.place(node))
    }

    private mutating func peerIndex(_ node: YAMLNode, of field: String, _ names: PolicyNames) -> Located<Int>? {
        guard let text = reader.text(node, of: field) else { return nil }
        if case .peer(let index)? = names.selectors.selector(text) { return Located(index, reader.place(node)) }
        reader.report(
            .unknownSelector, node, "\(field): there is no peer \(quoted(text))",
            hint: nearest(to: text, among: names.selectors.all).map { "did you mean \(quoted($0))?" })
        return nil
    }

    /// The fields of a peering.
    package enum PeeringField: String, CaseIterable {
        case at, prefixes, interface, port
    }

    mutating func peerings(_ node: YAMLNode?, _ names: PolicyNames) -> [PeeringDeclaration] {
        guard let node else { return [] }
        return reader.entries(node, of: "peering").compactMap { peering($0, names) }.sorted { $0.name < $1.name }
    }

    private mutating func peering(_ entry: YAMLEntry, _ names: PolicyNames) -> PeeringDeclaration? {
        guard let name = reader.name(entry.key, of: "mesh") else { return nil }
        var at: Located<Int>?
        var prefixes: [Located<IPPrefix>] = []
        var interface: InterfaceName?
        var port: Port?
        for entry in reader.entries(entry.value, of: name) {
            switch PeeringField(rawValue: entry.name) {
            case .at?: at = peerIndex(entry.value, of: "at", names)
            case .prefixes?: prefixes = reader.values(entry.value, of: "prefixes", parse: IPPrefix.init(parsing:))
            case .interface?:
                interface = reader.value(entry.value, of: "interface", parse: InterfaceName.init(parsing:))?.value
            case .port?: port = reader.value(entry.value, of: "port", parse: Port.init(parsing:))?.value
            case nil: reader.unknown(entry.key, in: "a peering", known: PeeringField.allCases.map(\.rawValue))
            }
        }
        let missing = ["at", "prefixes", "interface"].filter { entry.value[$0] == nil }
        require(missing, entry.key, "the peering with \(quoted(name))")
        guard let at, !prefixes.isEmpty, let interface else { return nil }
        return PeeringDeclaration(
            name: name, at: at, prefixes: prefixes, interface: interface, port: port,
            location: reader.place(entry.key))
    }

    /// The fields of a test.
    package enum TestField: String, CaseIterable {
        case from, to, plane, accept, deny
    }

    mutating func tests(_ node: YAMLNode?, _ names: PolicyNames) -> [PolicyTest] {
        guard let node else { return [] }
        return reader.items(node, of: "tests").compactMap { test($0, names) }
    }

    private mutating func test(_ node: YAMLNode, _ names: PolicyNames) -> PolicyTest? {
        var from: Located<TestEnd>?
        var to: Located<TestEnd>?
        var test = PolicyTest(
            from: Located(.end(.anyone), reader.place(node)), to: Located(.end(.anyone), reader.place(node)),
            plane: nil, accept: [], deny: [], location: reader.place(node))
        for entry in reader.entries(node, of: "a test") {
            switch TestField(rawValue: entry.name) {
            case .from?: from = testEnd(entry.value, of: "from", names)
            case .to?: to = testEnd(entry.value, of: "to", names)
            case .plane?: test.plane = reader.word(entry.value, of: "plane", as: Plane.self)
            case .accept?: test.accept = subjects(entry.value, of: "accept")
            case .deny?: test.deny = subjects(entry.value, of: "deny")
            case nil: reader.unknown(entry.key, in: "a test", known: TestField.allCases.map(\.rawValue))
            }
        }
        guard node.entries != nil else { return nil }
        require(["from", "to"].filter { node[$0] == nil }, node, "a test")
        if node["accept"] == nil, node["deny"] == nil { require(["accept", "deny"], node, "a test") }
        guard let from, let to else { return nil }
        test.from = from
        test.to = to
        return test
    }

    private mutating func testEnd(_ node: YAMLNode, of field: String, _ names: PolicyNames) -> Located<TestEnd>? {
        if let text = node.text {
            if text == NameRule.anyone { return Located(.end(.anyone), reader.place(node)) }
            if let address = try? IPAddress(parsing: text) {
                return Located(.end(.address(address)), reader.place(node))
            }
        }
        return set(node, of: field, names).map { Located(.members($0.value), $0.location) }
    }

    private mutating func subjects(_ node: YAMLNode, of field: String) -> [Located<TestSubject>] {
        reader.items(node, of: field).compactMap { item in
            switch item.text {
            case "any"?: return Located(.any, reader.place(item))
            case "echo"?: return Located(.echo, reader.place(item))
            default: return port(item, of: field).map { Located(.ports($0), reader.place(item)) }
            }
        }
    }
}
