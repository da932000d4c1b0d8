import Addresses
import HostPlans
import MeshModel

/// A chain of ours: its last word, for the name is at most 28 characters (XT_EXTENSION_MAXNAMELEN) and an interface's
/// takes up to 15 of them.
enum IptablesChainName: String, CaseIterable, Sendable {
    // The filter table.
    case input = "IN"
    case tunnelInput = "TIN"
    case tunnelIngress = "TIA"
    case underlayInput = "UIN"
    case memberInput = "UMI"
    case memberReply = "UMR"
    case crossing = "XIN"
    case output = "OUT"
    case tunnelOutput = "TOUT"
    case tunnelEgress = "TEG"
    case memberOutput = "UMO"
    case memberAnswer = "UMS"
    case forward = "FWD"
    case fromTunnel = "TFI"
    case toTunnel = "TFO"
    case end = "END"
    // The mangle table.
    case passing = "MFW"
    case translated = "MFT"
    case translatedFromTunnel = "MTI"
    case translatedCrossing = "MTX"
    case translatedFromUnderlay = "MTU"
    // The nat table.
    case masquerade = "NAT"
    // Fates, each of which counts: what no address of the mesh may do, what the underlay, the tunnel and the way out
    // refuse, and what is only watched.
    case fake = "FAKE"
    case drop = "DROP"
    case deny = "DENY"
    case leak = "LEAK"
    case seen = "SEEN"

    /// The word in the log; the prefix of a line is cut at 29 characters without a word of warning.
    var logWord: String { rawValue.lowercased() }
}

/// The tables that rules of ours are in.
enum IptablesTable: String, CaseIterable, Sendable {
    case filter, mangle, nat

    /// What the kernel calls, and the chain of ours that it must call first.
    var hooks: [(builtin: String, chain: IptablesChainName)] {
        switch self {
        case .filter: [("INPUT", .input), ("OUTPUT", .output), ("FORWARD", .forward)]
        case .mangle: [("FORWARD", .passing)]
        case .nat: [("POSTROUTING", .masquerade)]
        }
    }
}

/// A chain's rules, each without `-A` and the chain's name.
struct IptablesChain: Sendable {
    let name: IptablesChainName
    var rules: [String]

    init(_ name: IptablesChainName, _ rules: [String]) {
        self.name = name
        self.rules = rules
    }

    /// The chains that rules of this one go to, by the word after the last hyphen.
    func calls(_ prefix: String) -> [IptablesChainName] {
        rules.compactMap { rule in
            guard let target = rule.split(separator: " ").last, target.hasPrefix(prefix) else { return nil }
            return IptablesChainName(rawValue: String(target.dropFirst(prefix.count)))
        }
    }
}

/// What rules are made of: the words that both families and all tables share.
enum IptablesText {
    /// How many rules in a row an address is held against before a set is worth its module.
    static let setThreshold = 64

    /// The latest second that iptables can read (libxt_time.c: years up to 2037). What holds longer ends then.
    static let latestStop: Int64 = 2_145_916_799

    /// `HAUBERK-wg0-`, which begins the names of our chains and sets. No word after it has a hyphen, so that the names of
    /// `wg0` and of `wg0-x` stay apart.
    static func prefix(_ interface: InterfaceName) -> String { "HAUBERK-\(interface)-" }

    /// At most 15 ports in one match, where a range counts twice (xt_multiport.h).
    static func ports(_ ports: [ServicePorts], _ side: IptablesPortSide) -> [String] {
        Transport.allCases.flatMap { transport in
            let ranges = ports.filter { $0.transport == transport }.map(\.range)
            switch side {
            case .original: return ranges.map { "-p \(transport) -m conntrack --ctorigdstport \(text($0))" }
            case .source, .destination: return groups(ranges).map { match($0, transport, side) }
            }
        }
    }

    private static func match(_ ranges: [PortRange], _ transport: Transport, _ side: IptablesPortSide) -> String {
        let word = side == .source ? "sport" : "dport"
        if ranges.count == 1 { return "-p \(transport) -m \(transport) --\(word) \(text(ranges[0]))" }
        return "-p \(transport) -m multiport --\(word)s \(ranges.map(text).joined(separator: ","))"
    }

    private static func text(_ range: PortRange) -> String {
        range.lower == range.upper ? "\(range.lower)" : "\(range.lower):\(range.upper)"
    }

    private static func groups(_ ranges: [PortRange]) -> [[PortRange]] {
        var result: [[PortRange]] = []
        var room = 0
        for range in ranges {
            let cost = range.lower == range.upper ? 1 : 2
            if cost > room {
                result.append([])
                room = 15
            }
            result[result.count - 1].append(range)
            room -= cost
        }
        return result
    }

    /// A match that holds before a moment, in seconds since 1970; empty for ever. The kernel's own clock decides, in
    /// UTC (without `--kerneltz`), and the second named still matches (xt_time.c).
    static func until(_ moment: Int64?) -> String {
        guard let moment else { return "" }
        return "-m time --datestop \(date(min(moment - 1, latestStop))) "
    }

    /// `2026-12-01T12:00:00` of seconds since 1970 (days to civil date: H. Hinnant, chrono-compatible date algorithms).
    static func date(_ moment: Int64) -> String {
        let seconds = max(moment, 0)
        let shifted = seconds / 86_400 + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let number = (5 * dayOfYear + 2) / 153
        let month = number < 10 ? number + 3 : number - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let day = dayOfYear - (153 * number + 2) / 5 + 1
        let clock = [seconds % 86_400 / 3_600, seconds % 3_600 / 60, seconds % 60].map(padded).joined(separator: ":")
        return "\(year)-\(padded(month))-\(padded(day))T\(clock)"
    }

    private static func padded(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

/// Which port of a packet is held against an allowance's.
enum IptablesPortSide: Sendable {
    case source, destination
    /// Where it was going before its destination was rewritten.
    case original
}

/// Which address of a packet is held against a set.
enum IptablesAddressSide: Sendable {
    case source, destination
}
