import Addresses
import HostPlans
import MeshModel

/// The words of the script, as firewalld's has them too.
enum NftablesScript {
    static func script(_ policy: FirewallPolicy) -> FirewallScript {
        let watched = "packets,underlay-*) echo \"watched $counter $name packets ${rest#bytes } bytes\" ;;\n        "
        let names = """
            table='inet \(NftablesFirewall.table(policy.interface))'
            rules=$folder/\(NftablesFirewall.file)
            """
        return FirewallScript(
            "nftables", needing: [.init("nft", from: "nftables")], shared: "\(names)\n\n\(loading)", load: "load_table",
            remove: """
                # To name the table makes it where it is not, so that there is one to delete.
                nft "table $table; delete table $table"
                """,
            check: "nft -c -f \"$rules\"",
            report: """
                # In each line what was done, where, and how much. What is watched the guard would refuse, and lets through.
                counters=$(nft list counters table $table 2>/dev/null) || counters=
                case $counters in
                *packets*) ;;
                *)
                    echo "$0: the rules are not loaded" >&2
                    exit 1
                    ;;
                esac
                echo "$counters" | while read -r word name rest; do
                    case $word,${counter-} in
                    counter,*) counter=$name ;;
                    \(policy.guardMode == .log ? watched : "")packets,*) echo "refused $counter $name packets ${rest#bytes } bytes" ;;
                    esac
                done
                """)
    }

    /// Two transactions, of which the second alone changes what is decided. It empties and fills the chains where they
    /// are, so that nothing depends on when the kernel hooks one and unhooks the other.
    ///
    /// A set that rules name cannot be changed (`flags constant`), so that one of the same digest is as the file has it.
    private static let loading = #"""
        # The kernel can judge by a new rule before it finds what is in a set that came with it. So sets come first, in a
        # transaction of their own, while what was loaded before decides; a digest of what is in them ends their names, so
        # that they are never those of former rules. The second transaction exchanges the rules, and deletes the rest.
        load_table() {
            sets=$(sed -n '/^    set /,/^    }$/p' "$rules")
            digest=$(printf '%s\n' "$sets" | sha256sum | cut -c -12)
            live=$(nft -t list table $table 2>/dev/null) || live=
            if bring_sets 2>/dev/null && exchange | nft -f - 2>/dev/null; then return; fi
            # Somebody else has been at the table, or the file is not good, and then nft says why.
            if nft -f "$rules"; then
                echo "$0: table $table was not as a load leaves it: replaced as a whole" >&2
                return
            fi
            take_back || :
            return 1
        }

        # The first transaction, unless the sets are there.
        bring_sets() {
            case $live in
            *"-$digest {"*) ;;
            *) printf 'table %s {\n%s\n}\n' "$table" "$sets" | sed "s/^    set [^ ]*/&-$digest/" | nft -f - ;;
            esac
        }

        # The second transaction. Counters begin again; chains stay where they are hooked.
        exchange() {
            echo "flush table $table"
            printf '%s\n' "$live" | sed -n 's/^[[:blank:]]\([a-z][^{]*\) {.*/\1/p' | grep -v -x -F -e "$(kept)" |
                sed "s,\(.*\) \([^ ]*\),delete \1 $table \2,"
            sed -e '1,/^delete table/d' -e '/^    set /,/^    }$/d' -e "s/@[a-z0-9-]*/&-$digest/" "$rules"
        }

        # The chains and sets of the file, a line each.
        kept() { sed -n -e 's/^    \(chain [^ ]*\) {$/\1/p' -e "s/^    \(set [^ ]*\) {$/\1-$digest/p" "$rules"; }

        # Without the sets again.
        take_back() {
            case $live in
            '') nft "delete table $table" ;;
            *"-$digest {"*) ;;
            *) kept | sed -n "s,^set,delete set $table,p" | nft -f - ;;
            esac 2>/dev/null
        }
        """#
}
