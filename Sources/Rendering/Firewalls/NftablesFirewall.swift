package import Addresses
package import HostPlans
package import MeshModel

/// nftables (1.0.6 or later): one table of our own in the family `inet`, replaced in one transaction.
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
        return [Self.script(policy).artifact(for: policy), rules, FirewallUnit.artifact(for: policy)]
    }

    private static let file = "rules.nft"

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
            # One transaction, which replaces this table and touches no other.
            table inet \(name)
            delete table inet \(name)

            table inet \(name) {
            \(NftablesTable(policy).body)}

            """
    }

    static func script(_ policy: FirewallPolicy) -> FirewallScript {
        let watched = "packets,underlay-*) echo \"watched $counter $name packets ${rest#bytes } bytes\" ;;\n        "
        return FirewallScript(
            "nftables", needing: [.init("nft", from: "nftables")],
            shared: "table='inet \(table(policy.interface))'",
            load: "nft -f \"$folder/\(file)\"",
            remove: """
                # To name the table makes it where it is not, so that there is one to delete.
                nft "table $table; delete table $table"
                """,
            check: "nft -c -f \"$folder/\(file)\"",
            report: """
                # In each line what was done, where, and how much. What is watched the guard would refuse, and lets through.
                counters=$(nft list counters table $table 2>/dev/null) || {
                    echo "$0: the rules are not loaded" >&2
                    exit 1
                }
                echo "$counters" | while read -r word name rest; do
                    case $word,${counter-} in
                    counter,*) counter=$name ;;
                    \(policy.guardMode == .log ? watched : "")packets,*) echo "refused $counter $name packets ${rest#bytes } bytes" ;;
                    esac
                done
                """)
    }
}
