import Addresses
package import HostPlans
package import MeshModel

/// csf, the ConfigServer Firewall (version 14 or later), which is a front of iptables: our own chains, as
/// ``IptablesFirewall`` writes them, stand before csf's.
///
/// `csf -r` empties every chain, ours too, with a policy of DROP until it is done; at its end it runs `csfpost.sh`, where
/// a marked block loads ours again. `etc/csf/hauberk-<interface>.allow`, which a marked block in `csf.allow` includes,
/// keeps WireGuard and the rescue path open also without our chains. The user's `csf.conf`, lists and hooks stay as they
/// are around the blocks.
///
/// What our chains judge csf does not see: its `TCP_IN`, its lists and the blocks of lfd hold for what the mesh leaves
/// to the host, which with a guard that refuses is nothing. No machine of ours has csf: the tests play its part, by its
/// readme.
package struct CSFFirewall: FirewallBackend {
    package init() {}

    package var kind: FirewallKind { .csf }

    package var capabilities: Set<FirewallCapability> { IptablesFirewall().capabilities }

    package func artifacts(for policy: FirewallPolicy) -> [Artifact] {
        let replaced = [FirewallPaths.script(policy.interface), PersistentPlugin.artifact(for: policy).path]
        let beside = IptablesFirewall().artifacts(for: policy).filter { !replaced.contains($0.path) }
        var text = SecretText()
        text.append(CSFAllowList.text(policy))
        let list = Artifact(
            path: "etc/csf/hauberk-\(policy.interface).allow", mode: 0o600, check: nil, pieces: [.text(text)])
        return (beside + [list, CSFScript.script(policy).artifact(for: policy)]).sorted { $0.path < $1.path }
    }
}

/// csf's list of what is allowed, in its advanced form: `protocol|direction|d=ports|address` (readme.txt, section 8).
///
/// It holds what has a known address; a service that anybody may reach is opened by our chains alone.
private enum CSFAllowList {
    static func text(_ policy: FirewallPolicy) -> String {
        var lines: [String] = []
        if case .only(let known) = policy.wireGuardSources {
            lines += entries(
                "in", policy.tunnelPorts.map { ServicePorts(.udp, PortRange($0)) }, "s", known.union(policy.members))
        }
        if let members = policy.members {
            lines += entries("out", policy.tunnelPorts.map { ServicePorts(.udp, PortRange($0)) }, "d", members)
        }
        for allowance in policy.underlayIngress {
            if case .only(let set) = allowance.remote { lines += entries("in", allowance.ports, "s", set) }
        }
        for allowance in policy.underlayEgress {
            if case .only(let set) = allowance.remote { lines += entries("out", allowance.ports, "d", set) }
        }
        return """
            # Hauberk: peer \(policy.peer) in mesh \(policy.mesh), interface \(policy.interface).
            # Rendered: what is changed here is lost with the next render. csf.allow includes this file.
            \(lines.map { $0 + "\n" }.joined())
            """
    }

    private static func entries(
        _ direction: String, _ ports: [ServicePorts], _ side: String, _ addresses: PrefixSet
    ) -> [String] {
        ports.flatMap { ports in
            let range = ports.range.description.replacing("-", with: "_")
            return addresses.prefixes.map { "\(ports.transport.rawValue)|\(direction)|d=\(range)|\(side)=\($0.bare)" }
        }
    }
}

/// The words of the script.
private enum CSFScript {
    static func script(_ policy: FirewallPolicy) -> FirewallScript {
        FirewallScript(
            "csf", needing: IptablesScript.tools, shared: IptablesScript.shared(policy.interface) + "\n" + shared,
            load: IptablesScript.loading + "\n" + load, remove: remove + "\n" + IptablesScript.removing,
            check: IptablesScript.checking, report: IptablesScript.reporting)
    }

    /// `HAUBERK_CSF` stands for csf's folder, in tests.
    private static let shared = """
        csf=${HAUBERK_CSF:-/etc/csf}
        list=${folder%/*/*}/csf/hauberk-$interface.allow
        # csf runs the first of the two that there is.
        post=/usr/local/csf/bin/csfpost.sh
        if [ -n "${HAUBERK_CSF-}" ] || [ ! -e "$post" ]; then post=$csf/csfpost.sh; fi

        # A file without our block.
        around() {
            [ -e "$1" ] || return 0
            awk -v first="# BEGIN hauberk $interface" -v last="# END hauberk $interface" '
                $0 == first { inside = 1 }
                !inside
                $0 == last { inside = 0 }
            ' "$1"
        }

        # Gives a file new contents; not where it has them, for csf may be reading it.
        become() {
            cmp -s "$2" "$1" || cat "$2" >"$1"
            rm "$2"
        }

        # A file with our block at its end, which has the one line.
        put() {
            fresh=$(mktemp)
            around "$1" >"$fresh"
            printf '%s\\n' "# BEGIN hauberk $interface" "$2" "# END hauberk $interface" >>"$fresh"
            become "$1" "$fresh"
        }

        take() {
            [ -e "$1" ] || return 0
            fresh=$(mktemp)
            around "$1" >"$fresh"
            become "$1" "$fresh"
        }
        """

    private static let load = """
        # A check loads into a namespace of its own, and changes no files.
        if [ -n "${HAUBERK_CHECK-}" ]; then return; fi
        if [ ! -d "$csf" ]; then
            echo "$0: there is no $csf: the rules are loaded, and nobody loads them again when csf does its own" >&2
            exit 1
        fi
        if [ ! -e "$post" ]; then
            echo '#!/bin/sh' >"$post"
            chmod 700 "$post"
        fi
        put "$post" "'$folder/firewall' load"
        put "$csf/csf.allow" "Include $list"
        """

    private static let remove = """
        take "$post"
        # Load makes it where there is none.
        if [ -e "$post" ] && [ "$(cat "$post")" = '#!/bin/sh' ]; then rm "$post"; fi
        take "$csf/csf.allow"
        """
}
