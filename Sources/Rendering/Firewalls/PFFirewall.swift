import Addresses
package import HostPlans
package import MeshModel

/// pf, the packet filter of macOS, FreeBSD and OpenBSD: an anchor of our own, `etc/pf.anchors/hauberk.<interface>`.
///
/// What it says is kept to the part of pf.conf(5) that the three have in common. Every rule is `quick`, so that the
/// first that matches decides, as the reference does. Replies ride on states, which pf looks up before all rules; so the
/// script ends the states of the tunnel when it has loaded new rules, and as `flags any` lets a connection go on in the
/// middle, only those that the rules no longer allow are cut. States elsewhere live until their connections end.
///
/// pf judges what a host forwards on its way in and on its way out, as if it were the host's own: so no gateways. It has
/// no clock (`until:`), and no word for letting through what it logs as refused. On macOS the tunnel is a `utun` of a
/// number that is known once it is up: the script looks it up, and has to run again then; before, mesh addresses are
/// refused on every interface.
///
/// No machine of ours runs pf: the rules are read by a strict reader of the grammar, and their verdicts compared with
/// the reference by an interpreter of that reader's, in the tests.
package struct PFFirewall: FirewallBackend {
    package init() {}

    package var kind: FirewallKind { .pf }

    package var capabilities: Set<FirewallCapability> {
        [.overlayEgress, .underlayIngress, .underlayEgress, .echoPolicy, .unloading]
    }

    package func artifacts(for policy: FirewallPolicy) -> [Artifact] {
        var text = SecretText()
        text.append(PFRules(policy).text)
        let anchor = Artifact(
            path: PFScript.path(policy.interface), mode: 0o644, check: nil, pieces: [.text(text)])
        return [PFScript.script(policy.interface).artifact(for: policy), anchor].sorted { $0.path < $1.path }
    }
}

/// The words of the script.
enum PFScript {
    static func path(_ interface: InterfaceName) -> String { "etc/pf.anchors/hauberk.\(interface)" }

    static func script(_ interface: InterfaceName) -> FirewallScript {
        FirewallScript(
            "pf", needing: [.init("pfctl", from: "pf, which comes with macOS and the BSDs")],
            shared: """
                anchor=hauberk.\(interface)
                rules=${folder%/*/*}/pf.anchors/$anchor
                # On macOS, wireguard-go names the tunnel itself and writes down what it has come to be.
                tunnel=$(cat /var/run/wireguard/\(interface).name 2>/dev/null || echo \(interface))
                """,
            load: """
                case $(pfctl -s rules 2>/dev/null) in
                *"anchor \\"$anchor\\""* | *'anchor "hauberk.*"'* | *'anchor "*"'*) ;;
                *)
                    echo "$0: pf does not ask our anchor: put the line \\`anchor \\"$anchor\\"\\` into /etc/pf.conf," \\
                        "before all rules with quick, and load it: pfctl -f /etc/pf.conf" >&2
                    exit 1
                    ;;
                esac
                pfctl -q -a "$anchor" -D "tunnel=$tunnel" -f "$rules"
                # What the new rules allow goes on at its next packet.
                pfctl -q -i "$tunnel" -F states 2>/dev/null || :
                """,
            remove: "pfctl -q -a \"$anchor\" -F rules 2>/dev/null\npfctl -q -a \"$anchor\" -F Tables 2>/dev/null || :",
            check: "pfctl -q -n -a \"$anchor\" -D \"tunnel=$tunnel\" -f \"$rules\"",
            report: "pfctl -a \"$anchor\" -v -s rules")
    }
}
