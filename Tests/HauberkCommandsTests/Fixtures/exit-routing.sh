# What a user of an exit sends, with wg-quick itself, in namespaces of its own. Run as
#
#     unshare -nmpf --mount-proc sh exit-routing.sh TREES
#
#                 internet: 203.0.113.1, 198.51.100.1, 198.51.100.5, 2001:db8:8::8, 192.0.2.8
#        ┌───────────┬──────────────┐
#    eth0│.30    eth0│.2        eth0│.6
#      gate        near            far         near and far have a way of their own to the Internet, and leave by gate
#    eth1└────┬──────┘eth1
#        10.136.0.0/16
set -eu
trees=$1
mount -t tmpfs none /run
mkdir -p /run/netns /run/wireguard

for name in internet gate near far; do
    ip netns add $name
    ip -n $name link set lo up
done

link() { # namespace, its address; namespace, its interface, its address
    ip -n "$1" link add name "to-$3" type veth peer name "$4" netns "$3"
    ip -n "$1" addr add "$2" dev "to-$3"
    ip -n "$1" link set "to-$3" up
    ip -n "$3" addr add "$5" dev "$4"
    ip -n "$3" link set "$4" up
}
link internet 203.0.113.1/24 gate eth0 203.0.113.30/24
link internet 198.51.100.1/30 near eth0 198.51.100.2/30
link internet 198.51.100.5/30 far eth0 198.51.100.6/30
ip -n near link add name eth1 type veth peer name eth1 netns gate
ip -n near addr add 10.136.0.3/16 dev eth1
ip -n gate addr add 10.136.0.2/16 dev eth1
ip -n near link set eth1 up
ip -n gate link set eth1 up
ip -n gate route add default via 203.0.113.1
ip -n near route add default via 198.51.100.1
ip -n far route add default via 198.51.100.5
ip -n internet addr add 192.0.2.8/32 dev lo
ip -n internet addr add 2001:db8:1::1/64 dev to-gate nodad
ip -n internet addr add 2001:db8:8::8/128 dev lo nodad
ip -n gate addr add 2001:db8:1::2/64 dev eth0 nodad
ip -n gate -6 route add default via 2001:db8:1::1
ip netns exec internet sysctl -q -w net.ipv4.ip_forward=1
for name in near far; do
    for where in all eth0; do ip netns exec $name sysctl -q -w net.ipv4.conf.$where.rp_filter=1; done
done
# What each packet came from when it reached the Internet.
ip netns exec internet nft 'table inet seen {
    set sources { type ipv4_addr; size 99; flags dynamic; }
    chain input { type filter hook input priority 0; icmp type echo-request ip daddr 192.0.2.8 add @sources { ip saddr }; }
}'
# The gateway's own rules are not the matter here.
ip netns exec gate nft 'table inet nat { chain out { type nat hook postrouting priority 100; oifname "eth0" masquerade; }; }'

quick() { # namespace, verb: quiet unless it fails
    ip netns exec "$1" unshare -m sh -euc '
        mkdir -p /run/sockets-$0
        mount --bind /run/sockets-$0 /run/wireguard
        wg-quick "$1" "$2" >/run/log 2>&1 || { cat /run/log; exit 1; }
        ' "$1" "$2" "$trees/$1/etc/wireguard/wg0.conf"
}
rules() { ip -n "$1" rule; ip -n "$1" -6 rule; }
reaches() { # namespace, address: within half a minute, for a first handshake may meet another
    for try in $(seq 30); do
        if ip netns exec "$1" ping -q -c 1 -W 1 "$2" >/dev/null; then return; fi
    done
    echo "$1 does not reach $2 (after $try tries)"
    exit 1
}
goes() { # namespace, address, words of the route
    ip -n "$1" route get "$2" | grep -q "$3" || { echo "$1 sends $2 elsewhere: $(ip -n "$1" route get "$2")"; exit 1; }
}

quick gate up
for name in near far; do
    rules $name >/run/before-$name
    quick $name up
    goes $name 192.0.2.8 'dev wg0'
    reaches $name 192.0.2.8
    reaches $name 2001:db8:8::8
    echo "$name reaches the Internet"
done
ip netns exec internet nft list set inet seen sources | tr -d ' \n' | grep -q 'elements={203.0.113.30}' || {
    ip netns exec internet nft list set inet seen sources
    exit 1
}
echo 'the Internet sees the gateway'
goes near 10.136.0.2 'dev eth1'
reaches near 10.136.0.2
goes far 203.0.113.30 'dev wg0'
echo 'the site stays on the site'

# Once more while the rules of a former run are there, as after an interface that was deleted by hand.
ip -n near link delete wg0 2>/dev/null || true
quick near up
reaches near 192.0.2.8
echo 'up again over what was left'

for name in near far; do
    quick $name down
    rules $name | cmp - /run/before-$name
    goes $name 192.0.2.8 'dev eth0'
done
echo 'down leaves nothing'
quick gate down
