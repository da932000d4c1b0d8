import MeshModel
import TestSupport
import Testing

/// A load of nftables where others were before it, and loads that do not come to their end.
@Suite struct NftablesReloadTests {
    /// `a` and `b` are trees of two policies; `nft -f` of a whole file leaves what former versions left.
    private static let head = #"""
        cd "$TREE"
        t='inet hauberk-wg0'
        A=a/etc/hauberk/wg0 B=b/etc/hauberk/wg0
        # All that is loaded, whatever came first; `chains` without the sets that are not named.
        all() {
            nft -s list ruleset | awk -v RS= '{
                gsub(/\n/, "~")
                sub(/^table[^{]*[{]~/, "")
                sub(/~[}]$/, "")
                print
            }' | sort
        }
        chains() { all | grep 'chain ' || :; }
        members() { nft -t list table $t | sed -n 's/.*set \(members4-[^ ]*\) {/\1/p'; }
        input() { nft -a list chain $t input | sed -n 's/.*chain input.*handle//p'; }
        # Processes are killed at their turn'th transaction of a load.
        mkdir bin
        cat >bin/nft <<'END'
        #!/bin/sh
        if [ "$*" = '-f -' ]; then
            echo >>"$TURNS"
            if [ "$(wc -l <"$TURNS")" -eq "$TURN" ]; then kill -9 0; fi
        fi
        PATH=${PATH#*:}
        exec nft "$@"
        END
        chmod +x bin/nft
        export TURNS="$TREE/turns" TURN
        killed() {
            : >"$TURNS"
            TURN=$1
            if PATH="$TREE/bin:$PATH" setsid --wait "$2/firewall" load; then fail "lived: $*"; fi
            [ "$(wc -l <"$TURNS")" -eq "$1" ] || fail "killed too early: $*"
        }
        $A/firewall load; a=$(all); $A/firewall remove
        $B/firewall load; b=$(all); $B/firewall remove
        [ "$(echo "$a" | grep 'set ingress')" != "$(echo "$b" | grep 'set ingress')" ] || fail 'the same sets'
        same '' "$(all)" 'left by remove'

        """#

    private func expect(_ script: String) throws {
        try withTemporaryFolder { folder in
            let spare = PolicyTexts.everything
                .replacing("services:\n", with: "services:\n  spare: {ports: [7777/udp], expose: {all: private}}\n")
                .replacing("allow:\n", with: "allow:\n  - {from: db, to: all, service: spare}\n")
                .replacing("- {from: 192.168.50.0/24, to: app, service: http}", with: "")
            try FirewallShell.write(PolicyTexts.everything, "gate", .nftables, below: "\(folder)/a")
            try FirewallShell.write(spare, "gate", .nftables, below: "\(folder)/b")
            try FirewallShell.expect(Self.head + script, in: folder)
        }
    }

    @Test func `whatever was loaded before, a load ends as the first one, and its chains stay hooked`() throws {
        try expect(
            #"""
            for before in "$A/firewall load" "$B/firewall load" "nft -f $A/rules.nft" "nft -f $B/rules.nft"; do
                $before
                state=$(all)
                $A/firewall check
                $B/firewall check
                same "$state" "$(all)" "check after $before"
                hook=$(input)
                $A/firewall load 2>said
                same '' "$(cat said)" "$before"
                same "$a" "$(all)" "$before"
                same "$hook" "$(input)" "hooked anew: $before"
            done
            $A/firewall report | grep -v ' 0 packets 0 bytes$' && fail 'counters go on'
            # What rules name cannot be changed behind the file's back.
            fails nft add element $t "$(members)" '{ 198.51.100.1 }'
            says busy
            fails nft flush set $t "$(members)"
            says busy
            # A file that somebody has edited is loaded as it is.
            sed -i 's/10.132.0.2,/10.132.0.22,/' $A/rules.nft
            $A/firewall load
            nft list set $t "$(members)" | grep -q '10.132.0.22,' || fail 'not as the file has it'
            """#)
    }

    @Test func `a load that is killed changes no verdict, and the next one leaves nothing of it`() throws {
        try expect(
            #"""
            for before in true "$A/firewall load" "$B/firewall load" "nft -f $A/rules.nft" "nft -f $B/rules.nft"; do
                for turn in 1 2; do
                    $before
                    state=$(chains)
                    case $turn,$before in
                    # Its sets are there.
                    2,"$B/firewall load") continue ;;
                    esac
                    killed $turn $B
                    same "$state" "$(chains)" "killed at $turn after $before"
                    [ "$before" != true ] || fails $B/firewall report
                    $A/firewall load
                    same "$a" "$(all)" "killed at $turn after $before, another load"
                    $before
                    killed $turn $B
                    $B/firewall load
                    same "$b" "$(all)" "killed at $turn after $before, again"
                    $B/firewall remove
                    same '' "$(all)" "killed at $turn after $before, removed"
                done
            done
            """#)
    }

    @Test func `a file that does not load leaves all as it was, without its sets`() throws {
        try expect(
            #"""
            cp -r b broken
            sed -i 's/^    chain input {/&\n        jump nowhere/' broken/etc/hauberk/wg0/rules.nft
            for before in true "$A/firewall load" "$B/firewall load" "nft -f $A/rules.nft"; do
                $before
                state=$(nft list ruleset)
                fails broken/etc/hauberk/wg0/firewall check
                fails broken/etc/hauberk/wg0/firewall load
                says 'rules.nft:'
                same "$state" "$(nft list ruleset)" "broken after $before"
                $A/firewall remove
            done
            """#)
    }

    @Test func `what somebody else has put into the table goes, be it in the way`() throws {
        try expect(
            #"""
            $A/firewall load
            nft -f - <<'END'
            table inet hauberk-wg0 {
                quota much { over 25 mbytes; }
                counter more { }
                map ways { type ipv4_addr : verdict; elements = { 192.0.2.1 : jump other }; }
                chain other { counter name "more"; }
                chain hooked { type filter hook input priority 0; policy accept; ip saddr vmap @ways; }
            }
            END
            $A/firewall load 2>said
            same '' "$(cat said)" 'replaced as a whole'
            same "$a" "$(all)" 'something is left'
            nft "flush table $t; delete chain $t forward; add chain $t forward { type filter hook forward priority 7; }"
            $A/firewall load 2>said
            grep -q 'replaced as a whole' said || fail 'says nothing'
            nft list chain $t forward | grep -q 'priority filter - 5; policy accept' || fail 'hooked as before'
            $A/firewall load
            same "$a" "$(all)" 'a load after that'
            """#)
    }
}
