import HostPlans
import MeshModel
import Rendering
import TestSupport

/// A back end as a host of the bench loads it.
struct FirewallLoader: CustomStringConvertible {
    let kind: FirewallKind
    let description: String
    /// A shell command that loads the rules; `$TREE` is the folder that stands for the host's `/`, `$IF` the interface.
    let load: String
    /// Takes them away again, so that the host is as before.
    let remove: String

    static let nftables = FirewallLoader(.nftables, "nftables")
    static let iptables = FirewallLoader(.iptables, "iptables, nf_tables", environment: "HAUBERK_IPTABLES=nft ")
    static let iptablesLegacy = FirewallLoader(.iptables, "iptables, legacy", environment: "HAUBERK_IPTABLES=legacy ")

    static let firewalld = FirewallLoader(
        .firewalld, "firewalld", before: FirewalldDaemon.start + "; ", after: "; " + FirewalldDaemon.stop)

    /// In a folder that stands for csf's.
    static let csf = FirewallLoader(
        .csf, "csf", before: "mkdir -p /run/csf; touch /run/csf/csf.allow; ", environment: "HAUBERK_CSF=/run/csf ")

    /// The ends of the paths of the files that hold rules, a line each.
    var ruleFiles: [String] {
        switch kind {
        case .nftables: return ["rules.nft"]
        case .iptables: return ["rules.v4", "rules.v6"]
        case .ufw: return ["rules.v4", "rules.v6", "ufw.v4", "ufw.v6"]
        case .firewalld: return [".xml", "rules.nft"]
        default: return []
        }
    }

    /// By the script that every back end has.
    init(
        _ kind: FirewallKind, _ description: String, before: String = "", environment: String = "", after: String = ""
    ) {
        self.kind = kind
        self.description = description
        load = "\(before)\(environment)sh \"$TREE/etc/hauberk/$IF/firewall\" load"
        remove = "\(environment)sh \"$TREE/etc/hauberk/$IF/firewall\" remove\(after)"
    }

    init(_ kind: FirewallKind, _ description: String, load: String, remove: String) {
        self.kind = kind
        self.description = description
        self.load = load
        self.remove = remove
    }

    /// Those whose back ends the program has.
    static var all: [FirewallLoader] {
        [nftables, iptables, iptablesLegacy, ufw, firewalld].filter { Firewalls.backend($0.kind) != nil }
    }

    /// Those that load within a fraction of a second.
    static var quick: [FirewallLoader] { all.filter { $0.kind != .ufw && $0.kind != .firewalld } }

    /// Whether the kernel did otherwise than the reference, and it is not the other firewall on the host that did it: ufw
    /// and firewalld drop by themselves what connection tracking calls invalid, where ours lets it through.
    func differs(_ sample: SamplePacket, _ didPass: Bool) -> Bool {
        if sample.passes == didPass { return false }
        let isTheirs = sample.packet.state == .invalid && sample.passes
        return !(isTheirs && [.ufw, .firewalld].contains(kind))
    }

    /// As one line for the bench; `command` is `load` or `remove`.
    func line(_ command: String, tree: String, interface: String) -> String {
        "TREE='\(tree)'; IF='\(interface)'; \(command)"
    }

    /// Writes a host's files below a folder, as `render` would.
    static func write(_ artifacts: [Artifact], below folder: String) throws {
        for artifact in artifacts {
            let path = "\(folder)/\(artifact.path)"
            let parts = path.split(separator: "/").dropLast()
            for count in 1...parts.count { makeMissingFolder("/" + parts.prefix(count).joined(separator: "/")) }
            try save(String(decoding: artifact.bytes { _ in "" }, as: UTF8.self), to: path)
            setMode(of: path, artifact.mode)
        }
    }
}
