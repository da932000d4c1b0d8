internal import Delivery

/// What a transaction on a host is about: lines of `word value`, written before anything is changed.
struct ApplyJournal: Sendable {
    var id = ""
    /// What the host's files are called by.
    var interface = ""
    /// The interfaces that there are, were or are to be, and whether they were up.
    var tunnels: [(interface: String, wasUp: Bool)] = []
    /// Whether the mesh's keys rotate, so that the host may have a second interface.
    var rotates = false
    /// Of the kernel's run and of the network namespace; live state of another one is nobody's to put back.
    var place = ""
    /// Seconds that somebody has to confirm; zero for nobody.
    var confirmation = 0
    /// Whether the former firewall was loaded.
    var hadFirewall = false
    /// Whether the tree's firewall is loaded.
    var loadsFirewall = false
    /// Whether the tree's firewall is of another dialect than the former one.
    var replacesFirewall = false
    var process: Int32 = 0
    var files: [(path: String, mode: UInt32)] = []
    var removed: [String] = []
    var folders: [String] = []
    /// What systemd starts at boot from then on: symbolic links, and what they point to.
    var links: [(path: String, target: String)] = []
    /// Links of units that go.
    var staleLinks: [String] = []

    var text: String {
        var lines = [
            "id \(id)", "interface \(interface)", "place \(place)", "confirmation \(confirmation)",
            "process \(process)",
        ]
        for (word, isSet) in [
            ("rotates", rotates), ("had-firewall", hadFirewall), ("loads-firewall", loadsFirewall),
            ("replaces-firewall", replacesFirewall),
        ] where isSet { lines.append(word) }
        lines += tunnels.map { "\($0.wasUp ? "was-up" : "was-down") \($0.interface)" }
        lines += files.map { "file \(String($0.mode, radix: 8)) \($0.path)" }
        lines += removed.map { "remove \($0)" } + folders.map { "folder \($0)" }
        lines += links.map { "link \($0.path) \($0.target)" } + staleLinks.map { "unlink \($0)" }
        return lines.joined(separator: "\n") + "\nend\n"
    }

    init() {}

    /// Nil for a text that is not whole.
    init?(_ text: String) {
        guard text.hasSuffix("\nend\n") else { return nil }
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
            let value = parts.count > 1 ? parts[1] : ""
            switch parts[0] {
            case "id": id = value
            case "interface": interface = value
            case "place": place = value
            case "confirmation": confirmation = Int(value) ?? 0
            case "process": process = Int32(value) ?? 0
            case "was-up", "was-down": tunnels.append((value, parts[0] == "was-up"))
            case "rotates": rotates = true
            case "had-firewall": hadFirewall = true
            case "loads-firewall": loadsFirewall = true
            case "replaces-firewall": replacesFirewall = true
            case "file":
                let words = value.split(separator: " ", maxSplits: 1).map(String.init)
                guard words.count == 2, let mode = UInt32(words[0], radix: 8) else { return nil }
                files.append((words[1], mode))
            case "remove": removed.append(value)
            case "folder": folders.append(value)
            case "link":
                let words = value.split(separator: " ").map(String.init)
                guard words.count == 2 else { return nil }
                links.append((words[0], words[1]))
            case "unlink": staleLinks.append(value)
            default: if line != "end" { return nil }
            }
        }
    }
}
