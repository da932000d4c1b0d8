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

# with_new_keys WHO SKEW COMMAND: the rendered trees with other keys in $data/new, and the command on each host.
with_new_keys() {
    local order=("${hosts[@]}") rotating=("${hosts[@]}") name other
    [[ $1 == all ]] || first "$1"
    rm -rf $data/new
    cp -a $data/out $data/new
    for name in "${rotating[@]}"; do
        local conf=$data/new/$name/etc/wireguard/wg0.conf former key
        former=$(sed -n 's/^PrivateKey = //p' "$conf" | wg pubkey)
        key=$(wg genkey)
        sed -i "s|^PrivateKey = .*|PrivateKey = $key|" "$conf"
        for other in "${hosts[@]}"; do
            sed -i "s|^PublicKey = $former\$|PublicKey = $(wg pubkey <<<"$key")|" $data/new/"$other"/etc/wireguard/wg0.conf
        done
    done
    stagger "$2" "$3"
    rm -r $data/out
    mv $data/new $data/out
}
# first HOST: it alone rotates, and comes first in $order.
first() {
    rotating=("$1")
    order=("$1")
    local name
    for name in "${hosts[@]}"; do [[ $name == "$1" ]] || order+=("$name"); done
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
# operate ARGUMENT …: a command of the operator's.
operate() { "$hauberk" --mesh $data/mesh "$@" >$data/said 2>&1 || fail "hauberk $*: $(<$data/said)"; }
# roll SKEW: what the mesh is now, rendered and taken to each host of $order.
roll() {
    render
    stagger "$1" apply
}
