import Addresses
import HostPlans

/// What a setting of wg-quick alone means to a running interface.
enum HookMeaning: Equatable {
    /// Its effect is reached otherwise: the firewall is loaded by itself, and the host's key is left alone.
    case nothing
    case table(String)
    case route(InterfaceRoute)
    /// Only starting the interface again brings it about.
    case unknown

    init(_ setting: WireGuardConfig.Setting) {
        let words = setting.value.split(separator: " ").map(String.init)
        switch (setting.key, setting.value) {
        case ("preup", "/etc/hauberk/%i/firewall load"), ("postdown", "/etc/hauberk/%i/firewall remove"),
            ("postup", "wg set %i private-key /etc/wireguard/%i.key"):
            self = .nothing
        case ("table", let name): self = .table(name.lowercased())
        case ("postup", _): self = Self.route(words).map(Self.route) ?? .unknown
        default: self = .unknown
        }
    }

    /// `ip -4 route replace PREFIX dev %i [table N]`, as the template writes it.
    private static func route(_ words: [String]) -> InterfaceRoute? {
        guard words.count == 7 || words.count == 9 && words[7] == "table", words[0] == "ip",
            ["-4", "-6"].contains(words[1]), words[2...3] == ["route", "replace"], words[5...6] == ["dev", "%i"]
        else { return nil }
        let everything: IPPrefix = .everything(words[1] == "-4" ? .v4 : .v6)
        guard let prefix = words[4] == "default" ? everything : try? IPPrefix(parsing: words[4]) else { return nil }
        return InterfaceRoute(prefix, table: words.count == 9 ? words[8] : "main")
    }
}
