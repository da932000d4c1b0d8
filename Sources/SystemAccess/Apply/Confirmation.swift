internal import Delivery
internal import Diagnostics

/// The end of a transaction that was confirmed: the files come to their places, and systemd to what is in them.
struct Confirmation: Sendable {
    let folder: ApplyFolder
    let journal: ApplyJournal
    let tools: any ToolRunning

    private var disk: HostDisk { folder.disk }

    /// Again is no change.
    ///
    /// - Throws: `Failure` for a disk that does not take it.
    func run() async throws {
        try reported {
            try folder.switchFiles(journal)
            try switchLinks()
            try folder.keepRules(of: journal.interface)
            if journal.rotates { try followRotation([journal.interface, journal.interface + HostTree.second]) }
            try folder.keepApplied(journal)
        }
        await tellSystemd()
        try reported { try folder.end(journal, "confirmed") }
    }

    private func switchLinks() throws {
        for path in journal.staleLinks {
            try disk.remove(folder.target(path))
            try disk.syncFolder(of: folder.target(path))
        }
        for (path, target) in journal.links where try disk.link(folder.target(path)) == nil {
            let parent = path.lastIndex(of: "/").map { path[..<$0] } ?? ""
            try disk.files.makeFolders(folder.target(String(parent)), mode: 0o755)
            try disk.makeLink(folder.target(path), to: target)
        }
    }

    /// Where keys rotate and systemd starts one of the two interfaces at boot, it starts those that have a
    /// configuration: what `systemctl enable wg-quick@NAME` does.
    private func followRotation(_ interfaces: [String]) throws {
        let links = interfaces.map { "\(BootUnits.folder)/multi-user.target.wants/wg-quick@\($0).service" }
        guard let unit = try links.lazy.compactMap({ try disk.link(folder.target($0)) }).first else { return }
        let isThere = try interfaces.map { try disk.exists(folder.target(HostTree.configuration(of: $0))) }
        for (link, isThere) in zip(links, isThere) where isThere {
            if try disk.link(folder.target(link)) == nil { try disk.makeLink(folder.target(link), to: unit) }
        }
        for (link, isThere) in zip(links, isThere) where !isThere { try disk.remove(folder.target(link)) }
    }

    /// A systemd that runs reads what has changed of its units, and has the firewall's for started, so that it loads the
    /// rules again when the distribution's own firewall is started anew. Nothing depends on that before the next boot.
    private func tellSystemd() async {
        let changed = journal.links.map(\.path) + journal.staleLinks + journal.files.map(\.path) + journal.removed
        guard changed.contains(where: { $0.hasPrefix("\(BootUnits.folder)/") }),
            (try? disk.exists("\(disk.root)/run/systemd/system")) ?? false
        else { return }
        let firewalls = Set(journal.links.map { BootUnits.name(of: $0.path) }).filter { $0.hasPrefix("hauberk-") }
        for words in [["daemon-reload"]] + firewalls.sorted().map({ ["start", "--no-block", $0] }) {
            var run = ToolRun("systemctl", words)
            run.timeoutSeconds = 30
            run.environment = [LiveHost.variable: journal.id]
            _ = try? await tools.run(run)
        }
    }
}
