# What the kernel has of the firewall, and what it had when a transaction was confirmed: by the digests of the program.

# loaded_rules SCRIPT: the digest of the rules in the kernel, by the dialect of a script; nothing when there are none.
loaded_rules() {
    is_file "$1" || return 0
    case $(dialect "$1") in
    nftables.) tool nft -s -t list table inet "hauberk-$interface" | of_table ;;
    *)
        kind=${HAUBERK_IPTABLES:+-$HAUBERK_IPTABLES}
        {
            tool "iptables$kind-save"
            echo
            tool "ip6tables$kind-save"
        } | of_chains
        ;;
    esac | sort >"$W/rules"
    [ ! -s "$W/rules" ] || sha256sum <"$W/rules" | cut -d ' ' -f 1
}

# Each line with its block and its number in it: their order counts, and that of the blocks does not.
of_table() {
    awk '/^\t/ && !/^\t\t/ && $0 != "\t}" { block = $0; n = 0 } { print block ":" ++n ":" $0 }'
}

# The lines with a chain or a set of ours, each with its family, its table and its number, without counters.
of_chains() {
    awk -v mine="HAUBERK-$interface-" '
        function ours(i, name) {
            for (i = 1; i <= NF; i++) {
                name = $i
                sub(/^:/, "", name)
                if (index(name, mine) == 1 && !index(substr(name, length(mine) + 1), "-")) return 1
            }
            return 0
        }
        BEGIN { family = 4 }
        $0 == "" { family = 6 }
        /^[*]/ { table = $0; n = 0 }
        ours() { print family table ":" ++n ":" (/^:/ ? $1 : $0) }
    '
}

# rules_digest FOLDER: of the firewall of the tree that is there.
rules_digest() {
    (cd "$1" && while read -r path; do
        case $path in etc/hauberk/"$interface"/*) sha256sum "$path" ;; esac
    done <"$W/files") | sha256sum | cut -d ' ' -f 1
}

# What the transaction has loaded, for the next one. It may be lost with the power: then the rules are loaded once more.
keep_rules() {
    kept=$base/applied/$j_interface.rules
    if [ -e "$pending/rules" ]; then
        mkdir -p "$base/applied" && mv -f "$pending/rules" "$kept"
    elif [ ! -e "$root/etc/hauberk/$j_interface/firewall" ]; then
        rm -f "$kept"
    fi
}
