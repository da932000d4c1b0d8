import ArgumentParser
import Diagnostics
import Keys
import SystemAccess

/// What `apply` was asked for.
///
/// The plainest form of it is read here: the parser of all commands takes longer than most applies.
struct ApplyWords: Equatable {
    var tree: String?
    var confirmWithin = 0
    var patience = 30
    var dryRun = false
    var confirm = false
    var rollback = false
    var status = false
    var root = "/"
    var json = false

    init() {}

    /// Nil for all but `apply TREE` with options in their long form, each once and right: those are the parser's.
    init?(plain arguments: some Collection<String>) {
        guard arguments.first == "apply" else { return nil }
        var seen: [String] = []
        var words = arguments.dropFirst().makeIterator()
        while let word = words.next() {
            if word == "-" || !word.hasPrefix("-"), !word.isEmpty, tree == nil {
                tree = word
                continue
            }
            guard !seen.contains(word) else { return nil }
            seen.append(word)
            switch word {
            case "--dry-run": dryRun = true
            case "--json": json = true
            case "--root", "--confirm-within", "--patience":
                guard let value = words.next(), !value.hasPrefix("-"), !value.isEmpty else { return nil }
                if word == "--root" {
                    root = value
                    continue
                }
                let isPatience = word == "--patience"
                guard value.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(value),
                    number <= (isPatience ? 180 : 86_400)
                else { return nil }
                if isPatience { patience = number } else { confirmWithin = number }
            default: return nil
            }
        }
        if tree == nil { return nil }
    }

    func run() async throws {
        let host = try HostApply(root: root == "/" ? "" : root, sha256: Digest.sha256) { Result.note($0) }
        if let tree {
            try await apply(tree, host)
        } else if status {
            try printStatus(try host.status())
        } else {
            guard let end = try await host.answer(confirm ? .confirm : .putBack) else {
                return try finish(Entry(interface: nil, outcome: "idle"), "nothing is pending")
            }
            let outcome = end.isConfirmed ? "confirmed" : "put back"
            try finish(Entry(interface: end.interface, outcome: outcome), "\(end.interface): \(outcome)")
        }
    }

    private func apply(_ tree: String, _ host: HostApply) async throws {
        let report = try await host.apply(
            HostApply.Request(
                tree: tree, confirmWithin: confirmWithin, extent: dryRun ? .dryRun : .whole,
                patience: patience))
        var entry = Entry(interface: report.interface, outcome: "unchanged")
        entry.steps = report.steps
        entry.files = report.files
        entry.cutsSessions = report.cutsSessions
        entry.waiting = report.waiting
        entry.startsAtBoot = report.startsAtBoot
        entry.unstarted = report.unstarted
        let silent = report.waiting.map { "\nno answer yet from peer \($0)" }.joined()
        if report.steps.isEmpty, report.files.isEmpty {
            try finish(entry, "\(report.interface): nothing to do\(silent)")
            if !report.waiting.isEmpty { throw ExitCode(ExitStatus.pending.rawValue) }
            return
        }
        entry.outcome = dryRun ? "planned" : "applied"
        var lines = report.steps + (report.files.isEmpty ? [] : ["write \(report.files.joined(separator: ", "))"])
        let units = report.startsAtBoot.joined(separator: ", ")
        if !units.isEmpty { lines.append("start at boot \(units)") }
        let unstarted = report.unstarted.map { "\nnothing on this host starts \($0) at boot" }.joined()
        let cut = report.cutsSessions ? "\nthis cuts the running sessions" : ""
        try finish(
            entry,
            dryRun
                ? "\(report.interface) would change:\n" + lines.map { "  \($0)" }.joined(separator: "\n") + cut
                    + unstarted
                : "\(report.interface): applied, \(lines.count) step\(lines.count == 1 ? "" : "s")\(cut)"
                    + silent + unstarted)
        if !report.waiting.isEmpty { throw ExitCode(ExitStatus.pending.rawValue) }
    }

    private func printStatus(_ status: HostApply.Status) throws {
        var entry = Entry(interface: status.interface, outcome: status.phase ?? "idle")
        entry.confirmWithin = status.confirmation
        let text = status.interface.map { "\($0): \(status.phase ?? "")" } ?? "nothing is pending"
        try finish(entry, text)
    }

    private func finish(_ entry: Entry, _ text: String) throws {
        Result.print(json ? try JSONText.encode(entry) : text)
    }

    /// The JSON form; names and `outcome`'s words stay the same from version to version.
    private struct Entry: Encodable {
        var interface: String?
        /// `applied`, `unchanged`, `planned`, `confirmed`, `put back`; of --status `idle` or the phase.
        var outcome: String
        var steps: [String]?
        var files: [String]?
        var cutsSessions: Bool?
        /// Public keys of peers whose packets take the former interface, because they have not answered on the next one.
        var waiting: [String]?
        /// Units that systemd starts at boot from now on.
        var startsAtBoot: [String]?
        /// Interfaces that come for the first time, and that nothing on the host starts at boot.
        var unstarted: [String]?
        var confirmWithin: Int?
    }
}
