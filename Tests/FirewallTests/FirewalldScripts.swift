/// What the tests of firewalld run in the bench's namespace; `$TREE` is a rendered tree, `daemon` starts firewalld.
enum FirewalldScripts {
    private static let common = """
        fail() { echo "FAILED: $*"; exit 1; }
        ours() { sh "$TREE/etc/hauberk/wg0/firewall" "$1"; }
        # All files of firewalld's folder, or those of the user alone.
        all() { (cd /etc/firewalld && find . -type f | LC_ALL=C sort | xargs sha256sum); }
        theirs() { all | grep -v /hauberk-; }
        state() {
            for zone in shop public trusted; do firewall-cmd --zone=$zone --list-all; done
            firewall-cmd --info-policy=shop-out
            firewall-cmd --info-ipset=shop-set
        }
        loaded() {
            [ "$(firewall-cmd --get-zone-of-interface=wg0)" = hauberk-wg0 ] || fail "$1: the tunnel has no zone of ours"
            for role in i k o u x y z; do
                firewall-cmd --get-policies | grep -q -w hauberk-wg0-$role || fail "$1: there is no policy $role"
            done
            nft list table inet firewalld | grep -q hauberk-wg0-s1 || fail "$1: the sets are not loaded"
            nft list table inet hauberk-wg0 >/dev/null || fail "$1: the table is not loaded"
            theirs | diff /run/theirs - || fail "$1: the user's files are others"
            state | diff /run/state - || fail "$1: the user's zones are others"
        }
        gone() {
            all | diff /run/all - || fail "$1: files are left, or changed"
            firewall-cmd --get-zones --get-policies | grep hauberk && fail "$1: something of ours is loaded"
            nft list tables | grep hauberk && fail "$1: the table is left"
            state | diff /run/state - || fail "$1: the user's zones are others"
        }
        user() {
            daemon
            change() { firewall-cmd --quiet --permanent "$@"; }
            change --new-zone=shop
            change --zone=shop --add-source=198.51.100.0/24
            change --zone=shop --add-service=http
            change --zone=shop --add-rich-rule='rule family=ipv4 source address=192.0.2.7 port port=8080 protocol=tcp accept'
            change --new-policy=shop-out
            change --policy=shop-out --add-ingress-zone=HOST
            change --policy=shop-out --add-egress-zone=shop
            change --new-ipset=shop-set --type=hash:net
            change --ipset=shop-set --add-entry=192.0.2.0/24
            firewall-cmd --quiet --reload
            all >/run/all
            theirs >/run/theirs
            state >/run/state
        }
        restart() {
            kill "$(cat /run/fw.pid)"
            \(FirewalldDaemon.gone)
            kill "$(cat /run/dbus.pid)"
            rm -r /run/dbus
            daemon
        }

        """

    static let coexistence =
        common + """
            user
            ours load
            loaded load
            firewall-cmd --quiet --reload
            loaded reload
            restart
            loaded restart
            ours load
            loaded again
            # What the user has said for the time being stays when nothing of ours is new.
            firewall-cmd --quiet --zone=shop --add-port=9999/tcp
            ours load
            firewall-cmd --zone=shop --query-port=9999/tcp || fail "a rule of the user is gone"
            firewall-cmd --quiet --zone=shop --remove-port=9999/tcp
            # A set that the next render does without goes with it.
            sed -i /ipset/d "$TREE"/etc/firewalld/policies/*.xml
            rm "$TREE"/etc/firewalld/ipsets/*
            ours load
            firewall-cmd --get-ipsets | grep hauberk && fail "a set is left"
            ours remove
            gone remove
            ours remove
            gone again
            """

    static let inPlace =
        common + """
            user
            mkdir -p /run/host/etc
            mv "$TREE/etc/hauberk" /run/host/etc/
            ln -s /etc/firewalld /run/host/etc/firewalld
            cp -R "$TREE"/etc/firewalld/. /etc/firewalld/
            TREE=/run/host
            ours load
            loaded load
            ours remove
            gone remove
            [ -e /run/host/etc/hauberk/wg0/removed/zones/hauberk-wg0.xml ] || fail "the files do not wait"
            ours load
            loaded again
            [ ! -e /run/host/etc/hauberk/wg0/removed ] || fail "the files still wait"
            # firewalld that does not run is no failure: its part is in the files.
            ours remove
            kill "$(cat /run/fw.pid)"
            \(FirewalldDaemon.gone)
            ours load
            [ -e /etc/firewalld/zones/hauberk-wg0.xml ] || fail "the files are not back"
            daemon
            loaded "after the start"
            """

    static let checks =
        common + """
            user
            ours check
            policy=$TREE/etc/firewalld/policies/hauberk-wg0-i.xml
            cp "$policy" /run/sound
            for change in 's/<\\/policy>//' 's/name="hauberk-wg0"/name="hauberk-wg9"/' 's/target="REJECT"/target="MAYBE"/'; do
                sed "$change" /run/sound >"$policy"
                cmp -s /run/sound "$policy" && fail "$change changes nothing"
                if ours check >/run/said 2>&1; then fail "$change was not found"; fi
            done
            cp /run/sound "$policy"
            # A broken file never reaches the running firewalld: the table holds, and firewalld is as it was.
            sed 's/<\\/policy>//' /run/sound >"$policy"
            if ours load; then fail "a broken file was loaded"; fi
            firewall-cmd --get-zones | grep hauberk && fail "a broken file was loaded"
            state | diff /run/state - || fail "the user's zones are others"
            cp /run/sound "$policy"
            ours load
            loaded load
            """
}
