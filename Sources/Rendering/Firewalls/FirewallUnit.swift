package import Addresses
package import HostPlans

/// The systemd unit that loads a host's rules at boot, for the back ends whose rules no daemon loads by itself.
package enum FirewallUnit {
    /// The unit's name; what systemd does not allow in names of units is escaped as by systemd-escape(1).
    package static func name(_ interface: InterfaceName) -> String {
        let escaped = interface.name.map { character in
            switch character {
            case "=": return "\\x3d"
            case "+": return "\\x2b"
            default: return String(character)
            }
        }
        return "hauberk-firewall-\(escaped.joined()).service"
    }

    /// Relative to the host's `/`.
    package static func path(_ interface: InterfaceName) -> String { "etc/systemd/system/\(name(interface))" }

    /// The file for a policy's host.
    package static func artifact(for policy: FirewallPolicy) -> Artifact {
        var text = SecretText()
        text.append(body(policy))
        return Artifact(path: path(policy.interface), mode: 0o644, check: nil, pieces: [.text(text)])
    }

    /// Others that load rules, and with them take away ours: Debian's nftables.conf begins with `flush ruleset`,
    /// iptables-restore without `--noflush` empties every chain, and firewalld clears what iptables holds. Ours is
    /// loaded after them, and again whenever they are.
    private static let others = "nftables.service netfilter-persistent.service firewalld.service"

    private static func body(_ policy: FirewallPolicy) -> String {
        """
        # Rendered by Hauberk: what is changed here is lost with the next render.
        [Unit]
        Description=Hauberk: firewall of mesh \(policy.mesh) on \(policy.interface)
        DefaultDependencies=no
        Wants=network-pre.target
        Before=network-pre.target
        After=local-fs.target systemd-modules-load.service ufw.service \(others)
        PartOf=\(others)
        ReloadPropagatedFrom=\(others)
        ConditionFileIsExecutable=/\(FirewallPaths.script(policy.interface))

        [Service]
        Type=oneshot
        RemainAfterExit=yes
        # Without ExecStop: to stop the unit must not open the host.
        ExecStart=/\(FirewallPaths.script(policy.interface)) load
        ExecReload=/\(FirewallPaths.script(policy.interface)) load

        [Install]
        WantedBy=sysinit.target \(others)

        """
    }
}
