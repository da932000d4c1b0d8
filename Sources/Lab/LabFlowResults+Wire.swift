extension LabWayResult: WireRepresentable {
    var wire: Wire { .texts([seen.map(\.rawValue).joined(), control.rawValue]) }
    init(fields: inout WireFields) throws(WireError) {
        var seen: [LabSight] = []
        for letter in try fields.text() {
            guard let sight = LabSight(rawValue: String(letter)) else { throw WireError() }
            seen.append(sight)
        }
        self.init(seen: seen, control: try fields.choice(LabControl.self))
    }
}

extension LabDifference: WireRepresentable {
    var wire: Wire { .list([.number(way), .number(subject), .text(note)]) }
    init(fields: inout WireFields) throws(WireError) {
        self.init(way: try fields.number(), subject: try fields.number(), note: try fields.text())
    }
}

extension LabMarkerResult: WireRepresentable {
    var wire: Wire {
        .list([
            .text(guarding.rawValue), .number(offAnswered ? 1 : 0), .number(offSeen), .number(onAnswered ? 1 : 0),
            .number(onSeen), .number(plainAnswered ? 1 : 0), .number(plainSeen),
            .optional(isCounted.map { $0 ? "1" : "0" }),
        ])
    }
    init(fields: inout WireFields) throws(WireError) {
        self.init(guarding: try fields.choice(LabGuard.self))
        offAnswered = try fields.number() == 1
        offSeen = try fields.number()
        onAnswered = try fields.number() == 1
        onSeen = try fields.number()
        plainAnswered = try fields.number() == 1
        plainSeen = try fields.number()
        isCounted = try fields.optional().map { $0 == "1" }
    }
}

extension LabWireResult: WireRepresentable {
    var wire: Wire {
        .list([
            .number(frames), .number(wireGuard), .number(missed), .number(secrets), .texts(strange),
            .all(marker.map { [$0] } ?? []),
        ])
    }
    init(fields: inout WireFields) throws(WireError) {
        self.init()
        frames = try fields.number()
        wireGuard = try fields.number()
        missed = try fields.number()
        secrets = try fields.number()
        strange = try fields.texts()
        marker = try fields.all(LabMarkerResult.self).first
    }
}

extension LabFlowResults: WireRepresentable {
    var wire: Wire {
        .list([.all(ways), .all(differences), wires.wire, .texts(problems), .number(milliseconds)])
    }
    init(fields: inout WireFields) throws(WireError) {
        self.init(
            ways: try fields.all(LabWayResult.self), differences: try fields.all(LabDifference.self),
            wires: try LabWireResult(wire: try fields.next()), problems: try fields.texts(),
            milliseconds: try fields.number())
    }
}
