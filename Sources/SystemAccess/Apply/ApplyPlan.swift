internal import Delivery
internal import Diagnostics

/// What an apply would do, from what is there.
struct ApplyPlan: Sendable {
    let tree: HostTree
    let observed: ObservedInterface?
    let report0: ObservedInterface.Report?
    let change: InterfaceChange
    /// What is not on the disk as it is in the tree.
    let changed: [HostFile]
    let stale: [String]
    /// The configuration on the disk; nil when there is none, or none that can be read.
    let formerText: String?
    let firewall: InterfaceChange.FirewallChange
    let hadFirewall: Bool

    var isEmpty: Bool { change.steps.isEmpty && changed.isEmpty && stale.isEmpty }

    var report: HostApply.Report {
        HostApply.Report(
            interface: tree.interface, steps: change.steps.map(\.text), files: changed.map(\.path) + stale,
            cutsSessions: change.cutsSessions)
    }

    static func make(_ tree: HostTree, _ folder: ApplyFolder, _ tools: any ToolRunning) async throws -> ApplyPlan {
        let host = LiveHost(interface: tree.interface, id: "", tools: tools)
        let report = try await host.report()
        let observed = try await host.observe()
        let disk = folder.disk
        let changed = try reported { try folder.changed(tree.files) }
        let stale = try reported { try folder.stale(tree) }
        let formerBytes = try reported { try disk.bytes("\(disk.root)/\(tree.configuration)") }
        let former = formerBytes.flatMap { DesiredInterface(parsing: $0) }
        let script = try reported { try disk.text("\(disk.root)/\(tree.script)") }
        if let found = dialect(script), !["nftables.", "iptables."].contains(found) {
            throw HostTree.refused(
                "the firewall on this host is for \(found.dropLast()), and could not be put back",
                "take it away first: \(disk.root)/\(tree.script) remove, and remove the folder")
        }
        let hadFirewall = script == nil ? false : try await host.isLoaded("\(disk.root)/\(tree.script)")
        let touched = changed.map(\.path) + stale
        let firewall = firewallChange(tree, script, isLoaded: hadFirewall ? .loaded : .not, touched)
        let change = InterfaceChange(from: observed, to: tree.desired, former: former, firewall: firewall)
        if change.steps.contains(.down), former == nil {
            throw HostTree.refused(
                "\(shown(tree.interface)) is up, not by \(shown(tree.configuration)), and would have to be restarted",
                "take it down first: ip link delete dev \(tree.interface)")
        }
        return ApplyPlan(
            tree: tree, observed: observed, report0: report, change: change, changed: changed, stale: stale,
            formerText: former == nil ? nil : formerBytes.map { String(decoding: $0, as: UTF8.self) },
            firewall: firewall, hadFirewall: hadFirewall)
    }

    private enum Loading { case loaded, not }

    private static func firewallChange(
        _ tree: HostTree, _ script: String?, isLoaded: Loading, _ touched: [String]
    ) -> InterfaceChange.FirewallChange {
        guard tree.hasFirewall else { return isLoaded == .loaded ? .remove : .none }
        guard isLoaded == .loaded else { return .load }
        guard touched.contains(where: { $0.hasPrefix("etc/hauberk/\(tree.interface)/") }) else { return .none }
        let new = tree.files.first { $0.path == tree.script }.map { String(decoding: $0.bytes, as: UTF8.self) }
        return dialect(script) == dialect(new) ? .load : .replace
    }

    /// The last word of the script's head.
    private static func dialect(_ script: String?) -> Substring? {
        script?.split(separator: "\n").first { $0.hasPrefix("# Hauberk: ") }?.split(separator: " ").last
    }
}
