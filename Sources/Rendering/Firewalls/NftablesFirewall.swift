package import Addresses
package import HostPlans
package import MeshModel

/// nftables (1.0.6 or later): one table of our own in the family `inet`, whose rules are exchanged in one transaction.
///
/// Sets take the place of rules, so that neither loading nor a packet's way grows with the number of peers.
package struct NftablesFirewall: FirewallBackend {
    package init() {}

    package var kind: FirewallKind { .nftables }

    package var capabilities: Set<FirewallCapability> { Set(FirewallCapability.allCases) }

    package func artifacts(for policy: FirewallPolicy) -> [Artifact] {
        var text = SecretText()
        text.append(Self.rules(for: policy))
        let rules = Artifact(
            path: "\(FirewallPaths.folder(policy.interface))/\(Self.file)", mode: 0o644, check: "nft -c -f {{file}}",
            pieces: [.text(text)])
        return [NftablesScript.script(policy).artifact(for: policy), rules, FirewallUnit.artifact(for: policy)]
    }

    static let file = "rules.nft"

    /// The table of an interface. What nft does not take in a name is written as `/` and two hexadecimal digits; and
    /// `wg-quick` is kept out of it, for wg-quick(8) deletes tables by their names.
    package static func table(_ interface: InterfaceName) -> String {
        let escaped = interface.name.map { character in
            switch character {
            case "=": return "/3d"
            case "+": return "/2b"
            default: return String(character)
            }
        }
        return "hauberk-" + escaped.joined().replacing("wg-quick", with: "wg/2dquick")
    }

    private static func rules(for policy: FirewallPolicy) -> String {
        let name = table(policy.interface)
        return """
            #!/usr/sbin/nft -f
            # Hauberk: the firewall of peer \(policy.peer) in mesh \(policy.mesh), interface \(policy.interface).
            # Rendered: what is changed here is lost with the next render. Numbers of rules count the lines of `allow:`.
            # One transaction, which replaces this table and touches no other; `firewall load` brings the sets before the
            # rest of it, so that no packet is lost meanwhile.
            table inet \(name)
            delete table inet \(name)

            table inet \(name) {
            \(NftablesTable(policy).body)}

            """
    }
}
