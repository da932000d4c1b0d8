import Glibc

/// What has become of a load, as lines of JSON.
struct LoadReport {
    private let load: Load

    init(_ load: Load) { self.load = load }

    func print() {
        for flow in load.flows { line(names("flow", flow.from, flow.to, flow.family) + describe(flow)) }
        for stream in load.streams { line(names("stream", stream.from, stream.to, stream.family) + describe(stream)) }
        for host in load.hosts { line([("host", #""\#(host.name)""#), ("receiverDrops", "\(host.receiverDrops)")]) }
        line(total)
    }

    private var total: [(String, String)] {
        let flows = load.flows
        let streams = load.streams
        let moments = flows.compactMap(\.lostBetween)
        return [
            ("total", "\(flows.count)"), ("sent", "\(flows.reduce(0) { $0 + $1.sent.count })"),
            ("lost", "\(flows.reduce(0) { $0 + $1.lost })"),
            ("refused", "\(flows.reduce(0) { $0 + $1.refused })"),
            ("receiverDrops", "\(load.hosts.reduce(0) { $0 + $1.receiverDrops })"),
            ("longestGap", milliseconds(flows.map(\.longestGap).max())),
            ("longestDelay", milliseconds(flows.map(\.longestDelay).max())),
            ("broken", "\(streams.count { $0.state != .open })"),
            ("longestStall", milliseconds(streams.map(\.longestStall).max())),
            ("unread", "\(streams.reduce(0) { $0 + $1.written - $1.read })"),
            ("lostFrom", milliseconds(moments.map(\.lowerBound).min())),
            ("lostUntil", milliseconds(moments.map(\.upperBound).max())),
        ]
    }

    private func describe(_ flow: ProbeFlow) -> [(String, String)] {
        [
            ("sent", "\(flow.sent.count)"), ("received", "\(flow.received)"), ("lost", "\(flow.lost)"),
            ("refused", "\(flow.refused)"), ("twice", "\(flow.duplicates)"),
            ("longestGap", milliseconds(flow.longestGap)), ("longestDelay", milliseconds(flow.longestDelay)),
            ("lostFrom", milliseconds(flow.lostBetween?.lowerBound)),
            ("lostUntil", milliseconds(flow.lostBetween?.upperBound)),
        ]
    }

    private func describe(_ stream: ProbeStream) -> [(String, String)] {
        [
            ("written", "\(stream.written)"), ("read", "\(stream.read)"), ("state", #""\#(stream.state)""#),
            ("longestStall", milliseconds(stream.longestStall)),
        ]
    }

    private func names(_ kind: String, _ from: Int, _ to: Int, _ family: Family) -> [(String, String)] {
        [(kind, #""\#(load.hosts[from].name) > \#(load.hosts[to].name)""#), ("family", "\(family.rawValue)")]
    }

    /// In whole milliseconds.
    private func milliseconds(_ nanoseconds: Int?) -> String { nanoseconds.map { "\($0 / millisecond)" } ?? "null" }

    private func line(_ members: [(String, String)]) {
        Swift.print("{" + members.map { #""\#($0)":\#($1)"# }.joined(separator: ",") + "}")
    }
}
