# Sourced by push.sh: what hosts tell of a plan.

# What the hosts say that would change there.
live() {
    plan() {
        status=0
        on admin "$hauberk" --mesh $data/mesh plan --out $data/out --live --ssh-config $data/ssh_config "$@" \
            >$data/said 2>$data/notes || status=$?
    }
    pair
    plan --exit-code
    expect 2
    said '^On the hosts: 2 to change$'
    said 'bring the interface up'
    [[ -z $(on alpha wg show interfaces) && -z $(ls $data/hosts/alpha/wireguard) ]] || fail "alpha was changed"
    push
    expect 0
    plan --exit-code
    expect 0
    said '^On the hosts: 2 as the mesh says$'
    echo "hosts say what a push would change there, and nothing after it"
    # Nobody who looks at files alone can see that.
    on alpha wg set wg0 peer "$(on beta wg show wg0 public-key)" remove
    on beta nft flush ruleset
    state alpha >$data/before-alpha
    state beta >$data/before-beta
    plan --exit-code
    expect 2
    said '^On the hosts: 2 to change$'
    said '^      set 1 peer: beta$'
    said '^      load the firewall$'
    state alpha | diff $data/before-alpha - >&2 || fail "alpha was changed"
    state beta | diff $data/before-beta - >&2 || fail "beta was changed"
    clean alpha && clean beta || fail "something is left in /run"
    plan alpha --json
    expect 0
    [[ $(tr -d ' \n' <$data/said) == *'"live":[{"cutsSessions":false,"files":[],"peer":"alpha","standing":"changed","steps":["set1peer:beta"]}]'* ]] ||
        fail "$(cat $data/said)"
    ! grep -qF "$(on alpha wg show wg0 private-key)" $data/said $data/notes $data/hosts/alpha/sshd.log || fail "a key was printed"
    echo "what somebody has changed on a host is told, and stays"
    stop ${listener[beta]}
    plan
    expect 69
    said '^On the hosts: 1 to change, 1 cannot be reached$'
    said '^  ! beta: '
    echo "a host that cannot be reached is named"
}

# What hosts have acknowledged, whatever has been rendered since.
delivered() {
    plan() {
        status=0
        "$hauberk" --mesh $data/mesh plan --out $data/out --exit-code "$@" >$data/said 2>$data/notes || status=$?
    }
    pair
    plan --delivered
    expect 2
    said '^  \+ alpha: a new host$'
    push
    expect 0
    plan --delivered
    expect 0
    said '^pair: nothing changes on 2 hosts, and no flow$'
    sed -i 's/80\/tcp/81\/tcp/' $data/mesh/mesh.yaml
    render
    plan
    expect 0
    plan --delivered
    expect 2
    said '^pair: of 2 hosts, 2 to change, 0 to add, 0 removed; flows: 1 to open, 1 to close$'
    said '^  \+ all -> all: 81/tcp \(overlay\)'
    said '^  - all -> all: 80/tcp \(overlay\)'
    echo "a plan compares with what hosts have acknowledged, and names the flows"
    push alpha
    expect 0
    plan --delivered
    expect 2
    said '^pair: of 2 hosts, 1 to change, 0 to add, 0 removed; flows cannot be told: '
    said '^  ~ beta: firewall$'
    [[ -z $(find $data/out/.hauberk/pair/sent -name '*.conf' -perm /077) && $(stat -c %a $data/out/.hauberk/pair/sent) == 700 ]] ||
        fail "others may read what is kept"
    echo "also where hosts are of different states"
    rm $data/out/.hauberk/pair/sent/beta/etc/wireguard/wg0.conf
    plan --delivered
    expect 2
    said '^pair: of 2 hosts, 0 to change, 0 to add, 0 removed, 1 unknown; '
    said '^  \? beta: what it has acknowledged is not kept: push to it again'
    push
    expect 0
    plan --delivered
    expect 0
    echo "and says when that is gone"
    [[ $(ls $data/out/.hauberk/pair/sent/.hauberk/pair | wc -l) == 2 ]] || fail "$(ls $data/out/.hauberk/pair/sent/.hauberk/pair)"
    "$hauberk" --mesh $data/mesh add gamma --site here --private 10.132.0.4 >/dev/null 2>&1 || fail "no gamma"
    "$hauberk" --mesh $data/mesh remove alpha >/dev/null 2>&1 || fail "alpha stays"
    render
    push beta
    [[ $(ls $data/out/.hauberk/pair/sent) == beta ]] || fail "kept: $(ls $data/out/.hauberk/pair/sent)"
    echo "nothing is kept of a host that is removed"
}
