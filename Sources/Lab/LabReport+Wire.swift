extension LabInterfaceResult: WireRepresentable {
    var wire: Wire {
        .list([.text(name), .optional(listeningPort.map(String.init)), .number(peers), .texts(addresses)])
    }
    init(fields: inout WireFields) throws(WireError) {
        self.init(
            name: try fields.text(), listeningPort: try fields.optional().flatMap { Int($0) },
            peers: try fields.number(), addresses: try fields.texts())
    }
}

extension LabHostResult: WireRepresentable {
    var wire: Wire { .list([.text(name), .all(interfaces), .number(upMilliseconds), .texts(problems)]) }
    init(fields: inout WireFields) throws(WireError) {
        self.init(
            name: try fields.text(), interfaces: try fields.all(LabInterfaceResult.self),
            upMilliseconds: try fields.number(), problems: try fields.texts())
    }
}

extension LabPairResult: WireRepresentable {
    var wire: Wire {
        .list([
            expectation.wire, .optional(answeredBy), .optional(milliseconds.map(String.init)), .text(evidence),
            .text(verdict.rawValue),
        ])
    }
    init(fields: inout WireFields) throws(WireError) {
        self.init(
            expectation: try LabExpectation(wire: try fields.next()), answeredBy: try fields.optional(),
            milliseconds: try fields.optional().flatMap { Int($0) }, evidence: try fields.text(),
            verdict: try fields.choice(LabVerdict.self))
    }
}

extension LabReport: WireRepresentable {
    var wire: Wire {
        .list([.all(hosts), .all(pairs), .number(milliseconds), .all(flows.map { [$0] } ?? [])])
    }
    init(fields: inout WireFields) throws(WireError) {
        self.init(
            hosts: try fields.all(LabHostResult.self), pairs: try fields.all(LabPairResult.self),
            milliseconds: try fields.number(), flows: try fields.all(LabFlowResults.self).first)
    }
}
