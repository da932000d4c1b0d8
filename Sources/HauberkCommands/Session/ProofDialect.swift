import Diagnostics
import Lab
import MeshModel

/// In whose words the rules of one lab are.
struct ProofDialect {
    /// Nil for what each host declares.
    let kind: FirewallKind?
    /// Which variant, where the dialect has several.
    let lab: LabFirewall?
    let title: String

    /// What each host declares; without a title in a mesh that has no policy.
    static func declared(_ mesh: DeclaredMesh) -> ProofDialect {
        ProofDialect(kind: nil, lab: nil, title: mesh.policy == nil ? "" : "as declared")
    }

    private static let named: [(name: String, kind: FirewallKind, lab: LabFirewall?)] = [
        ("nftables", .nftables, .nftables), ("iptables-nft", .iptables, .iptablesNft),
        ("iptables-legacy", .iptables, .iptablesLegacy), ("ufw", .ufw, .ufw), ("firewalld", .firewalld, .firewalld),
        ("none", .none, nil),
    ]

    /// What `--firewall` takes.
    static let names = named.map(\.name) + ["iptables", "all"]

    /// The labs that a word asks for: `iptables` means both of its variants, `all` every dialect that the machine has.
    /// Nil for an unknown word.
    static func dialects(_ word: String) -> [ProofDialect]? {
        let chosen: [(name: String, kind: FirewallKind, lab: LabFirewall?)]
        switch word {
        case "all": chosen = named.filter { $0.lab?.isInstalled ?? false }
        case "iptables": chosen = named.filter { $0.kind == .iptables }
        default: chosen = named.filter { $0.name == word }
        }
        let dialects = chosen.map { ProofDialect(kind: $0.kind, lab: $0.lab, title: $0.name) }
        return dialects.isEmpty && word != "all" ? nil : dialects
    }
}
