import Addresses
import HostPlans
import MeshModel
import Rendering
import TestSupport
import Testing

/// Beside a real ufw, whose files are copies of the machine's.
@Suite struct UfwTests {
    /// A private `/etc/ufw`, where a user has said something already.
    private static let ufw = """
        mkdir "$TREE/ufw"
        cp -a /etc/ufw/. "$TREE/ufw"
        sed -e 's/^IPT_SYSCTL=.*/IPT_SYSCTL=/' /etc/default/ufw >"$TREE/default"
        mount --bind "$TREE/ufw" /etc/ufw
        mount --bind "$TREE/default" /etc/default/ufw
        fw="sh $TREE/etc/hauberk/wg0/firewall"
        ours() { saved nft | grep HAUBERK | sort; }
        sums() { (cd /etc/ufw && sha256sum *.rules && stat -c '%n %a %U' *); }
        last() { for v in '' 6; do same "$("ip${v}tables" -S INPUT | tail -n 1)" '-A INPUT -j HAUBERK-wg0-END' last; done; }
        first() { for v in '' 6; do same "$("ip${v}tables" -S INPUT | sed -n 2p)" '-A INPUT -j HAUBERK-wg0-IN' first; done; }

        """

    private func run(_ script: String, _ peer: String = "mysql-1", _ yaml: String = PolicyTexts.sixServers) throws {
        try withTemporaryFolder { folder in
            try FirewallShell.write(yaml, peer, .ufw, below: folder)
            try FirewallShell.expect(Self.ufw + script, in: folder)
        }
    }

    @Test func `the user's rules stay, through reload, disable and enable, and all of ours can be taken out`() throws {
        try run(
            """
            ufw allow 22/tcp >/dev/null
            ufw deny from 198.51.100.0/24 >/dev/null
            ufw --force enable >/dev/null
            files=$(sums)
            rules=$(saved nft | grep -e '^-A')
            status=$(ufw status verbose)
            $fw check
            same "$files" "$(sums)" 'check changed files'
            $fw load
            first
            last
            same "$status" "$(ufw status verbose)" 'status'
            same "$rules" "$(saved nft | grep -e '^-A' | grep -v HAUBERK)" 'the rules of ufw'
            once=$(saved nft)
            after=$(sums)
            $fw load
            same "$once" "$(saved nft)" 'again is a change'
            same "$after" "$(sums)" 'again is a change of files'
            ours=$(ours)
            ufw reload >/dev/null
            first
            last
            ours >"$TREE/reloaded"
            for line in 'INPUT -j HAUBERK-wg0-IN' 'ufw-before-input -j HAUBERK-wg0-IN' 'ufw6-before-output -j HAUBERK-wg0-OUT'; do
                [ "$(grep -c -x -F -e "-A $line" "$TREE/reloaded")" -ge 1 ] || fail "no $line"
            done
            same "$ours" "$(grep -v -e 'ufw6*-before' "$TREE/reloaded")" 'ours after reload'
            ufw allow 8080/tcp >/dev/null
            ufw --force delete allow 8080/tcp >/dev/null
            ufw --force disable >/dev/null
            first
            last
            ufw --force enable >/dev/null
            first
            last
            same "$(cat "$TREE/reloaded")" "$(ours)" 'ours after disable and enable'
            $fw load
            same "$(cat "$TREE/reloaded")" "$(ours)" 'a load after enable is a change'
            $fw remove
            [ -z "$(ours)" ] || fail 'left in the kernel'
            same "$files" "$(sums)" 'files after remove'
            ufw reload >/dev/null
            [ -z "$(ours)" ] || fail 'back after reload'
            same "$status" "$(ufw status verbose)" 'status at the end'
            """)
    }

    @Test func `ufw's files are as they were to the byte, also without a last line feed`() throws {
        try run(
            """
            printf '# the end, without a line feed' >>/etc/ufw/before.rules
            printf '\\n\\n' >>/etc/ufw/before6.rules
            chmod 600 /etc/ufw/before6.rules
            cp -a /etc/ufw "$TREE/before"
            $fw load
            cmp -s /etc/ufw/before.rules "$TREE/before/before.rules" && fail 'no block'
            [ "$(stat -c %a /etc/ufw/before6.rules)" = 600 ] || fail 'mode'
            sh -c "$fw load" && $fw remove
            diff -r /etc/ufw "$TREE/before"
            [ "$(stat -c %a /etc/ufw/before6.rules)" = 600 ] || fail 'mode'
            """)
    }

    @Test func `a file that somebody has changed by hand is refused, and nothing is loaded`() throws {
        try run(
            """
            for change in '/^# End required lines/d' '$a # BEGIN hauberk wg0' 's/^# End required lines/&\\n&/'; do
                cp -a /etc/ufw/before6.rules "$TREE/good"
                sed -i -e "$change" /etc/ufw/before6.rules
                cp -a /etc/ufw/before6.rules "$TREE/bad"
                fails $fw load
                says /etc/ufw/before6.rules
                cmp /etc/ufw/before6.rules "$TREE/bad"
                [ -z "$(ours)" ] || fail 'loaded all the same'
                cp -a "$TREE/good" /etc/ufw/before6.rules
            done
            """)
    }

    /// `ufw-init start` in a namespace without any rules is what a boot does.
    @Test func `at boot, and where ufw empties everything, ufw itself brings what judges the tunnel and members`()
        throws
    {
        try run(
            """
            ufw --force enable >/dev/null
            $fw load
            ufw --force disable >/dev/null
            sed -i -e 's/^ENABLED=.*/ENABLED=yes/' /etc/ufw/ufw.conf
            unshare -n sh -c '
                /lib/ufw/ufw-init start
                for v in "" 6; do
                    "ip${v}tables" -S "ufw$v-before-input" | sed -n 2p
                    "ip${v}tables" -S | grep -c HAUBERK-wg0-UMI
                    "ip${v}tables" -S INPUT | grep -c HAUBERK || :
                done
            ' >"$TREE/boot"
            same "$(grep -c -e '-before-input -j HAUBERK-wg0-IN' "$TREE/boot")" 2 'not called'
            [ "$(sed -n 2p "$TREE/boot")" -gt 10 ] || fail 'few rules'
            changed=$(sed -e 's/^MANAGE_BUILTINS=.*/MANAGE_BUILTINS=yes/' /etc/default/ufw)
            echo "$changed" >/etc/default/ufw
            ufw reload >/dev/null
            iptables -S ufw-before-input | grep -q -e '-j HAUBERK-wg0-IN' || fail 'not called'
            iptables -S INPUT | grep -q HAUBERK && fail 'built-in chains are ours to call'
            $fw load
            first
            last
            """)
    }

    @Test func `what strangers may is said where ufw lets in what it has no rule for`() throws {
        try run(
            """
            sed -e 's/^DEFAULT_INPUT_POLICY=.*/DEFAULT_INPUT_POLICY="ACCEPT"/' -e 's/^IPV6=.*/IPV6=no/' /etc/default/ufw >"$TREE/d"
            mount --bind "$TREE/d" /etc/default/ufw
            $fw load 2>"$TREE/err"
            says 'ufw default deny incoming'
            says 'IPV6=no'
            """)
    }
}
