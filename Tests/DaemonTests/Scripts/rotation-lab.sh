# Sourced by rotation.sh after hosts.sh: four hosts with disks, their mesh, and the load.
#
# Files: $data/mesh is the mesh, $data/out what it renders, $data/disk-HOST what a host keeps when it is switched off.
export TMPDIR=$data WG_QUICK_USERSPACE_IMPLEMENTATION=wireguard-go HAUBERK_IDENTITY=$data/identity
hosts=(alpha beta gamma delta)
declare -A underlay=([alpha]=10.132.0.2 [beta]=10.132.0.3 [gamma]=10.132.0.4 [delta]=10.132.0.5)

# Of each host that is on: its network's name and its port of the bridge. Of each host and family: its address.
declare -A network=() ports=() addresses=()

pause() { read -rt "$1" <> <(:) || true; }

# switch_on HOST: its namespaces, its disk and its network, as they are before any tunnel is.
switch_on() {
    local disk=$data/disk-$1
    host "$1"
    if [[ ! -d $disk ]]; then
        mkdir -p "$disk/lib"
        cp -a $data/etc "$disk/etc"
    fi
    on "$1" mount --bind "$disk/etc" /etc
    on "$1" mount --bind "$disk/lib" /var/lib
    on "$1" sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.default.rp_filter=1
    network[$1]=$(readlink /proc/"${holder[$1]}"/ns/net)
    ports[$1]=p${#wires[@]}
    wire "$1" eth1 vpc "${underlay[$1]}/16"
}

# switch_off HOST: at once, as by a power cut.
switch_off() {
    local process
    for process in $(inhabitants "$1"); do kill -KILL "$process" 2>/dev/null || true; done
    wait "${holder[$1]}" 2>/dev/null || true
    await 5 "the end of $1" empty "$1"
    unset "holder[$1]"
    await 5 "the end of $1's wire" unplugged "${ports[$1]}"
}
# Every process in the network of the host.
inhabitants() {
    local process
    for process in /proc/[0-9]*; do
        [[ $(readlink "$process/ns/net" 2>/dev/null) != "${network[$1]}" ]] || echo "${process#/proc/}"
    done
}
empty() { [[ -z $(inhabitants "$1") ]]; }
unplugged() { ! ip link show "$1"; }

# boot HOST [REVERSED]: it comes back with every tunnel that its disk has, as units at boot do, in one order or the other.
boot() {
    local name
    switch_on "$1"
    for name in $(cd "$data/disk-$1/etc/wireguard" && ls -- *.conf | sort ${2:+-r}); do
        on "$1" wg-quick up "${name%.conf}" >$data/said 2>&1 || fail "${name%.conf} of $1 does not come up: $(<$data/said)"
    done
}

# write_mesh LINE: with one more line.
write_mesh() {
    mkdir $data/mesh
    cat >$data/mesh/mesh.yaml <<END
mesh: lab
prefixes: [10.88.0.0/16, fd5a:3c71:9e00::/48]
wireguard: {preshared-keys: pair}
$1
sites:
  here: {network: 10.132.0.0/16, interface: eth1}
services:
  probes: {ports: [7000/udp], expose: {all: private}}
  streams: {ports: [7001/tcp], expose: {all: private}}
allow:
  - {from: all, to: all, service: probes}
  - {from: all, to: all, service: streams}
guard: {plaintext: reject, rescue: {from: alpha, port: 22/tcp, over: underlay}}
peers:
$(for host in "${hosts[@]}"; do echo "  $host: {site: here, private: ${underlay[$host]}}"; done)
END
    "$hauberk" init $data/mesh --operator tester >$data/said 2>&1 || fail "no mesh: $(<$data/said)"
    render
}
render() {
    "${clock[@]}" "$hauberk" --mesh $data/mesh render --out $data/out --firewall nftables >$data/said 2>&1 ||
        fail "nothing was rendered: $(<$data/said)"
}
# apply HOST: its tree; where $patience is set, peers that do not answer in so many seconds keep their former way.
apply() {
    local status=0
    on "$1" "$hauberk" apply $data/out/"$1" --json ${patience:+--patience $patience} \
        >$data/"$1".json 2>$data/"$1".said || status=$?
    ((status == 0 || (status == 2 && ${patience:-0} > 0))) ||
        fail "apply on $1 ended with $status: $(cat $data/"$1".said $data/"$1".json)"
}
# plant_tree HOST: as people do without apply.
plant_tree() {
    cp -a $data/out/"$1"/etc/. $data/disk-"$1"/etc/
    on "$1" wg-quick up wg0 >$data/"$1".said 2>&1 || fail "$1 does not come up: $(<$data/"$1".said)"
}
# stagger SKEW COMMAND …: the command for each host of $order, each so many seconds after the one before; waits for all.
stagger() {
    local skew=$1 name delay=0 job jobs=()
    shift
    for name in "${order[@]}"; do
        (pause $delay && "$@" "$name") &
        jobs+=($!)
        delay=$((delay + skew))
    done
    for job in "${jobs[@]}"; do wait "$job" || fail "$1 failed"; done
}
order=("${hosts[@]}")

# address HOST FAMILY
address() { echo "${addresses[$1 $2]}"; }
read_addresses() {
    local name line
    for name in "${hosts[@]}"; do
        line=$(grep -h '^Address = ' $data/out/"$name"/etc/wireguard/wg0.conf)
        addresses[$name 4]=$(sed 's/^Address = \([0-9.]*\).*/\1/' <<<"$line")
        addresses[$name 6]=$(sed 's/^Address = .*[ ,]\([0-9a-f]*:[0-9a-f:]*\).*/\1/' <<<"$line")
    done
}
# reach FROM TO: in both families.
reach() { on "$1" ping -qc 1 -W 1 "$(address "$2" 4)" && on "$1" ping -qc 1 -W 1 "$(address "$2" 6)"; }
# reach_all HOST: from it and to it.
reach_all() {
    local other
    for other in "${hosts[@]}"; do
        [[ $other == "$1" || -z ${holder[$other]:-} ]] || { reach "$1" "$other" && reach "$other" "$1"; } || return 1
    done
}

# bring_up [LINE]: all of it; the mesh file has one more line.
bring_up() {
    write_mesh "${1:-}"
    read_addresses
    hub vpc
    local name
    for name in "${hosts[@]}"; do switch_on "$name"; done
    stagger 0 "${install:-apply}"
    for name in "${hosts[@]}"; do await 20 "the tunnels of $name" reach_all "$name"; done
}

# begin_load HOST …: traffic between these; returns when every connection is there and probes begin.
begin_load() {
    local name hosts=()
    for name; do hosts+=("$name,${holder[$name]},$(address "$name" 4),$(address "$name" 6)"); done
    "$load" "${hosts[@]}" >$data/load.json 2>$data/load.log &
    loading=$!
    log=$data/load.log
    await 60 "the load" grep -q sending $data/load.json
}
# end_load: when all is heard again; its last line is $total.
end_load() {
    kill -INT $loading
    wait $loading || fail "the load failed: $(<$data/load.log)"
    total=$(tail -n 1 $data/load.json)
    (($(total receiverDrops) == 0)) || fail "the receivers lost some themselves: $total"
}
# total NAME: of the last load, a number, or nothing for null.
total() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" <<<"$total"; }
# untouched WHEN: fails unless the last load has lost nothing.
untouched() {
    (($(total lost) == 0 && $(total broken) == 0 && $(total unread) == 0)) ||
        fail "$1, not all arrived (sockets have overflowed $(overflows) times): $total $(grep -E '"flow"|"stream"' $data/load.json | grep -v '"lost":0,.*\|"open"')"
}
# overflows: how often the kernel has found a socket of a host full since it was switched on, wireguard-go's among them.
overflows() {
    local name sum=0
    for name in "${!holder[@]}"; do
        sum=$((sum + $(on "$name" awk '$1 == "Udp:" && $2 != "InDatagrams" { print $6 }' /proc/net/snmp)))
    done
    echo $sum
}
