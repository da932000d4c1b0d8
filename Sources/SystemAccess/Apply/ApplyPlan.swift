internal import Delivery
internal import Diagnostics
internal import Glibc

/// What an apply would do, from what is there.
struct ApplyPlan: Sendable {
    let tree: HostTree
    /// By name: one, or two where keys rotate.
    let tunnels: [Tunnel]
    let change: TunnelChanges
    /// What is not on the disk as it is in the tree.
    let changed: [HostFile]
    let stale: [String]
    let firewall: InterfaceChange.FirewallChange
    let hadFirewall: Bool
    let boot: BootUnits

    /// An interface of the mesh on this host, as it is and as it is to be.
    struct Tunnel: Sendable {
        let interface: String
        /// Nil when there is none.
        let report: ObservedInterface.Report?
        let observed: ObservedInterface?
        /// Nil for one that is to go.
        let desired: DesiredInterface?
        /// By the configurations on the disk and as it was applied; nil when there is none, or none that can be read.
        let former: DesiredInterface?
        /// What wg-quick takes it down by, and brings it back with; nil when none on the disk can be read.
        let formerText: [UInt8]?
        /// Where peers that are the same everywhere are left out of the others: all that are to be.
        let sections: PeerSections?

        var state: TunnelChanges.Tunnel {
            TunnelChanges.Tunnel(interface, observed: observed, desired: desired, former: former)
        }
    }

    var isEmpty: Bool { change.steps.isEmpty && changed.isEmpty && stale.isEmpty }

    var report: HostApply.Report {
        let several = tunnels.count > 1
        return HostApply.Report(
            interface: tree.interface,
            steps: change.steps.map { several ? "\($0.interface): \($0.step.text)" : $0.step.text },
            files: changed.map(\.path) + stale, cutsSessions: change.cutsSessions, waiting: [],
            startsAtBoot: boot.units, unstarted: boot.unstarted)
    }

    static func make(
        _ tree: HostTree, _ folder: ApplyFolder, _ tools: any ToolRunning, _ sha256: @escaping SHA256
    ) async throws -> ApplyPlan {
        let disk = folder.disk
        var tunnels: [Tunnel] = []
        for interface in tree.interfaces {
            let tunnel = try await tunnel(interface, tree, folder, tools)
            if tunnel.desired != nil || tunnel.observed != nil || tunnel.formerText != nil { tunnels.append(tunnel) }
        }
        let host = LiveHost(interface: tree.interface, id: "", tools: tools)
        let changed = try reported { try folder.changed(tree.files) }
        let stale = try reported { try folder.stale(tree) }
        let script = try reported { try disk.text("\(disk.root)/\(tree.script)") }
        if let found = script.flatMap(LoadedRules.dialect), !["nftables.", "iptables."].contains(found) {
            throw HostTree.refused(
                "the firewall on this host is for \(found.dropLast()), and could not be put back",
                "take it away first: \(disk.root)/\(tree.script) remove, and remove the folder")
        }
        let rules = try await LoadedRules(
            host: host, script: "\(disk.root)/\(tree.script)", disk: disk, sha256: sha256
        ).digest()
        let kept = try reported { try folder.keptRules(of: tree.interface) }
        let isKnown = rules.map { kept == KeptRules(tree.files, of: tree.interface, rules: $0, sha256) } ?? false
        let firewall = firewallChange(tree, script, rules == nil ? .none : isKnown ? .known : .other)
        let change = TunnelChanges(tunnels.map(\.state), firewall: firewall)
        for tunnel in tunnels where tunnel.formerText == nil {
            if change.steps.contains(where: { $0.interface == tunnel.interface && $0.step == .down }) {
                throw HostTree.refused(
                    "\(shown(tunnel.interface)) is up, not by "
                        + "\(shown(HostTree.configuration(of: tunnel.interface))), and would have to be restarted",
                    "take it down first: ip link delete dev \(tunnel.interface)")
            }
        }
        return ApplyPlan(
            tree: tree, tunnels: tunnels, change: change, changed: changed, stale: stale, firewall: firewall,
            hadFirewall: rules != nil, boot: try reported { try BootUnits(tree, stale: stale, disk) })
    }

    private static func tunnel(
        _ interface: String, _ tree: HostTree, _ folder: ApplyFolder, _ tools: any ToolRunning
    ) async throws -> Tunnel {
        let disk = folder.disk
        let host = LiveHost(interface: interface, id: "", tools: tools)
        let report = try await host.report()
        let path = HostTree.configuration(of: interface)
        let bytes = try reported { try disk.bytes("\(disk.root)/\(path)") }
        let kept = try reported { try folder.appliedConfiguration(of: interface) }
        let applied = kept == bytes ? nil : kept.flatMap { DesiredInterface(parsing: $0) }
        if applied == nil, let tunnel = difference(tree, report, bytes) { return tunnel }
        let former = bytes.flatMap { DesiredInterface(parsing: $0) }
        let desired = try tree.tunnels.first { $0.interface == interface }?.desired
        // What takes its place is rendered for rotation, and so is all that may be taken away for it.
        if desired == nil, bytes != nil, former?.reversePath == nil {
            throw interface == tree.interface
                ? HostTree.refused(
                    "\(shown("/" + path)) is of the time before `rotation:`, which this host has missed",
                    "run `wg-quick down \(interface)` there, remove the file, and apply the tree again")
                : HostTree.refused(
                    "\(shown("/" + path)) is not of hauberk's, and has the name that a second interface gets",
                    "give one of the two another name")
        }
        // It was started with the hooks of what was applied, if those on the disk are the tree's already.
        let startsAsApplied = applied.map { $0.hooks != former?.hooks && former?.hooks == desired?.hooks } ?? false
        return Tunnel(
            interface: interface, report: report, observed: try report.map { try host.observed($0) },
            desired: desired, former: .former(former, applied: applied),
            formerText: former == nil ? nil : startsAsApplied ? kept : bytes, sections: nil)
    }

    /// Where there is nothing to do, the tree is what was applied. Nothing depends on that being kept.
    func keepApplied(_ folder: ApplyFolder) {
        for interface in tree.interfaces {
            let path = HostTree.configuration(of: interface)
            try? folder.keepApplied(interface, tree.files.first { $0.path == path }?.bytes)
        }
    }

    /// The only interface of a host, where it is up and its configurations are the program's own: read are the peers
    /// that differ or are alive, and no others. Nil where that is not so.
    private static func difference(
        _ tree: HostTree, _ report: ObservedInterface.Report?, _ bytes: [UInt8]?
    ) -> Tunnel? {
        guard tree.interfaces.count == 1, let tunnel = tree.tunnels.first, let sections = tunnel.sections, let report,
            let bytes, let before = PeerSections.former(bytes, of: sections),
            let (desired, observed, former) = sections.compared(
                with: report, former: before, alive: Int64(time(nil)) - ApplyRun.sessionSeconds - 60), let former
        else { return nil }
        return Tunnel(
            interface: tunnel.interface, report: report, observed: observed, desired: desired, former: former,
            formerText: bytes, sections: sections)
    }

    /// The rules in the kernel: none, those that the last transaction has left for these very files, or others.
    private enum Loading { case none, known, other }

    private static func firewallChange(
        _ tree: HostTree, _ script: String?, _ loading: Loading
    ) -> InterfaceChange.FirewallChange {
        guard tree.hasFirewall else { return loading == .none ? .none : .remove }
        switch loading {
        case .none: return .load
        case .known: return .none
        case .other:
            let new = tree.files.first { $0.path == tree.script }.map { String(decoding: $0.bytes, as: UTF8.self) }
            return script.flatMap(LoadedRules.dialect) == new.flatMap(LoadedRules.dialect) ? .load : .replace
        }
    }
}
