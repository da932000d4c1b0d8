import Addresses
import HostPlans

/// A plugin of Debian's netfilter-persistent, which loads `/etc/iptables/rules.v4` with all that is not in it flushed:
/// ours comes after, whenever it starts.
enum PersistentPlugin {
    private static let folder = "usr/share/netfilter-persistent/plugins.d"

    /// Run after 15-ip4tables and 25-ip6tables and before 40-ipset, which destroys sets. run-parts(8) takes letters,
    /// digits, hyphens and underscores; other characters are written as an underscore and two digits.
    static func path(_ interface: InterfaceName) -> String {
        let name = interface.name.utf8.map { byte -> String in
            let isPlain =
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
                || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || byte == UInt8(ascii: "-")
            return isPlain ? String(UnicodeScalar(byte)) : "_" + String(byte, radix: 16)
        }
        return "\(folder)/30-hauberk-\(name.joined())"
    }

    static func artifact(for policy: FirewallPolicy) -> Artifact {
        var text = SecretText()
        text.append(body(policy))
        return Artifact(path: path(policy.interface), mode: 0o755, check: "sh -n {{file}}", pieces: [.text(text)])
    }

    private static func body(_ policy: FirewallPolicy) -> String {
        """
        #!/bin/sh
        # Hauberk: peer \(policy.peer) in mesh \(policy.mesh), interface \(policy.interface), for netfilter-persistent.
        # Rendered: what is changed here is lost with the next render.
        # What is ours is not kept in /etc/iptables, which is the host's own: it is loaded from /etc/hauberk after that,
        # and taken out of what has been saved, where it would only grow old (and, with a set that is gone, would keep
        # the host's own rules from loading).
        set -eu
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        script=/\(FirewallPaths.script(policy.interface))
        [ -x "$script" ] || exit 0

        # A saved file without what is ours, written beside it first.
        clean() {
            [ -f "$1" ] || return 0
            grep -q -F -e '\(IptablesText.prefix(policy.interface))' "$1" || return 0
            cp -p "$1" "$1.hauberk"
            awk -v mine='\(IptablesText.prefix(policy.interface))' '
                function ours(name) {
                    return index(name, mine) == 1 && index(substr(name, length(mine) + 1), "-") == 0
                }
                /^:/ && ours(substr($1, 2)) { next }
                /^-A/ && (ours($2) || ours($NF)) { next }
                { print }
            ' "$1" >"$1.hauberk"
            mv "$1.hauberk" "$1"
        }

        case ${1-} in
        start | restart | reload | force-reload) exec "$script" load ;;
        save)
            clean /etc/iptables/rules.v4
            clean /etc/iptables/rules.v6
            ;;
        flush) exec "$script" remove ;;
        stop) ;;
        *)
            echo "usage: $0 start|restart|reload|force-reload|save|flush|stop" >&2
            exit 64
            ;;
        esac

        """
    }
}
