import Addresses
package import HostPlans
package import MeshModel

/// firewalld (1.0 or later): a zone with the tunnel in it, policies around it and sets of addresses, as XML files of
/// our own below `etc/firewalld`, which firewalld itself loads at boot, before the network.
///
/// The user's zones, policies and rules stay as they are. Our policies come before the zones and refuse what is spoofed,
/// what leaks and what members exchange in plaintext; what strangers may begin is opened where the mesh file publishes
/// it, and beyond that the user's zones have their say.
///
/// firewalld lets established connections pass before anything else, judges published container ports by nothing at
/// all, and has no word for `until:`, for watching, or for an interface in a rule. So the table of
/// ``NftablesFirewall`` stands beside it and judges first; a packet passes when both let it. firewalld's part is never
/// stricter than the reference but for packets that connection tracking calls invalid, which it drops before all rules.
package struct FirewalldFirewall: FirewallBackend {
    package init() {}

    package var kind: FirewallKind { .firewalld }

    package var capabilities: Set<FirewallCapability> { NftablesFirewall().capabilities }

    package func artifacts(for policy: FirewallPolicy) -> [Artifact] {
        let script = FirewallPaths.script(policy.interface)
        let files = FirewalldTree(policy).files.map { file in
            var text = SecretText()
            text.append(file.text)
            return Artifact(path: "etc/firewalld/\(file.path)", mode: 0o644, check: nil, pieces: [.text(text)])
        }
        let beside = NftablesFirewall().artifacts(for: policy).filter { $0.path != script }
        let all = [FirewalldScript.script(policy).artifact(for: policy)] + files + beside
        return all.sorted { $0.path < $1.path }
    }
}

/// The words of the script.
enum FirewalldScript {
    static func script(_ policy: FirewallPolicy) -> FirewallScript {
        let table = NftablesScript.script(policy)
        return FirewallScript(
            "firewalld", needing: table.tools + [.init("firewall-offline-cmd", from: "firewalld")],
            shared: table.shared + "\n" + shared(FirewalldNames(policy.interface)),
            load: table.load + "\n" + load, remove: table.remove + "\n" + remove, check: table.check + "\n" + check,
            report: table.report + "\nif runs; then firewall-cmd --info-zone=\"$name\"; fi")
    }

    /// `$ours` is the folder of firewalld's files beside the script, in the same tree; on a host it is firewalld's own.
    private static func shared(_ names: FirewalldNames) -> String {
        """
        name=\(names.zone)
        ours=${folder%/*/*}/firewalld
        theirs=/etc/firewalld
        loaded=/run/hauberk-firewalld-$name

        files() {
            for file in "$1/zones/$name.xml" "$1/policies/$name"-?.xml "$1/ipsets/$name"-s*.xml; do
                if [ -e "$file" ]; then echo "$file"; fi
            done
        }

        runs() { firewall-cmd --quiet --state 2>/dev/null; }

        # A tree that is not the host's own, as of a laboratory: its files go where firewalld reads them.
        place() {
            if [ "$(cd "$ours" && pwd -P)" = "$(cd "$theirs" && pwd -P)" ]; then return; fi
            files "$theirs" | while read -r file; do rm "$file"; done
            files "$ours" | while read -r file; do
                part=${file#"$ours"/}
                mkdir -p "$theirs/${part%/*}"
                cp "$file" "$theirs/$part"
            done
        }

        # To load anew drops what the user has told firewalld without --permanent: only where something is new.
        reload() {
            runs || {
                echo "$0: firewalld does not run: its part holds from its next start on" >&2
                return 0
            }
            now=$(files "$theirs" | while read -r file; do cksum "$file"; done)
            if [ -e "$loaded" ] && [ "$now" = "$(cat "$loaded")" ]; then return; fi
            firewall-offline-cmd --check-config >/dev/null
            firewall-cmd --quiet --reload
            echo "$now" >"$loaded"
        }
        """
    }

    /// The table first: it refuses what is no longer allowed before firewalld is asked.
    private static let load = """
        if [ -d "$folder/removed" ]; then
            files "$folder/removed" | while read -r file; do
                part=${file#"$folder/removed/"}
                if [ -e "$theirs/$part" ]; then rm "$file"; else mv "$file" "$theirs/$part"; fi
            done
            rm -r "$folder/removed"
        fi
        place
        reload
        """

    /// The files wait beside the script for the next load.
    private static let remove = """
        files "$theirs" | while read -r file; do
            part=${file#"$theirs"/}
            mkdir -p "$folder/removed/${part%/*}"
            mv "$file" "$folder/removed/$part"
        done
        reload
        rm -f "$loaded"
        """

    /// Held against firewalld's own stock of services and types, beside nobody else's files.
    private static let check = """
        scratch=$(mktemp -d)
        trap 'rm -rf "$scratch"' EXIT
        mkdir "$scratch/zones" "$scratch/policies" "$scratch/ipsets"
        if [ -e "$theirs/firewalld.conf" ]; then cp "$theirs/firewalld.conf" "$scratch"; fi
        files "$ours" | while read -r file; do cp "$file" "$scratch/${file#"$ours"/}"; done
        firewall-offline-cmd --system-config "$scratch" --check-config >/dev/null
        """
}
