import Addresses
import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import TestSupport
import Testing

/// What the kernel holds after each word of the script, by both of its iptables.
@Suite struct IptablesTests {
    /// Others' rules: a policy, Docker's chains, somebody's translation and marks.
    private static let foreign = """
        for v in '' 6; do
            i="ip${v}tables-$KIND"
            "$i" -P FORWARD DROP
            "$i" -N DOCKER-USER
            "$i" -A FORWARD -j DOCKER-USER
            "$i" -A INPUT -p tcp --dport 22 -m comment --comment "HAUBERK-wg0-x is not ours" -j ACCEPT
            "$i" -t nat -A PREROUTING -p tcp --dport 8080 -j REDIRECT --to-ports 80
            "$i" -t mangle -A PREROUTING -j MARK --set-mark 7
            "$i" -t mangle -A FORWARD -p udp -j ACCEPT
        done

        """

    private static let ipv4Only = """
        mesh: test
        prefixes: [10.88.0.0/16]
        services: {http: {expose: {all: private}}}
        allow: [{from: all, to: all, service: http}]
        peers:
          mysql-1: {private: [10.132.0.2], site: a}
          gate: {private: [10.132.0.3], site: a}
        sites: {a: {network: [10.132.0.0/16]}}
        """

    @Test(
        arguments: ["nft", "legacy"],
        [
            (PolicyTexts.sixServers, "mysql-1"), (PolicyTexts.everything, "gate"), (PolicyTexts.everything, "mysql-1"),
            (ipv4Only, "gate"),
        ])
    func `all of ours comes and goes, again is no change, and others' rules are as they were`(
        _ kind: String, _ subject: (yaml: String, peer: String)
    ) throws {
        try withTemporaryFolder { folder in
            try FirewallShell.write(subject.yaml, subject.peer, .iptables, below: folder)
            try FirewallShell.expect(
                """
                KIND=\(kind)
                export HAUBERK_IPTABLES=$KIND
                \(Self.foreign)
                fw="sh $TREE/etc/hauberk/wg0/firewall"
                before=$(saved $KIND)
                fails $fw report
                says 'nothing of wg0 is loaded'
                $fw check
                same "$before" "$(saved $KIND)" 'check changed something'
                $fw remove
                $fw load
                once=$(saved $KIND)
                [ "$(saved $KIND | grep -c '^:HAUBERK-wg0-')" -gt 10 ] || fail 'few chains'
                same "$before" "$(saved $KIND | grep -v -e '^:HAUBERK' -e '^-A HAUBERK' -e '-j HAUBERK')" 'foreign'
                for v in '' 6; do
                    for chain in INPUT:IN OUTPUT:OUT FORWARD:FWD; do
                        top=$("ip${v}tables-$KIND" -S "${chain%:*}" | sed -n 2p)
                        same "$top" "-A ${chain%:*} -j HAUBERK-wg0-${chain#*:}" 'not first'
                    done
                done
                $fw load
                same "$once" "$(saved $KIND)" 'again is a change'
                # Somebody comes before us, and somebody calls us twice.
                for v in '' 6; do
                    i="ip${v}tables-$KIND"
                    "$i" -I FORWARD 1 -j DOCKER-USER
                    "$i" -D FORWARD 3
                    "$i" -A INPUT -j HAUBERK-wg0-IN
                    "$i" -N HAUBERK-wg0-OLD
                    "$i" -A HAUBERK-wg0-OLD -j HAUBERK-wg0-IN
                    "$i" -A OUTPUT -p tcp -j HAUBERK-wg0-OLD
                done
                $fw load
                same "$once" "$(saved $KIND)" 'not as after the first load'
                $fw report >"$TREE/report"
                grep -q -x 'refused tunnel 0 packets 0 bytes' "$TREE/report" || fail 'no report'
                $fw remove
                same "$before" "$(saved $KIND)" 'something is left'
                """, in: folder)
        }
    }

    @Test(arguments: [("nft", "legacy"), ("legacy", "nft")])
    func `rules in one of the two are not mixed with the other's`(_ kinds: (String, String)) throws {
        try withTemporaryFolder { folder in
            try FirewallShell.write(PolicyTexts.sixServers, "mysql-1", .iptables, below: folder)
            try FirewallShell.expect(
                """
                fw="sh $TREE/etc/hauberk/wg0/firewall"
                HAUBERK_IPTABLES=\(kinds.0) $fw load
                export HAUBERK_IPTABLES=\(kinds.1)
                fails $fw load
                says 'iptables-\(kinds.0) has rules of wg0 already'
                [ -z "$(saved \(kinds.1) | grep HAUBERK)" ] || fail 'loaded all the same'
                $fw remove
                [ -z "$(saved \(kinds.0) | grep HAUBERK)" ] || fail 'not removed'
                $fw load
                HAUBERK_IPTABLES=ebtables
                fails $fw load
                says 'nft or legacy, and not ebtables'
                """, in: folder)
        }
    }

    /// Two groups of peers whose addresses make no blocks, more than a rule for each is worth.
    private static func many(_ count: Int) -> String {
        let peers = (0..<count).map { index in
            "  h\(index): {site: a, private: [10.132.\(index / 200).\(index % 200 + 1)], groups: [g\(index % 2)]}"
        }
        return """
            mesh: test
            prefixes: [10.88.0.0/16, 'fd88::/48']
            sites: {a: {network: [10.132.0.0/16]}}
            groups: {g0: {}, g1: {}}
            services: {http: {expose: {all: private}}}
            allow: [{from: "g0 except h0", to: all, service: http}]
            peers:
            \(peers.joined(separator: "\n"))

            """
    }

    /// As two interfaces of a mesh do when a host boots.
    @Test(arguments: ["nft", "legacy"])
    func `two loads at the same moment both succeed`(_ kind: String) throws {
        try withTemporaryFolder { folder in
            try FirewallShell.write(Self.many(160), "h1", .iptables, below: folder)
            try FirewallShell.expect(
                """
                export HAUBERK_IPTABLES=\(kind)
                fw="sh $TREE/etc/hauberk/wg0/firewall"
                for round in 1 2 3 4 5 6 7 8; do
                    $fw load 2>"$TREE/first" & first=$!
                    $fw load 2>"$TREE/second" & second=$!
                    wait $first || fail "the first does not load: $(cat "$TREE/first")"
                    wait $second || fail "the second does not load: $(cat "$TREE/second")"
                    $fw report >/dev/null
                    $fw remove
                done
                """, in: folder)
        }
    }

    @Test(arguments: ["nft", "legacy"])
    func `many addresses are a set, which comes and goes with the rules that name it`(_ kind: String) throws {
        try withTemporaryFolder { folder in
            try FirewallShell.write(Self.many(160), "h1", .iptables, below: folder + "/old")
            try FirewallShell.write(Self.many(180), "h1", .iptables, below: folder + "/new")
            try FirewallShell.write(Self.many(20), "h1", .iptables, below: folder + "/few")
            try FirewallShell.expect(
                """
                export HAUBERK_IPTABLES=\(kind)
                script=etc/hauberk/wg0/firewall
                ipset create HAUBERK-wg0-x-0000000 hash:net family inet
                ipset create other hash:net family inet
                sh "$TREE/old/$script" check
                sh "$TREE/old/$script" load
                old=$(ipset list -n | sort)
                [ "$(echo "$old" | wc -l)" -gt 3 ] || fail 'no sets'
                sh "$TREE/old/$script" load
                same "$old" "$(ipset list -n | sort)" 'again is a change'
                sh "$TREE/new/$script" load
                new=$(ipset list -n | sort)
                [ "$old" != "$new" ] || fail 'the same sets'
                [ "$(echo "$old" | wc -l)" = "$(echo "$new" | wc -l)" ] || fail "stale sets: $new"
                for set in $(echo "$new" | grep -v -e other -e wg0-x); do
                    saved \(kind) | grep -q -F -e "--match-set $set " || fail "unused: $set"
                done
                [ ! -e "$TREE/few/etc/hauberk/wg0/sets" ] || fail 'sets for few'
                sh "$TREE/few/$script" load
                same "$(echo HAUBERK-wg0-x-0000000; echo other)" "$(ipset list -n | sort)" 'sets are left'
                sh "$TREE/new/$script" load
                sh "$TREE/new/$script" remove
                same "$(echo HAUBERK-wg0-x-0000000; echo other)" "$(ipset list -n | sort)" 'sets are left'
                """, in: folder)
        }
    }

    /// The protocol of netfilter-persistent: each plugin is called with `start`, `save` and `flush`.
    @Test(arguments: ["nft", "legacy"])
    func `netfilter-persistent loads ours after its own, and does not keep them`(_ kind: String) throws {
        try withTemporaryFolder { folder in
            try FirewallShell.write(PolicyTexts.sixServers, "mysql-1", .iptables, below: folder)
            try FirewallShell.expect(
                """
                export HAUBERK_IPTABLES=\(kind)
                mkdir -p "$TREE/saved"
                # The plugin is for a host: its files are where it looks for them.
                mount --bind "$TREE/etc" /mnt
                sed -e 's,/etc/hauberk,/mnt/hauberk,' -e "s,/etc/iptables,$TREE/saved," \
                    "$TREE/usr/share/netfilter-persistent/plugins.d/30-hauberk-wg0" >"$TREE/30-hauberk-wg0"
                plugin="sh $TREE/30-hauberk-wg0"
                run-parts --test "$TREE/usr/share/netfilter-persistent/plugins.d" | grep -q 30-hauberk-wg0
                iptables-\(kind) -A INPUT -p tcp --dport 22 -j ACCEPT
                ip6tables-\(kind) -N MINE
                iptables-\(kind)-save | grep -v '^#' >"$TREE/before"
                $plugin start
                ours=$(saved \(kind))
                iptables-\(kind)-save >"$TREE/saved/rules.v4"
                chmod 640 "$TREE/saved/rules.v4"
                grep -q HAUBERK-wg0 "$TREE/saved/rules.v4" || fail 'nothing of ours to take out'
                $plugin save
                grep -q HAUBERK "$TREE/saved/rules.v4" && fail 'ours is saved'
                [ "$(stat -c %a "$TREE/saved/rules.v4")" = 640 ] || fail 'mode'
                # As 15-ip4tables does: all that is not in the file is gone.
                iptables-\(kind)-restore <"$TREE/saved/rules.v4"
                iptables-\(kind)-save | grep -q HAUBERK-wg0-IN && fail 'not flushed'
                $plugin start
                same "$ours" "$(saved \(kind))" 'not as before'
                $plugin stop
                same "$ours" "$(saved \(kind))" 'not as before'
                $plugin flush
                [ -z "$(saved \(kind) | grep HAUBERK)" ] || fail 'something is left'
                fails $plugin fly
                """, in: folder)
        }
    }

    @Test(arguments: ["nft", "legacy"])
    func `a rule ends by the kernel's own clock`(_ kind: String) throws {
        try withTemporaryFolder { folder in
            for (name, until) in [("past", "2026-01-01"), ("future", "2037-01-01")] {
                let yaml = PolicyTexts.ipv4(interface: "wg0", port: 51_820, prefix: "10.88.0.0/16")
                    .replacing("service: http}", with: "service: http, until: \(until)}")
                try FirewallShell.write(yaml, "a", .iptables, below: "\(folder)/\(name)")
            }
            try FirewallShell.expect(
                """
                export HAUBERK_IPTABLES=\(kind)
                ip link set lo up
                ip link add wg0 type veth peer name far
                ip link set far up
                ip link set wg0 up
                ip addr add 10.88.0.1/16 dev wg0
                for when in past future; do
                    sh "$TREE/$when/etc/hauberk/wg0/firewall" load
                    # What leaves by the tunnel is counted by the rule that lets it, or refused at once.
                    socat -T 0.2 - TCP:10.88.0.2:80,connect-timeout=0.2 </dev/null >/dev/null 2>&1 || :
                    "iptables-\(kind)-save" -c | grep -e '--dport 80 -m time' | grep -e TEG >"$TREE/$when.counts"
                done
                grep -q -e '^.0:0. ' "$TREE/past.counts" || { cat "$TREE/past.counts" >&2; fail 'it still holds'; }
                grep -q -e '^.0:0. ' "$TREE/future.counts" && { cat "$TREE/future.counts" >&2; fail 'it does not hold'; }
                true
                """, in: folder)
        }
    }

    @Test(arguments: ["nft", "legacy"])
    func `meshes on one host come in one order, and go alone`(_ kind: String) throws {
        let one = PolicyTexts.ipv4(interface: "wg0", port: 51_820, prefix: "10.88.0.0/16")
        let two = PolicyTexts.ipv4(interface: "wg0-x", port: 51_821, prefix: "10.89.0.0/16")
        let first = try NeighborMesh(interface: InterfaceName(parsing: "wg0"), port: Port(parsing: "51820"))
        let second = try NeighborMesh(interface: InterfaceName(parsing: "wg0-x"), port: Port(parsing: "51821"))
        try withTemporaryFolder { folder in
            try FirewallShell.write(one, "a", .iptables, below: folder, neighbors: [second])
            try FirewallShell.write(two, "a", .iptables, below: folder, neighbors: [first])
            try FirewallShell.expect(
                """
                export HAUBERK_IPTABLES=\(kind)
                one="sh $TREE/etc/hauberk/wg0/firewall"
                two="sh $TREE/etc/hauberk/wg0-x/firewall"
                $two load
                alone=$(saved \(kind))
                $one load
                both=$(saved \(kind))
                echo "$both" | grep -e '-A INPUT' | sed 2q >"$TREE/input"
                same "$(cat "$TREE/input")" "$(printf -- '-A INPUT -j HAUBERK-wg0%s-IN\\n' '' -x)" 'order'
                $two load
                $one load
                same "$both" "$(saved \(kind))" 'again is a change'
                echo "$both" | grep -q -e '-A HAUBERK-wg0-IN -i wg0-x -j RETURN' || fail 'accepted too early'
                echo "$both" | grep -q -e '-A HAUBERK-wg0-x-IN -i wg0 -j ACCEPT' || fail 'not accepted'
                $one remove
                same "$alone" "$(saved \(kind))" 'the other mesh has changed'
                """, in: folder)
        }
    }
}

extension PolicyTexts {
    /// A small mesh of an interface and a port.
    static func ipv4(interface: String, port: Int, prefix: String) -> String {
        """
        mesh: test
        prefixes: [\(prefix)]
        wireguard: {interface: \(interface), port: \(port)}
        services: {http: {expose: {all: private}}}
        allow: [{from: all, to: all, service: http}]
        sites: {s: {network: [10.132.0.0/16]}}
        peers:
          a: {private: [10.132.0.2], site: s}
          b: {private: [10.132.0.3], site: s}
        """
    }
}
