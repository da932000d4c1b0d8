import Addresses
import Diagnostics
import HostPlans
import MeshModel

/// A plan for people: what it amounts to, then hosts, flows and what is cut.
struct PlanText {
    enum Extent {
        /// As much as a screen takes, and how much is left out.
        case oneScreen
        /// Every host, flow, setting and peer.
        case everything
    }

    private let changes: ChangeSet
    private let mesh: String
    private let folder: String
    private let extent: Extent

    init(_ changes: ChangeSet, of mesh: String, in folder: String, _ extent: Extent) {
        (self.changes, self.mesh, self.folder, self.extent) = (changes, mesh, folder, extent)
    }

    func text(_ palette: PlanPalette) -> String {
        let sections = [
            ("Hosts", changes.hosts.map { host(host: $0, palette) }, 10),
            ("Flows", flows(palette), 10),
            (
                "Cut",
                changes.cuts.map { cut in
                    palette.line("!", "\(cut.host.map { "\($0): " } ?? "")\(cut.words)")
                }, 6
            ),
        ]
        var text = summary + "\n"
        for (title, blocks, most) in sections where !blocks.isEmpty {
            text += "\n\(title)\n" + capped(blocks, most)
        }
        if changes.online > 0 {
            text += "\n\(Self.count(changes.online, "host")) must be online to take this\n"
        }
        return text
    }

    // MARK: the summary

    private var summary: String {
        let unknown: String? = if case .unknown(let why) = changes.flows { why } else { nil }
        if changes.isEmpty {
            let hosts = "\(mesh): nothing changes on \(Self.count(changes.compared, "host"))"
            return hosts + (unknown.map { "; flows cannot be told: \($0)" } ?? ", and no flow")
        }
        let kinds = [HostChange.Kind.changed, .added, .removed].map { kind in
            changes.hosts.count { $0.kind == kind }
        }
        var words = "\(mesh): of \(Self.count(changes.compared, "host")), \(kinds[0]) to change, \(kinds[1]) to add"
        let unsure = changes.hosts.count { $0.kind == .unknown }
        words += ", \(kinds[2]) removed\(unsure > 0 ? ", \(unsure) unknown" : ""); "
        if let unknown { return words + "flows cannot be told: \(unknown)" }
        let (opening, closing) = FlowChange.Direction.lines(changes.flowChanges)
        if opening + closing == 0 { return words + "no flow opens or closes" }
        return words + "flows: \(opening) to open, \(closing) to close"
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    private func capped(_ blocks: [String], _ most: Int) -> String {
        guard extent == .oneScreen, blocks.count > most else { return blocks.joined() }
        return blocks.prefix(most).joined() + "  and \(blocks.count - most) more: --details\n"
    }

    // MARK: hosts

    private func host(host: HostChange, _ palette: PlanPalette) -> String {
        switch host.kind {
        case .added: return palette.line("+", "\(host.name): a new host")
        case .removed: return palette.line("-", "\(host.name): no host of the mesh any more")
        case .unknown: return palette.line("?", "\(host.name): \(host.message ?? "not known")")
        case .changed: break
        }
        let head = palette.line("~", "\(host.name): \(Self.words(host).joined(separator: ", "))")
        return extent == .everything ? head + details(host, palette) : head
    }

    private static func words(_ host: HostChange) -> [String] {
        var words = host.privateKey.map { ["private key \($0.rawValue)"] } ?? []
        words += host.settings.map(\.field.rawValue)
        for kind in [PeerChange.Kind.added, .removed, .changed] {
            let number = host.peers.count { $0.kind == kind }
            if number > 0 { words.append("\(count(number, "peer")) \(kind.rawValue)") }
        }
        words += interfaces(host)
        let firewall = host.files.count { $0.role == .firewall }
        if firewall > 0 { words.append("firewall") }
        let others = host.files.count { $0.role == .other }
        if others > 0 { words.append(count(others, "other file")) }
        return words.isEmpty ? [count(host.files.count, "file")] : words
    }

    /// The interface that comes or goes while keys rotate; one that gets another name does neither.
    private static func interfaces(_ host: HostChange) -> [String] {
        let files = host.files.filter {
            $0.role == .interface && $0.path.hasSuffix(".conf") && ($0.kind == .added || $0.kind == .removed)
        }
        guard host.kind == .changed, files.count == 1, let file = files.first else { return [] }
        let name = file.path.split(separator: "/").last?.dropLast(5) ?? ""
        return ["interface \(name) \(file.kind.rawValue)"]
    }

    private func details(_ host: HostChange, _ palette: PlanPalette) -> String {
        var text = ""
        if let key = host.privateKey { text += palette.line(Self.sign(key), "private key", depth: 1) }
        for setting in host.settings {
            text += lines(setting.field.rawValue, setting.from, setting.to, palette, depth: 1)
        }
        for peer in host.peers {
            let sign = [PeerChange.Kind.added: "+", .removed: "-", .changed: "~"][peer.kind] ?? "~"
            text += palette.line(sign, "peer \(peer.name)", depth: 1)
            if let key = peer.presharedKey { text += palette.line(Self.sign(key), "preshared key", depth: 2) }
            for setting in peer.settings {
                text += lines(setting.field.rawValue, setting.from, setting.to, palette, depth: 2)
            }
        }
        for file in host.files {
            let sign = [FileChange.Kind.added: "+", .removed: "-"][file.kind] ?? "~"
            text += palette.line(sign, "/\(file.path)\(file.kind == .mode ? " (mode)" : "")", depth: 1)
        }
        return text
    }

    private static func sign(_ change: SecretChange) -> String {
        switch change {
        case .added: "+"
        case .removed: "-"
        case .changed: "~"
        }
    }

    /// One value changes into another; of several, those that come and go.
    private func lines(
        _ name: String, _ from: [String], _ to: [String], _ palette: PlanPalette, depth: Int
    ) -> String {
        if from.count == 1, to.count == 1 {
            return palette.line("~", "\(name): \(from[0]) -> \(to[0])", depth: depth)
        }
        let gone = from.filter { !to.contains($0) }
        let new = to.filter { !from.contains($0) }
        if gone.isEmpty, new.isEmpty { return palette.line("~", "\(name): in another order", depth: depth) }
        return gone.map { palette.line("-", "\(name): \($0)", depth: depth) }.joined()
            + new.map { palette.line("+", "\(name): \($0)", depth: depth) }.joined()
    }

    // MARK: flows

    private func flows(_ palette: PlanPalette) -> [String] {
        changes.flowChanges.map { flow in
            let place = flow.location.map { "\($0.file):\($0.line)" } ?? flow.reason
            let most = extent == .oneScreen ? 3 : Int.max
            let words = "\(flow.from.words(most)) -> \(flow.to.words(most)): \(flow.subjects) (\(flow.planeWords))"
            return palette.line(
                flow.direction == .opens ? "+" : "-",
                "\(words)  \(flow.direction == .opens ? "" : "was ")\(place)")
        }
    }
}

extension FlowChange {
    /// The ports as services write them, and the ping.
    var subjects: String {
        var words = isEverything ? ["every port"] : ports.map(\.description)
        if withEcho { words.append("ping") }
        return words.joined(separator: ", ")
    }

    fileprivate var planeWords: String {
        side.map { "\(plane.rawValue), \($0.rawValue) side" } ?? plane.rawValue
    }
}

extension FlowParty {
    /// The party's name, else at most so many peers by theirs.
    func words(_ most: Int) -> String {
        var words = title.map { [$0] } ?? peers
        // One name takes as much room as the words for it.
        if words.count > most, words.count - most > 1 {
            words = words.prefix(most) + ["\(words.count - most) more"]
        }
        words += networks.map(\.description) + (includesStrangers ? ["anyone"] : [])
        return words.joined(separator: ", ")
    }
}

extension FlowChange.Direction {
    /// How many lines of each.
    fileprivate static func lines(_ changes: [FlowChange]) -> (opening: Int, closing: Int) {
        let opening = changes.count { $0.direction == .opens }
        return (opening, changes.count - opening)
    }
}

/// The signs of a plan, in colour where that is wanted.
struct PlanPalette {
    enum Kind { case plain, terminal }

    private let kind: Kind

    init(_ kind: Kind) { self.kind = kind }

    /// A line with its sign, two columns further in at each depth.
    func line(_ sign: String, _ words: String, depth: Int = 0) -> String {
        let code = ["+": 32, "-": 31, "~": 33, "?": 33, "!": 31][sign] ?? 0
        let mark = kind == .terminal ? "\u{1b}[\(code)m\(sign)\u{1b}[0m" : sign
        return String(repeating: "  ", count: depth + 1) + "\(mark) \(words)\n"
    }
}
