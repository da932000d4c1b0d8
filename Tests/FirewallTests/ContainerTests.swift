import Addresses
import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import TestSupport
import Testing

/// Ports that somebody else sends to a container, as Docker does: with rules above ours that accept all of it.
///
///     c (strangers, members, peers) --- eth0, eth1, wg0 --- the host --- docker0 --- k (172.17.0.2:8080)
@Suite struct ContainerTests {
    private static let topology = """
        mount -t tmpfs tmpfs /run
        ip link set lo up
        ip netns add c
        ip netns add k
        for link in eth0 eth1 wg0; do
            ip link add "$link" type veth peer name "$link" netns c
            ip link set "$link" up
            ip -n c link set "$link" up
        done
        ip link add docker0 type veth peer name eth0 netns k
        ip link set docker0 up
        ip -n k link set eth0 up
        ip -n k link set lo up
        ip addr add 203.0.113.2/24 dev eth0
        ip addr add 10.132.0.2/16 dev eth1
        ip addr add "$OWN/16" dev wg0
        ip addr add 172.17.0.1/16 dev docker0
        for address in 203.0.113.99 203.0.113.7; do ip -n c addr add "$address/24" dev eth0; done
        ip -n c addr add 10.132.0.7/16 dev eth1
        for address in "$BASTION" "$APP"; do ip -n c addr add "$address/16" dev wg0; done
        ip -n k addr add 172.17.0.2/16 dev eth0
        ip -n k route add default via 172.17.0.1
        echo 1 >/proc/sys/net/ipv4/ip_forward
        for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >"$f"; done
        ip netns exec k socat TCP-LISTEN:8080,fork,reuseaddr SYSTEM:'echo reached' &
        for port in 22 80 9999; do
            "$I" -t nat -A PREROUTING ! -i docker0 -p tcp --dport "$port" -j DNAT --to-destination 172.17.0.2:8080
        done
        docker() {
            "$I" -I FORWARD 1 -d 172.17.0.2 -o docker0 -p tcp --dport 8080 -j ACCEPT
            "$I" -I FORWARD 1 -i docker0 -j ACCEPT
            "$I" -I FORWARD 1 -o docker0 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
        }
        # FROM TO PORT SECONDS: what an address gets.
        ask() {
            ip netns exec c socat -t 5 -T 5 - "TCP:$2:$3,bind=$1,connect-timeout=$4" </dev/null 2>/dev/null || :
        }
        opened() { same "$(ask "$1" "$2" "$3" 5)" reached "closed: $*"; }
        closed() { same "$(ask "$1" "$2" "$3" 0.4)" '' "open: $*"; }
        "$I" -P FORWARD ACCEPT
        tries=0
        until [ "$(ask 203.0.113.99 203.0.113.2 9999 0.4)" = reached ]; do
            tries=$((tries + 1))
            [ "$tries" -lt 40 ] || fail 'the container does not answer'
        done
        "$I" -P FORWARD DROP

        """

    private static let ufw = """
        mkdir "$TREE/ufw"
        cp -a /etc/ufw/. "$TREE/ufw"
        sed -e 's/^IPT_SYSCTL=.*/IPT_SYSCTL=/' /etc/default/ufw >"$TREE/default"
        mount --bind "$TREE/ufw" /etc/ufw
        mount --bind "$TREE/default" /etc/default/ufw
        ufw --force enable >/dev/null

        """

    @Test(arguments: ["nft", "legacy", "ufw"])
    func `a container's published port is judged as what it was for, before and after others' rules`(_ kind: String)
        throws
    {
        let mesh = try MeshPipeline.mesh(PolicyTexts.sixServers)
        func address(_ peer: String) throws -> String {
            mesh.peers[try #require(mesh.index(of: peer))].addresses[0].description
        }
        let names = """
            OWN=\(try address("haproxy-www"))
            BASTION=\(try address("tunnel-1"))
            APP=\(try address("wordpress-1"))
            I=iptables\(kind == "ufw" ? "" : "-" + kind)

            """
        try withTemporaryFolder { folder in
            try FirewallShell.write(
                PolicyTexts.sixServers, "haproxy-www", kind == "ufw" ? .ufw : .iptables, below: folder)
            try FirewallShell.expect(
                names + Self.topology + (kind == "ufw" ? Self.ufw : "export HAUBERK_IPTABLES=\(kind)\n") + """
                    docker
                    opened 203.0.113.99 203.0.113.2 9999
                    sh "$TREE/etc/hauberk/wg0/firewall" load
                    for turn in 'ours first' "others' first"; do
                        opened 203.0.113.99 203.0.113.2 80
                        opened 203.0.113.7 203.0.113.2 80
                        opened "$BASTION" "$OWN" 22
                        closed "$APP" "$OWN" 22
                        closed "$APP" "$OWN" 80
                        closed "$BASTION" "$OWN" 9999
                        closed 203.0.113.99 203.0.113.2 9999
                        closed 203.0.113.99 203.0.113.2 22
                        closed 203.0.113.7 203.0.113.2 9999
                        closed 10.132.0.7 10.132.0.2 80
                        opened 10.132.0.7 10.132.0.2 22
                        docker
                    done
                    # A container's plaintext to a member: refused; to a stranger: its own affair.
                    ip netns exec c socat TCP-LISTEN:7777,fork,reuseaddr SYSTEM:'echo plaintext' &
                    ip -n c route add 172.17.0.0/16 via 10.132.0.2
                    out() { ip netns exec k socat -t 5 -T 5 - "TCP:$1:7777,connect-timeout=0.4" </dev/null 2>/dev/null || :; }
                    tries=0
                    until [ "$(out 203.0.113.99)" = plaintext ]; do
                        tries=$((tries + 1))
                        [ "$tries" -lt 40 ] || fail 'nothing to a stranger'
                    done
                    same "$(out 10.132.0.7)" '' 'plaintext to a member'
                    """, in: folder)
        }
    }
}
