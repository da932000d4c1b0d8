# Sourced by rotation.sh: ways to give hosts new keys. Each is METHOD WHO SKEW: `all` or one host, and the seconds from
# one host to the next; the host whose key is new comes first.

# Nothing at all, for as long as the others take.
none() { pause $((2 + 3 * $2)); }

# Every conf with new keys, and down and up with it.
restart() { with_new_keys "$1" "$2" restart_one; }
restart_one() {
    on "$1" wg-quick down wg0 >$data/"$1".said 2>&1 || fail "$1 does not go down: $(<$data/"$1".said)"
    cp $data/new/"$1"/etc/wireguard/wg0.conf $data/disk-"$1"/etc/wireguard/wg0.conf
    on "$1" wg-quick up wg0 >$data/"$1".said 2>&1 || fail "$1 does not come up: $(<$data/"$1".said)"
}

# Every conf with new keys, and the running interface made equal to it.
syncconf() { with_new_keys "$1" "$2" syncconf_one; }
syncconf_one() {
    cp $data/new/"$1"/etc/wireguard/wg0.conf $data/disk-"$1"/etc/wireguard/wg0.conf
    on "$1" bash -c 'wg syncconf wg0 <(wg-quick strip wg0)' >$data/"$1".said 2>&1 ||
        fail "$1 is not made equal: $(<$data/"$1".said)"
}

# with_new_keys WHO SKEW COMMAND: the command on each host, with other keys in the trees of $data/new.
with_new_keys() {
    local order=("${hosts[@]}") rotating=("${hosts[@]}")
    [[ $1 == all ]] || first "$1"
    draw_keys wg0
    stagger "$2" "$3"
    rm -r $data/out
    mv $data/new $data/out
}
# draw_keys INTERFACE: $data/new is as $data/out, but for other keys of the hosts in $rotating.
draw_keys() {
    local name conf former key
    rm -rf $data/new
    cp -a $data/out $data/new
    for name in "${rotating[@]}"; do
        conf=etc/wireguard/$1.conf
        former=$(sed -n 's/^PrivateKey = //p' $data/new/"$name/$conf" | wg pubkey)
        key=$(wg genkey)
        sed -i "s|^PrivateKey = .*|PrivateKey = $key|" $data/new/"$name/$conf"
        sed -i "s|^PublicKey = $former\$|PublicKey = $(wg pubkey <<<"$key")|" $data/new/*/"$conf"
    done
}
# first HOST: it alone rotates, and comes first in $order.
first() {
    rotating=("$1")
    order=("$1")
    local name
    for name in "${hosts[@]}"; do [[ $name == "$1" ]] || order+=("$name"); done
}

# What ours does, by hand: a second interface with the new keys, the routes moved once its handshakes are seen, and the
# first interface taken away when all hosts have moved theirs.
by_hand() {
    local order=("${hosts[@]}") rotating=("${hosts[@]}") former next port
    [[ $1 == all ]] || first "$1"
    read -r former next port <<<"wg0 wg0-b 51821"
    [[ -e $data/out/alpha/etc/wireguard/wg0.conf ]] || read -r former next port <<<"wg0-b wg0 51820"
    draw_keys $former
    stagger "$2" second_interface
    stagger "$2" move_routes
    stagger "$2" retire_interface
    rm -r $data/out
    mv $data/new $data/out
}
second_interface() {
    local conf=$data/new/$1/etc/wireguard
    mv "$conf/$former.conf" "$conf/$next.conf"
    sed -i "/^PreUp/d; s/^\(ListenPort = \|Endpoint = .*:\)[0-9]*\$/\1$port/" "$conf/$next.conf"
    sed "s/^PostUp = ip .*/& metric 2050/" "$conf/$next.conf" >$data/disk-"$1"/etc/wireguard/$next.conf
    on "$1" wg-quick up $next >$data/"$1".said 2>&1 || fail "$1 does not come up: $(<$data/"$1".said)"
}
move_routes() {
    await 10 "every handshake of $1" shaken "$1"
    on "$1" ip -4 route replace 10.88.0.0/16 dev $next
    on "$1" ip -6 route replace fd5a:3c71:9e00::/48 dev $next
}
# shaken HOST: asks by the next interface; the answer may come by the former.
shaken() {
    local other
    for other in "${hosts[@]}"; do
        [[ $other == "$1" ]] || on "$1" ping -I $next -qc 1 -W 0.05 "$(address "$other" 4)" || true
    done
    ! on "$1" wg show $next latest-handshakes | grep -qw 0
}
retire_interface() {
    on "$1" wg-quick down $former >$data/"$1".said 2>&1 || fail "$1 does not go down: $(<$data/"$1".said)"
    cp $data/new/"$1"/etc/wireguard/$next.conf $data/disk-"$1"/etc/wireguard/$next.conf
    rm $data/disk-"$1"/etc/wireguard/$former.conf
}

# Ours: two interfaces for a time, stage by stage; a stage begins when every host has said that it is in the one before.
rotate() { rotate_in_stages "$1" "$2"; }
rotate_in_stages() {
    local order=("${hosts[@]}") rotating=(--all)
    [[ $1 == all ]] || first "$1"
    operate rotate "${rotating[@]}"
    roll "$2"
    operate rotate advance --acknowledged all
    roll "$2"
    operate rotate advance --acknowledged all
    roll "$2"
}
# operate ARGUMENT …: a command of the operator's, whose clock may be another.
clock=()
operate() { "${clock[@]}" "$hauberk" --mesh $data/mesh "$@" >$data/said 2>&1 || fail "hauberk $*: $(<$data/said)"; }
# roll SKEW: what the mesh is now, rendered and taken to each host of $order.
roll() {
    render
    stagger "$1" apply
}
