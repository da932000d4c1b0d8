import Addresses
import HostPlans

/// What a setting of wg-quick alone means to a running interface.
enum HookMeaning: Equatable {
    /// Its effect is reached otherwise: the firewall is loaded by itself, and the host's key is left alone.
    case nothing
    case table(String)
    case route(InterfaceRoute)
    /// `net.ipv4.conf.*.rp_filter` of the interface.
    case reversePath(Int)
    /// Only starting the interface again brings it about.
    case unknown

    init(_ setting: WireGuardConfig.Setting) {
        let words = setting.value.split(separator: " ").map(String.init)
        switch setting.key {
        case "table": self = .table(setting.value.lowercased())
        case "preup": self = Self.isFirewall(words, "load") ? .nothing : .unknown
        case "postdown": self = Self.isRemoval(words) ? .nothing : .unknown
        case "postup":
            if Self.isOwnKey(words) {
                self = .nothing
            } else if words == ["sysctl", "-q", "-w", "net/ipv4/conf/%i/rp_filter=2"] {
                self = .reversePath(2)
            } else {
                self = Self.route(words).map(Self.route) ?? .unknown
            }
        default: self = .unknown
        }
    }

    /// `/etc/hauberk/NAME/firewall VERB`, NAME being `%i` or the first interface's.
    static func isFirewall(_ words: some Collection<String>, _ verb: String) -> Bool {
        guard words.count == 2, let script = words.first, words.dropFirst().first == verb else { return false }
        let parts = script.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 5 && parts[0].isEmpty && parts[1] == "etc" && parts[2] == "hauberk"
            && isName(parts[3]) && parts[4] == "firewall"
    }

    /// The removal of the rules, always or when the other interface is not there.
    private static func isRemoval(_ words: [String]) -> Bool {
        if isFirewall(words, "remove") { return true }
        guard words.count == 6, words[0...1] == ["test", "-e"], words[3] == "||" else { return false }
        let parts = words[2].split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 5 && parts[1...3] == ["sys", "class", "net"] && isName(parts[4])
            && isFirewall(words[4...], "remove")
    }

    private static func isOwnKey(_ words: [String]) -> Bool {
        guard words.count == 5, words[0...3] == ["wg", "set", "%i", "private-key"] else { return false }
        let parts = words[4].split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[1...2] == ["etc", "wireguard"] && parts[3].hasSuffix(".key")
            && isName(parts[3].dropLast(4))
    }

    private static func isName(_ text: Substring) -> Bool {
        text == "%i" || (try? InterfaceName(parsing: String(text))) != nil
    }

    /// `ip -4 route replace PREFIX dev %i [table N] [metric N]`, as the template writes it.
    private static func route(_ words: [String]) -> InterfaceRoute? {
        guard words.count >= 7, words[0] == "ip", ["-4", "-6"].contains(words[1]),
            words[2...3] == ["route", "replace"], words[5...6] == ["dev", "%i"]
        else { return nil }
        let everything: IPPrefix = .everything(words[1] == "-4" ? .v4 : .v6)
        guard let prefix = words[4] == "default" ? everything : try? IPPrefix(parsing: words[4]) else { return nil }
        var rest = words[7...]
        var table = "main"
        if rest.count >= 2, rest.first == "table" { (table, rest) = (rest[rest.startIndex + 1], rest.dropFirst(2)) }
        var metric: UInt32 = 0
        if rest.count == 2, rest.first == "metric", let number = UInt32(rest[rest.startIndex + 1]) {
            (metric, rest) = (number, [])
        }
        return rest.isEmpty ? InterfaceRoute(prefix, table: table, metric: metric) : nil
    }
}
