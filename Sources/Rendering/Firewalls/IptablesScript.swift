import Addresses
import HostPlans

/// The shell parts that iptables and ufw have in common: what is ours, what it takes to be called first, and which of
/// the kernel's two iptables is meant.
enum IptablesScript {
    static let tools = [
        FirewallScript.Tool("iptables-restore", from: "iptables"), FirewallScript.Tool("awk", from: "mawk"),
    ]

    static let loading = """
        refuse_mixture
        load_sets
        for family in $families; do
            "$(tables "$family")-restore" -w 5 --test --noflush <"$folder/rules.v$family"
        done
        for family in $families; do change "$family" "$folder/rules.v$family"; done
        drop_sets
        """

    /// firewall-cmd --reload clears all that is in iptables, whosever it is (firewalld.conf(5), FlushAllOnReload).
    static let warning = """
        if [ -z "${HAUBERK_CHECK-}" ] && pidof -x firewalld >/dev/null 2>&1; then
            echo "$0: firewalld runs here, and its reload takes these rules away until they are loaded again:" >&2
            echo "  give the peer another dialect in mesh.yaml, firewall: nftables or firewall: firewalld" >&2
        fi
        """

    static let removing = """
        for suffix in -nft -legacy; do
            for family in $families; do
                if holds "$suffix" "$family"; then change "$family" /dev/null; fi
            done
        done
        drop_sets all
        """

    /// A real load in a namespace of its own: `--test` finds neither a jump to a chain that there is not nor a loop.
    static let checking = """
        # root needs no user namespace, which not every host has.
        if unshare -n true 2>/dev/null; then apart='unshare -n'; else apart='unshare -rn'; fi
        if $apart true 2>/dev/null; then
            lock=$(mktemp)
            code=0
            HAUBERK_CHECK=yes XTABLES_LOCKFILE=$lock $apart sh "$0" load || code=$?
            rm -f "$lock"
            return "$code"
        fi
        if [ -e "$folder/sets" ]; then
            echo "$0: not checked: the rules name sets, and there is no namespace to load them in" >&2
            return 1
        fi
        for family in $families; do
            "$(tables "$family")-restore" -w 5 --test --noflush <"$folder/rules.v$family"
        done
        """

    static let reporting = """
        for family in $families; do "$(tables "$family")-save" -c; done | counts || {
            echo "$0: nothing of $interface is loaded" >&2
            exit 1
        }
        """

    /// `last` names chains that are to be called after all others, as `table:BUILTIN:NAME`.
    static func shared(_ interface: InterfaceName, last: [String] = []) -> String {
        let hooks = IptablesTable.allCases.flatMap { table in
            table.hooks.map { "\(table.rawValue):\($0.builtin):\($0.chain.rawValue)" }
        }
        let names = """
            interface=\(interface)
            # Begins the names of our chains and sets; no hyphen follows.
            mine=\(IptablesText.prefix(interface))
            # Where our chains are called: before all others, and after all.
            first='\(hooks.joined(separator: " "))'
            last='\(last.joined(separator: " "))'
            """
        return [names, variants, changes, sets, counts].joined(separator: "\n\n") + "\n"
    }

    /// The kernel has two, and a packet must pass both.
    private static let variants = """
        # The host's own iptables; HAUBERK_IPTABLES says which of the kernel's two where there are both.
        case ${HAUBERK_IPTABLES-} in
        '') suffix= ;;
        nft | legacy) suffix=-$HAUBERK_IPTABLES ;;
        *)
            echo "$0: HAUBERK_IPTABLES is nft or legacy, and not $HAUBERK_IPTABLES" >&2
            exit 64
            ;;
        esac

        # A kernel without IPv6 has nothing to guard there.
        if [ -e /proc/sys/net/ipv6 ]; then families='4 6'; else families=4; fi

        # The program of a family.
        tables() {
            if [ "$1" = 6 ]; then echo "ip6tables$suffix"; else echo "iptables$suffix"; fi
        }

        # Whether one of the two has chains of ours. To ask the older one is to load it, so the kernel is asked first.
        holds() {
            if [ "$2" = 6 ]; then v=6; else v=; fi
            if [ "$1" = -legacy ] && ! grep -q -s . "/proc/net/ip${v}_tables_names"; then return 1; fi
            command -v "ip${v}tables$1-save" >/dev/null || return 1
            "ip${v}tables$1-save" 2>/dev/null | awk -v mine="$mine" '
                index($1, ":" mine) == 1 && index(substr($1, length(mine) + 2), "-") == 0 { found = 1 }
                END { exit !found }
            '
        }

        # Rules in one of the two do nothing against those in the other.
        refuse_mixture() {
            case $("$(tables 4)" -V) in
            *nf_tables*) other=-legacy ;;
            *) other=-nft ;;
            esac
            for family in $families; do
                if holds "$other" "$family"; then
                    echo "$0: iptables$other has rules of $interface already: first $0 remove" >&2
                    return 1
                fi
            done
        }
        """

    private static let changes = #"""
        # Loads a file of rules, makes the kernel call what is in it, and takes away what is no longer in it: each table
        # in one step, the calls last. Where several meshes share a host, their chains come in the order of their names.
        change() {
            program=$(tables "$1")
            changes=$("$program-save" | LC_ALL=C awk -v mine="$mine" -v first="$first" -v last="$last" '
                function ours(name) {
                    return index(name, mine) == 1 && index(substr(name, length(mine) + 1), "-") == 0
                }
                # Whether a rule calls a chain of another mesh that comes before ours.
                function earlier(rule, target) {
                    if (split(rule, word, " ") != 4 || target !~ /^HAUBERK-.*-[A-Z]+$/) return 0
                    sub(/-[A-Z]+$/, "-", target)
                    return target < mine
                }
                /^[*]/ { table = substr($1, 2); next }
                !saved {
                    if (/^:/) wanted[table, substr($1, 2)] = 1
                    next
                }
                /^:/ {
                    name = substr($1, 2)
                    if (!ours(name) || (table, name) in wanted) next
                    emptied[table] = emptied[table] "-F " name "\n"
                    deleted[table] = deleted[table] "-X " name "\n"
                }
                /^-A/ && !ours($2) {
                    place = table SUBSEP $2
                    if (!ours($NF)) {
                        if (!late[place] && earlier($0, $4)) lead[place]++
                        else late[place] = 1
                        if ($NF !~ /^HAUBERK-.*-END$/) others[place] = NR
                    } else if (!((table, $NF) in wanted)) {
                        cut[table] = cut[table] "-D" substr($0, 3) "\n"
                    } else if (NF == 4) {
                        copies[place, $NF]++
                        where[place, $NF] = NR
                        isLate[place, $NF] = late[place]
                        before[place, $NF] = lead[place]
                    }
                }
                function hook(text, isLast,    part, place, chain, count, good) {
                    split(text, part, ":")
                    place = part[1] SUBSEP part[2]
                    chain = mine part[3]
                    if (part[1] != table || !((table, chain) in wanted)) return ""
                    count = copies[place, chain] + 0
                    if (isLast) good = where[place, chain] > others[place] + 0
                    else good = !isLate[place, chain] && before[place, chain] == lead[place]
                    if (count == 1 && good) return ""
                    text = ""
                    while (count-- > 0) text = text "-D " part[2] " -j " chain "\n"
                    if (isLast) return text "-A " part[2] " -j " chain "\n"
                    return text "-I " part[2] " " (lead[place] + 1) " -j " chain "\n"
                }
                END {
                    hooks = split(first, early, " ")
                    ends = split(last, late_, " ")
                    count = split("filter mangle nat", tables, " ")
                    for (i = 1; i <= count; i++) {
                        table = tables[i]
                        text = cut[table]
                        for (k = 1; k <= hooks; k++) text = text hook(early[k], 0)
                        for (k = 1; k <= ends; k++) text = text hook(late_[k], 1)
                        text = text emptied[table] deleted[table]
                        if (text != "") printf "*%s\n%sCOMMIT\n", table, text
                    }
                }
            ' saved=0 "$2" saved=1 -)
            printf '%s\n' "$changes" | cat "$2" - | "$program-restore" -w 5 --noflush
        }
        """#

    private static let sets = """
        # Sets are named by what is in them, and so come with the rules that name them.
        load_sets() {
            [ -e "$folder/sets" ] || return 0
            need ipset ipset
            for set in "${mine}NEW4" "${mine}NEW6"; do ipset destroy "$set" 2>/dev/null || :; done
            ipset -exist restore <"$folder/sets"
        }

        # Those of ours that the rules no longer name, or all.
        drop_sets() {
            command -v ipset >/dev/null || return 0
            for set in $(ipset list -n 2>/dev/null || :); do
                case ${set#"$mine"} in
                "$set" | *-*) continue ;;
                esac
                if [ "${1-}" != all ] && grep -q -s -F -e "create $set " "$folder/sets"; then continue; fi
                drop_set "$set"
            done
        }

        # The kernel lets go of rules that named a set a moment after they are gone.
        drop_set() {
            turn=0
            until ipset destroy "$1" 2>/dev/null; do
                turn=$((turn + 1))
                if [ "$turn" -gt 20 ]; then
                    echo "$0: the set $1 stays until the next load: something names it still" >&2
                    return
                fi
                sleep 0.1
            done
        }
        """

    /// The last rule of a fate's chain counts; the one before it only logs.
    private static let counts = #"""
        # What became of packets, a line for each fate, from iptables-save -c; fails when there is nothing of ours.
        counts() {
            awk -v mine="$mine" '
                BEGIN {
                    fates = split("FAKE DROP DENY LEAK SEEN", name, " ")
                    split("refused spoofed,refused underlay,refused tunnel,refused leaking,watched underlay", words, ",")
                }
                $2 == "-A" && index($3, mine) == 1 {
                    found = 1
                    fate = substr($3, length(mine) + 1)
                    if (/ -j LOG /) next
                    split(substr($1, 2, length($1) - 2), number, ":")
                    packets[fate] += number[1]
                    bytes[fate] += number[2]
                }
                END {
                    for (i = 1; i <= fates; i++) {
                        if (!(name[i] in packets)) continue
                        printf "%s %.0f packets %.0f bytes\n", words[i], packets[name[i]], bytes[name[i]]
                    }
                    exit !found
                }
            '
        }
        """#
}
