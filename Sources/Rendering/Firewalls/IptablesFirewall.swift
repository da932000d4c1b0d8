import Addresses
package import HostPlans
package import MeshModel

/// iptables and ip6tables, both of the kernel's kinds (nf_tables and legacy): chains of our own beside whatever the
/// host has, each family always.
///
/// Files: `rules.v4` and `rules.v6` for `iptables-restore --noflush`, `sets` for ipset where addresses are many, and a
/// plugin for Debian's netfilter-persistent, whose own `/etc/iptables/rules.v4` is the user's.
package struct IptablesFirewall: FirewallBackend {
    package init() {}

    package var kind: FirewallKind { .iptables }

    package var capabilities: Set<FirewallCapability> { Set(FirewallCapability.allCases) }

    package func artifacts(for policy: FirewallPolicy) -> [Artifact] {
        let rules = IPFamily.allCases.map { IptablesFile.rules(of: policy, $0, .alone) }
        let script = FirewallScript(
            "iptables", needing: IptablesScript.tools, shared: IptablesScript.shared(policy.interface),
            load: IptablesScript.loading + "\n" + IptablesScript.warning, remove: IptablesScript.removing,
            check: IptablesScript.checking,
            report: IptablesScript.reporting)
        var result = [
            script.artifact(for: policy), FirewallUnit.artifact(for: policy), PersistentPlugin.artifact(for: policy),
        ]
        for (family, text) in zip(IPFamily.allCases, rules) {
            result.append(IptablesFile.artifact("rules.v\(family.rawValue)", text, of: policy))
        }
        let sets = IptablesSet.all(of: policy, in: rules.joined())
        if !sets.isEmpty {
            let text = IptablesFile.head(policy, "For ipset -exist restore.")
            let sections = sets.map { $0.text(policy.interface) }.joined()
            result.append(IptablesFile.artifact("sets", text + sections, of: policy))
        }
        return result.sorted { $0.path < $1.path }
    }
}

/// The files of rules.
enum IptablesFile {
    static func artifact(_ name: String, _ text: String, of policy: FirewallPolicy) -> Artifact {
        var bytes = SecretText()
        bytes.append(text)
        return Artifact(
            path: "\(FirewallPaths.folder(policy.interface))/\(name)", mode: 0o644, check: nil, pieces: [.text(bytes)])
    }

    static func head(_ policy: FirewallPolicy, _ purpose: String) -> String {
        """
        # Hauberk: peer \(policy.peer) in mesh \(policy.mesh), interface \(policy.interface).
        # Rendered: what is changed here is lost with the next render.
        # \(purpose)

        """
    }

    /// All tables of a family, those without a rule left out.
    static func rules(of policy: FirewallPolicy, _ family: IPFamily, _ style: IptablesStyle) -> String {
        let program = family == .v4 ? "iptables" : "ip6tables"
        return IptablesTable.allCases.reduce(
            into: head(policy, "For \(program)-restore --noflush; the script beside it has it called.")
        ) { text, table in
            let chains = IptablesRules(policy: policy, family: family, style: style, table: table).chains()
            if chains.isEmpty { return }
            text += "\n*\(table.rawValue)\n\(lines(chains, policy.interface))COMMIT\n"
        }
    }

    /// Declarations, which empty what is there in the same step, and then the rules.
    static func lines(_ chains: [IptablesChain], _ interface: InterfaceName) -> String {
        let prefix = IptablesText.prefix(interface)
        let names = chains.map { ":\(prefix)\($0.name.rawValue) - [0:0]\n" }.joined()
        return chains.reduce(into: names) { text, chain in
            for rule in chain.rules { text += "-A \(prefix)\(chain.name.rawValue) \(rule)\n" }
        }
    }
}
