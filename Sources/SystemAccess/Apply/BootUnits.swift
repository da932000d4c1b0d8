internal import Delivery

/// What systemd starts at boot of all that comes to a host for the first time, and what it no longer starts.
///
/// The links are those of `systemctl enable` (systemd.unit(5), `[Install]`). Whoever takes one away is not given it again.
struct BootUnits: Sendable {
    /// Links to make: their paths below the root, and what they point to.
    private(set) var links: [(path: String, target: String)] = []
    /// Paths of the links of units that go.
    private(set) var stale: [String] = []
    /// Interfaces that come for the first time, and that nothing on the host starts at boot.
    private(set) var unstarted: [String] = []

    /// Where the administrator's units are.
    static let folder = "etc/systemd/system"

    /// Where units are looked for, in systemd's order.
    private static let folders =
        [folder] + ["usr/local/lib", "lib", "usr/lib"].map { "\($0)/systemd/system" }

    /// - Parameter stale: paths of files that go.
    init(_ tree: HostTree, stale gone: [String], _ disk: HostDisk) throws {
        func isThere(_ path: String) throws -> Bool { try disk.exists("\(disk.root)/\(path)") }
        let configurations = tree.interfaces.map(HostTree.configuration)
        let isFirst = try !configurations.contains(where: isThere)
        let units = try tree.files.filter { try $0.path.hasPrefix("\(Self.folder)/") && !isThere($0.path) }
        if isFirst || !units.isEmpty {
            let hasSystemd = try ["lib", "usr/lib"].contains { try isThere("\($0)/systemd/systemd") }
            let template = try hasSystemd ? Self.folders.first { try isThere("\($0)/wg-quick@.service") } : nil
            for interface in tree.tunnels.map(\.interface) where isFirst {
                guard let template else {
                    unstarted.append(interface)
                    continue
                }
                let path = "\(template)/wg-quick@.service"
                let text = try disk.text("\(disk.root)/\(path)") ?? ""
                links += Self.wanting("wg-quick@\(interface).service", text).map { ($0, "/\(path)") }
            }
            for unit in units where hasSystemd {
                let text = String(decoding: unit.bytes, as: UTF8.self)
                links += Self.wanting(Self.name(of: unit.path), text).map { ($0, "/\(unit.path)") }
            }
            links = try links.filter { try disk.link("\(disk.root)/\($0.path)") == nil }
        }
        for path in gone where path.hasPrefix("\(Self.folder)/") {
            let text = try disk.text("\(disk.root)/\(path)") ?? ""
            stale += try Self.wanting(Self.name(of: path), text).filter {
                try disk.link("\(disk.root)/\($0)") != nil
            }
        }
    }

    /// The units that are started at boot from now on, by name.
    var units: [String] { Set(links.map { Self.name(of: $0.path) }).sorted() }

    static func name(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    /// The links by which a unit is started with those that want it, by the unit's own text.
    static func wanting(_ unit: String, _ text: String) -> [String] {
        var isInstall = false
        var found: [String] = []
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("[") { isInstall = line == "[Install]" }
            guard isInstall, line.hasPrefix("WantedBy=") else { continue }
            found += line.dropFirst(9).split(separator: " ").filter { !$0.contains("/") }.map {
                "\(folder)/\($0).wants/\(unit)"
            }
        }
        return found
    }
}
