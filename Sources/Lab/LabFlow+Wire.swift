extension LabSubject: WireRepresentable {
    var wire: Wire { .texts([transport.rawValue, String(port), isAllowed ? "1" : "0", String(reason)]) }
    init(fields: inout WireFields) throws(WireError) {
        let transport = try fields.choice(LabTransport.self)
        guard let port = UInt16(exactly: try fields.number()) else { throw WireError() }
        let isAllowed = try fields.number() == 1
        self.init(transport, port, isAllowed: isAllowed, reason: try fields.number())
    }
}

extension LabWay: WireRepresentable {
    var wire: Wire {
        .list([
            .text(plane.rawValue), .text(from), .text(to), .text(source), .text(target), .text(sender.rawValue),
            .optional(seenAs), .number(isControlled ? 1 : 0), .all(subjects),
        ])
    }
    init(fields: inout WireFields) throws(WireError) {
        let plane = try fields.choice(LabPlane.self)
        self.init(
            plane, from: try fields.text(), to: try fields.text(), source: try fields.text(),
            target: try fields.text(), sender: try fields.choice(LabSender.self), seenAs: try fields.optional(),
            isControlled: try fields.number() == 1, subjects: try fields.all(LabSubject.self))
    }
}

extension LabMarker: WireRepresentable {
    var wire: Wire {
        .texts([from, to, String(port), overlaySource, overlayTarget, underlaySource, underlayTarget])
    }
    init(fields: inout WireFields) throws(WireError) {
        let from = try fields.text()
        let to = try fields.text()
        guard let port = UInt16(exactly: try fields.number()) else { throw WireError() }
        let overlay = (try fields.text(), try fields.text())
        self.init(
            from: from, to: to, port: port, overlay: overlay, underlay: (try fields.text(), try fields.text()))
    }
}

extension LabFlowPlan: WireRepresentable {
    var wire: Wire {
        .list([.all(ways), .texts(reasons), .all(marker.map { [$0] } ?? []), .text(guarding.rawValue)])
    }
    init(fields: inout WireFields) throws(WireError) {
        let ways = try fields.all(LabWay.self)
        let reasons = try fields.texts()
        guard ways.allSatisfy({ $0.subjects.allSatisfy { reasons.indices.contains($0.reason) } }) else {
            throw WireError()
        }
        self.init(
            ways: ways, reasons: reasons, marker: try fields.all(LabMarker.self).first,
            guarding: try fields.choice(LabGuard.self))
    }
}

extension LabDetour: WireRepresentable {
    var wire: Wire { .texts([address, host]) }
    init(fields: inout WireFields) throws(WireError) {
        self.init(address: try fields.text(), host: try fields.text())
    }
}

extension LabStranger: WireRepresentable {
    var wire: Wire { .list([.text(name), .optional(site), .texts(addresses), .all(detours)]) }
    init(fields: inout WireFields) throws(WireError) {
        self.init(
            name: try fields.text(), site: try fields.optional(), addresses: try fields.texts(),
            detours: try fields.all(LabDetour.self))
    }
}
