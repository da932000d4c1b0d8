# Sourced by apply.sh: trees that somebody has copied over the host's files before they are applied.

# over TREE: into the files that are there, as scp does it.
over() { cp -r $1/. $data/root-alpha/; }
endpoint() { on alpha wg show wg0 endpoints | cut -f 2; }
network() {
    on alpha ip -o addr show dev wg0 | sed 's/^[0-9]*: //' | grep -v fe80
    on alpha ip route show dev wg0
    on alpha ip -6 route show dev wg0 | grep -v fe80
}
unchanged() {
    apply alpha $1
    expect 0 alpha
    grep -q "nothing to do" $data/alpha.said || fail "$(cat $data/alpha.said)"
}

copied() {
    local root=$data/root-alpha conf=etc/wireguard/wg0.conf tree=$data/out/alpha
    up
    [[ $(stat -c %a $(applied) $(applied)/wg0.conf) == $'700\n600' ]] || fail "others may read what is kept"
    network >$data/network
    cp -a $tree $data/more
    sed -i 's/^Table = off/&\nPostUp = ip -4 route replace 10.99.0.0\/16 dev %i\nPostUp = ip -6 route replace fd99::\/48 dev %i/
        s/^Address = .*/&, 10.88.250.1\/32, fd5a:3c71:9e00::fa01\/128/' $data/more/$conf
    apply alpha $data/more
    expect 0 alpha
    # Beta moves, and nobody hears of it.
    on beta ip link set eth1 down
    on beta ip addr del 10.132.0.3/16 dev eth1
    on beta ip addr add 10.132.0.33/16 dev eth1
    cp -a $tree $data/next
    sed -i 's/^Endpoint = 10.132.0.3:/Endpoint = 10.132.0.33:/' $data/next/$conf
    over $data/next
    cmp -s $(applied)/wg0.conf $data/more/$conf || fail "what is kept was copied over, too"
    state alpha >$data/before
    start alpha $data/alpha.log "$half" apply $data/next --confirm-within 60 --root $root
    await 30 "what waits" test -e $root/var/lib/hauberk/apply/pending/waiting
    network | diff $data/network - >&2 || fail "addresses or routes are left, or gone"
    apply alpha --rollback
    expect 0 alpha
    wait $started && fail "what was put back ended well"
    state alpha | diff $data/before - >&2 || fail "not all is as before"
    apply alpha $data/next
    expect 0 alpha
    network | diff $data/network - >&2 || fail "addresses or routes are left, or gone"
    [[ $(endpoint) == 10.132.0.33:* ]] || fail "beta is looked for at $(endpoint)"
    on beta ip link set eth1 up
    await 30 "beta in its new place" reach
    unchanged $data/next
    echo "a copied tree leaves no address and no route, and sets what has moved"
    # The hooks of each state undo what those of the same have done, or fail.
    sed "s#^Table = off#&\nPostUp = mkdir $data/hooked\nPostDown = rmdir $data/hooked#" $data/next/$conf >$data/hooks
    cp -a $data/next $data/hooking && cat $data/hooks >$data/hooking/$conf
    over $data/hooking
    state alpha >$data/before
    start alpha $data/alpha.log "$half" apply $data/hooking --confirm-within 60 --root $root
    await 30 "what waits" test -e $root/var/lib/hauberk/apply/pending/waiting
    [[ -d $data/hooked ]] || fail "the hook was not run: $(cat $data/alpha.log)"
    apply alpha --rollback
    expect 0 alpha
    wait $started && fail "what was put back ended well"
    [[ ! -e $data/hooked ]] || fail "the hook was not undone: $(cat $data/alpha.said)"
    state alpha | diff $data/before - >&2 || fail "not all is as before"
    await 30 "the tunnel" reach
    apply alpha $data/hooking
    expect 0 alpha
    [[ -d $data/hooked ]] || fail "the hook was not run: $(cat $data/alpha.said)"
    over $data/next
    apply alpha $data/next
    expect 0 alpha
    [[ ! -e $data/hooked ]] || fail "the hook was not undone: $(cat $data/alpha.said)"
    unchanged $data/next
    await 30 "the tunnel" reach
    echo "hooks of a copied tree take a restart, and those that were applied are undone"
    cp -a $data/next $data/wide
    sed -i 's/^Address = .*/&, 10.88.250.2\/32/' $data/wide/$conf
    apply alpha $data/wide
    expect 0 alpha
    rm $(applied)/wg0.conf
    over $data/next
    unchanged $data/next
    cmp $(applied)/wg0.conf $data/next/$conf || fail "it is not kept"
    # As a power cut may leave it.
    : >$(applied)/wg0.conf
    over $data/wide
    unchanged $data/wide
    cmp $(applied)/wg0.conf $data/wide/$conf || fail "it is not kept"
    echo "where nothing is kept, the files alone count"
}
