import Addresses
package import HostPlans
package import MeshModel

/// ufw: its own rules stay as they are and go on meaning what they meant for strangers; the mesh is judged before them.
///
/// The kernel calls our chains before and after ufw's, and not out of them: `ufw reload` empties its own, with a policy
/// of ACCEPT until it is done, and ours stay. For a boot, and for `MANAGE_BUILTINS=yes`, a block in `before.rules` and
/// `before6.rules` brings the chains of the filter table with ufw itself, called from ufw's. What is judged:
/// - the tunnel, and mesh addresses outside of it: by us alone
/// - members on the underlay: by us alone, both ways, so that no `ufw allow` lets their plaintext in
/// - what strangers begin: what is published, rescue and exceptions are accepted by us; all else is for ufw's rules and
///   its default, which is to deny (`load` says so where it is not). Where ufw has no answer, because it reloads or is
///   disabled, it is refused, as long as the guard refuses
/// - containers' published ports, which pass ufw by, by us alone
package struct UfwFirewall: FirewallBackend {
    package init() {}

    package var kind: FirewallKind { .ufw }

    package var capabilities: Set<FirewallCapability> { Set(FirewallCapability.allCases) }

    package func artifacts(for policy: FirewallPolicy) -> [Artifact] {
        let ends = policy.guardMode == .reject ? ["\(IptablesTable.filter.rawValue):INPUT:END"] : []
        let script = FirewallScript(
            "ufw", needing: IptablesScript.tools + [FirewallScript.Tool("ufw", from: "ufw")],
            shared: IptablesScript.shared(policy.interface, last: ends) + "\n" + UfwScript.shared,
            load: UfwScript.loading(policy.guardMode), remove: UfwScript.removing, check: IptablesScript.checking,
            report: IptablesScript.reporting)
        let files = IPFamily.allCases.flatMap { family in
            [
                IptablesFile.artifact(
                    "rules.v\(family.rawValue)", IptablesFile.rules(of: policy, family, .besideUfw), of: policy),
                IptablesFile.artifact("ufw.v\(family.rawValue)", block(policy, family), of: policy),
            ]
        }
        return ([script.artifact(for: policy), FirewallUnit.artifact(for: policy)] + files).sorted { $0.path < $1.path }
    }

    /// The lines for ufw's own file.
    private func block(_ policy: FirewallPolicy, _ family: IPFamily) -> String {
        let rules = IptablesRules(policy: policy, family: family, style: .besideUfw, table: .filter)
        let chains = rules.chains()
        let jumps = calls(rules, chains).map { "-A \($0)\n" }.joined()
        return """
            # BEGIN hauberk \(policy.interface)
            # Peer \(policy.peer) in mesh \(policy.mesh). /\(FirewallPaths.script(policy.interface)) puts these lines \
            here and takes them out again.
            \(IptablesFile.lines(chains, policy.interface))\(jumps)\(end(rules, chains))\
            # END hauberk \(policy.interface)

            """
    }

    /// From ufw's chains. Where the underlay is only watched, only what cannot come back from our chains: a packet is to
    /// be counted once.
    private func calls(_ rules: IptablesRules, _ chains: [IptablesChain]) -> [String] {
        let ufw = rules.family == .v4 ? "ufw" : "ufw6"
        let hooks = IptablesTable.filter.hooks.filter { hook in chains.contains { $0.name == hook.chain } }
        return hooks.flatMap { hook -> [String] in
            let from = "\(ufw)-before-\(hook.builtin.lowercased())"
            let jump = "-j \(rules.prefix)\(hook.chain.rawValue)"
            if rules.policy.guardMode == .reject || hook.chain == .forward { return ["\(from) \(jump)"] }
            let side = hook.chain == .input ? "-i" : "-o"
            let addresses = rules.meshPrefixes.flatMap { ["-s \($0)", "-d \($0)"] }
            return (["\(side) \(rules.tunnel)"] + addresses).map { "\(from) \($0) \(jump)" }
        }
    }

    /// ufw adds the calls of its chains to INPUT when it starts for the first time. The one that is to be the last is
    /// added behind them and then deleted, which takes the first of two: none stays none, and one is the last again.
    private func end(_ rules: IptablesRules, _ chains: [IptablesChain]) -> String {
        guard chains.contains(where: { $0.name == .end }) else { return "" }
        let jump = "INPUT -j \(rules.prefix)\(IptablesChainName.end.rawValue)\n"
        return "-A \(jump)-D \(jump)"
    }
}

/// The shell parts that ufw takes beyond those of iptables.
enum UfwScript {
    static func loading(_ guardMode: GuardMode) -> String {
        guardMode == .reject ? loading + strangers : loading
    }

    /// `ufw default allow` is the user's word, but the mesh file has another.
    private static let strangers = """

        if grep -q -s -E '^DEFAULT_INPUT_POLICY="?ACCEPT"?' /etc/default/ufw; then
            echo "$0: ufw lets in what it has no rule for: ufw default deny incoming" >&2
        fi
        """

    private static let loading = """
        for family in $families; do rewrite "$family" "$folder/ufw.v$family" test; done

        """ + IptablesScript.loading + """

            for family in $families; do rewrite "$family" "$folder/ufw.v$family"; done
            if grep -q -s -i -E '^IPV6="?no"?' /etc/default/ufw && [ "$families" != 4 ]; then
                echo "$0: IPV6=no in /etc/default/ufw: whenever ufw starts it closes IPv6, also in the tunnel" >&2
            fi
            """

    static let removing = """
        for family in $families; do rewrite "$family"; done

        """ + IptablesScript.removing

    static let shared = #"""
        # The number of a line of a file; nothing if there is none.
        line() {
            grep -n -x -F -e "$1" "$2" | cut -d: -f1
        }

        # Puts our block into ufw's file for a family, or takes it out where no block is given: beside it first, then in
        # one step. A third word only looks whether that can be.
        rewrite() {
            if [ -n "${HAUBERK_CHECK-}" ]; then return 0; fi
            if [ "$1" = 6 ]; then file=/etc/ufw/before6.rules; else file=/etc/ufw/before.rules; fi
            if [ ! -e "$file" ] && [ $# = 1 ]; then return 0; fi
            begin=$(line "# BEGIN hauberk $interface" "$file")
            end=$(line "# END hauberk $interface" "$file")
            case $begin,$end in
            ,)
                [ $# != 1 ] || return 0
                head=$(line '# End required lines' "$file")
                case $head in
                '' | *[!0-9]*)
                    echo "$0: $file: it takes one line '# End required lines' behind the chains of *filter" >&2
                    return 1
                    ;;
                esac
                rest=$((head + 1))
                ;;
            ,* | *, | *[!0-9,]*)
                echo "$0: $file: not one pair of '# BEGIN hauberk $interface' and '# END': take them out by hand" >&2
                return 1
                ;;
            *)
                head=$((begin - 1))
                rest=$((end + 1))
                ;;
            esac
            if [ $# = 3 ]; then return 0; fi
            new=$file.hauberk.$$
            cp -p "$file" "$new"
            {
                head -n "$head" "$file"
                if [ $# = 2 ]; then cat "$2"; fi
                tail -n "+$rest" "$file"
            } >"$new"
            if cmp -s "$new" "$file"; then
                rm "$new"
            else
                sync "$new" 2>/dev/null || :
                mv "$new" "$file"
            fi
        }
        """#
}
