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
