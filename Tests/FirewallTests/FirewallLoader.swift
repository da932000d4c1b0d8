import HostPlans
import MeshModel
import Rendering
import TestSupport

/// A back end as a host of the bench loads it.
struct FirewallLoader: CustomStringConvertible {
    let kind: FirewallKind
    let description: String
    /// Shell commands that load the rules; `$TREE` is the folder that stands for the host's `/`, `$IF` the interface.
    let command: String

    static let nftables = FirewallLoader(
        kind: .nftables, description: "nftables", command: "sh \"$TREE/etc/hauberk/$IF/firewall\" load")
    static let iptables = FirewallLoader(
        kind: .iptables, description: "iptables, nf_tables",
        command: "HAUBERK_IPTABLES=nft sh \"$TREE/etc/hauberk/$IF/firewall\" load")
    static let iptablesLegacy = FirewallLoader(
        kind: .iptables, description: "iptables, legacy",
        command: "HAUBERK_IPTABLES=legacy sh \"$TREE/etc/hauberk/$IF/firewall\" load")

    /// Those whose back ends the program has.
    static var all: [FirewallLoader] {
        [nftables, iptables, iptablesLegacy].filter { Firewalls.backend($0.kind) != nil }
    }

    func preparation(tree: String, interface: String) -> String {
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
