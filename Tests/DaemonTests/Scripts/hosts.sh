# Sourced after namespace.sh: hosts with networks and mounts of their own, on bridges that every port hears.

# The process that keeps each host's namespaces.
declare -A holder=()

# Every host's /etc is a copy with room for what is rendered.
mkdir -p $data/etc
cp -a /etc/. $data/etc/ 2>/dev/null || true
mkdir -p $data/etc/wireguard $data/etc/hauberk
# root's home is an empty one: what somebody has in ~/.bashrc is no business of a session here.
mkdir -m 700 $data/home
sed -i "s|^\(root:[^:]*:[^:]*:[^:]*:[^:]*\):.*|\1:$data/home:/bin/sh|" $data/etc/passwd
mount --bind $data/etc /etc

# hub NAME: a bridge without a memory, so that a frame goes to all.
hub() {
    ip link add "$1" type bridge ageing_time 0
    ip link set "$1" up
}

# host NAME
host() {
    unshare --net --mount sleep infinity &
    holder[$1]=$!
    await 5 "the host $1" apart "${holder[$1]}"
    on "$1" sh -euc '
        mount -t tmpfs tmpfs /run
        mkdir -p /run/wireguard /run/mysqld
        sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
        ip link set lo up'
}
apart() { [[ $(readlink /proc/"$1"/ns/net) != "$(readlink /proc/self/ns/net)" && $(cat /proc/"$1"/comm) == sleep ]]; }

# wire HOST INTERFACE HUB ADDRESS…
wire() {
    local host=$1 interface=$2 hub=$3 port="p${#wires[@]}"
    wires+=("$host $interface")
    shift 3
    ip link add "$port" type veth peer name "$interface" netns "${holder[$host]}"
    ip link set "$port" master "$hub" up
    local address
    for address in "$@"; do on "$host" ip addr add "$address" dev "$interface"; done
    on "$host" ip link set "$interface" up
}
wires=()

# Hosts whose mounts are left alone: the containers of others.
declare -A bare=()

# on HOST COMMAND …
on() {
    local host=$1 mounts=--mount
    shift
    [[ -z ${bare[$host]:-} ]] || mounts=
    nsenter -t "${holder[$host]}" --net $mounts "$@"
}

# start HOST LOG COMMAND …: in the background; its process is $started.
start() {
    local host=$1 log=$2
    shift 2
    nsenter -t "${holder[$host]}" --net --mount "$@" >"$log" 2>&1 </dev/null &
    started=$!
}

# Whether a recorded ping was answered without a gap; what was under way when it was ended counts for nothing.
unbroken() {
    awk 'match($0, /icmp_seq=[0-9]+/) { n = substr($0, RSTART + 9, RLENGTH - 9) + 0
        if (n != last + 1) gap = 1
        last = n } END { exit gap || last < 10 }' "$1"
}

# plant HOST TREE: a rendered tree's etc/wireguard and etc/hauberk in the host's own /etc.
plant() {
    local part
    for part in wireguard hauberk; do
        [[ ! -d $2/etc/$part ]] || on "$1" mount --bind "$2/etc/$part" /etc/$part
    done
}

# listen_in HOST INTERFACE FILE: from when it returns, every frame is in the file at once.
listen_in() {
    start "$1" "$3.log" tcpdump -Z root --immediate-mode -U -s 0 -n -i "$2" -w "$3"
    sniffer=$started
    await 10 tcpdump grep -q "listening on" "$3.log"
}
end_listening() {
    stop $sniffer
}
# Whether a text is in a recording.
heard() { grep -aq "$2" "$1"; }
show() { tcpdump -n -r "$1" "$2" 2>/dev/null; }
count() { show "$1" "$2" | wc -l; }
