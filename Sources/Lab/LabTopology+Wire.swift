extension LabSite: WireRepresentable {
    var wire: Wire { .list([.text(name), .texts(networks)]) }
    init(fields: inout WireFields) throws(WireError) {
        self.init(name: try fields.text(), networks: try fields.texts())
    }
}

extension LabRoutedNetwork: WireRepresentable {
    var wire: Wire { .list([.text(prefix), .text(testAddress), .texts(moreAddresses)]) }
    init(fields: inout WireFields) throws(WireError) {
        self.init(prefix: try fields.text(), testAddress: try fields.text(), moreAddresses: try fields.texts())
    }
}

extension LabHost: WireRepresentable {
    var wire: Wire {
        .list([
            .text(name), .optional(site), .texts(privateAddresses), .texts(publicAddresses), .text(reach.rawValue),
            .texts(interfaces), .texts(overlayAddresses), .text(tree), .texts(moreTrees), .all(routedNetworks),
            .texts(dnsNames), .texts([underlay.public, underlay.private]), .optional(firewall?.rawValue),
            .texts(meshes), .texts(containerPorts.map(String.init)),
        ])
    }
    init(fields: inout WireFields) throws(WireError) {
        self.init(
            name: try fields.text(), site: try fields.optional(), privateAddresses: try fields.texts(),
            publicAddresses: try fields.texts(), reach: try fields.choice(LabReach.self),
            interfaces: try fields.texts(), overlayAddresses: try fields.texts(), tree: try fields.text(),
            moreTrees: try fields.texts(), routedNetworks: try fields.all(LabRoutedNetwork.self),
            dnsNames: try fields.texts(),
            underlay: try LabUnderlayNames(wire: try fields.next()),
            firewall: try LabFirewall?(name: try fields.optional()),
            meshes: try fields.texts(), containerPorts: try fields.texts().compactMap { UInt16($0) })
    }
}

extension LabUnderlayNames: WireRepresentable {
    var wire: Wire { .texts([`public`, `private`]) }
    init(fields: inout WireFields) throws(WireError) {
        self.init(public: try fields.text(), private: try fields.text())
    }
}

extension LabFirewall? {
    fileprivate init(name: String?) throws(WireError) {
        guard let name else {
            self = nil
            return
        }
        guard let kind = LabFirewall(rawValue: name) else { throw WireError() }
        self = kind
    }
}

extension LabPath {
    fileprivate var wire: Wire {
        switch self {
        case .direct: .texts(["direct"])
        case .relay(let name): .texts(["relay", name])
        case .none: .texts(["none"])
        }
    }
    fileprivate init(texts: [String]) throws(WireError) {
        switch texts.first {
        case "direct": self = .direct
        case "relay" where texts.count == 2: self = .relay(texts[1])
        case "none": self = .none
        default: throw WireError()
        }
    }
}

extension LabExpectation: WireRepresentable {
    var wire: Wire {
        .list([.text(from), .text(to), .text(family.rawValue), .text(answer.rawValue), path.wire])
    }
    init(fields: inout WireFields) throws(WireError) {
        self.init(
            from: try fields.text(), to: try fields.text(), family: try fields.choice(LabFamily.self),
            answer: try fields.choice(Answer.self), path: try LabPath(texts: try fields.texts()))
    }
}

extension LabTopology: WireRepresentable {
    var wire: Wire {
        .list([.all(sites), .all(hosts), .all(expectations), .all(strangers), .all(flows.map { [$0] } ?? [])])
    }
    init(fields: inout WireFields) throws(WireError) {
        self.init(
            sites: try fields.all(LabSite.self), hosts: try fields.all(LabHost.self),
            expectations: try fields.all(LabExpectation.self), strangers: try fields.all(LabStranger.self),
            flows: try fields.all(LabFlowPlan.self).first)
    }
}

extension LabOptions: WireRepresentable {
    var wire: Wire {
        .list([
            .text(agent.executable), .texts(agent.leading), .number(concurrency ?? 0), .number(Int(probePort)),
            .number(patience.answer), .number(patience.silence), .number(patience.command), .text(crossCheck.rawValue),
        ])
    }
    init(fields: inout WireFields) throws(WireError) {
        let agent = LabAgentCommand(executable: try fields.text(), leading: try fields.texts())
        let concurrency = try fields.number()
        guard let port = UInt16(exactly: try fields.number()) else { throw WireError() }
        let patience = LabPatience(
            answer: try fields.number(), silence: try fields.number(), command: try fields.number())
        self.init(
            agent: agent, concurrency: concurrency > 0 ? concurrency : nil, probePort: port, patience: patience,
            crossCheck: try fields.choice(CrossCheck.self))
    }
}
