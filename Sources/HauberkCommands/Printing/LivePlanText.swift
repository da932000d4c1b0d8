import Diagnostics

/// What hosts have told of a plan, for people.
struct LivePlanText {
    private let plan: LivePlan
    private let isWhole: Bool

    /// - Parameter isWhole: every host and step, and not just as much as a screen takes.
    init(_ plan: LivePlan, isWhole: Bool) { (self.plan, self.isWhole) = (plan, isWhole) }

    func text(_ palette: PlanPalette) -> String {
        let counts = [LivePlan.Standing.changed, .unchanged, .refused, .unreachable].compactMap { standing in
            let count = plan.hosts.count { $0.standing == standing }
            return count == 0 ? nil : "\(count) \(Self.words[standing] ?? "")"
        }
        let blocks = plan.hosts.filter { $0.standing != .unchanged }.map { block($0, palette) }
        let shown = isWhole ? blocks.count : 10
        var text = "\nOn the hosts: " + counts.joined(separator: ", ") + "\n" + blocks.prefix(shown).joined()
        if blocks.count > shown { text += "  and \(blocks.count - shown) more: --details\n" }
        return text
    }

    private static let words: [LivePlan.Standing: String] = [
        .changed: "to change", .unchanged: "as the mesh says", .refused: "would refuse",
        .unreachable: "cannot be reached",
    ]

    private func block(_ host: LivePlan.Host, _ palette: PlanPalette) -> String {
        if let message = host.message { return palette.line("!", "\(host.peer): \(escaped(message))") }
        var lines = host.steps + (host.files.isEmpty ? [] : ["write \(host.files.joined(separator: ", "))"])
        if host.cutsSessions { lines.append("this cuts the running sessions") }
        let head = "\(host.peer): \(lines.count) step\(lines.count == 1 ? "" : "s")"
        return palette.line("~", head) + lines.map { "      \(escaped($0))\n" }.joined()
    }
}
