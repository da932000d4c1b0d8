# Sourced by push.sh: pushes that are cut, by a signal or by the death of a client, an sshd or a host.

# A push that is asked to end.
interrupt() {
    pair
    push
    expect 0
    state alpha >$data/old
    state beta >$data/beta.old
    sed -i 's/80\/tcp/8080\/tcp/' $data/mesh/mesh.yaml
    render
    local number
    for number in TERM INT; do
        start admin $data/cut.log env --default-signal=INT "$hauberk" --mesh $data/mesh push --out $data/out \
            --ssh-config $data/ssh_config --confirm-within 8
        await 20 "an apply" armed
        kill -$number $started
        status=0
        wait $started || status=$?
        ((status == 1)) || fail "ended with $status: $(cat $data/cut.log)"
        ! pgrep -x ssh >/dev/null || fail "an ssh is left"
        grep -q '^alpha  unknown    interrupted' $data/cut.log || fail "$(cat $data/cut.log)"
        grep -q '^beta   not begun  the push was interrupted' $data/cut.log || fail "$(cat $data/cut.log)"
        await 30 "the old alpha" back
    done
    state beta | diff $data/beta.old - >&2 || fail "beta has changed"
    push
    expect 0
    said '2 new$'
    echo "a push that is ended ends its children, and the next one goes on"
}
back() { quiet && clean alpha && settled alpha && state alpha | cmp -s - $data/old; }

# The processes in a host's network, but the one that holds it.
inhabitants() {
    local space process
    space=$(readlink /proc/${holder[$1]}/ns/net)
    for process in /proc/[0-9]*; do
        [[ $(readlink $process/ns/net 2>/dev/null) != "$space" || ${process#/proc/} == "${holder[$1]}" ]] ||
            echo ${process#/proc/}
    done
}

# kill_client: this machine dies: hauberk and its ssh.
kill_client() {
    local child
    child=$(pgrep -P $client || true)
    kill -KILL $client $child 2>/dev/null || true
}
# kill_sshd: every sshd of the host dies, and the service comes back.
kill_sshd() {
    local process
    for process in $(inhabitants alpha); do
        [[ $(cat /proc/$process/comm 2>/dev/null) != sshd ]] || kill -KILL $process 2>/dev/null || true
    done
    wait ${listener[alpha]} 2>/dev/null || true
    serve alpha
    await 5 "sshd on alpha" listens 2
}
# kill_host: the host dies, and boots: nothing but its files is left.
kill_host() {
    await 10 "the end of all" empty
    on alpha sh -c 'rm -rf /run/hauberk-push.* /run/wireguard/*; nft flush ruleset; ip link delete wg0 2>/dev/null; true'
    on alpha "$hauberk" apply --rollback >$data/boot.log 2>&1 || true
    # To that, this boot is still the same, in which it puts all back.
    on alpha wg show wg0 >/dev/null 2>&1 || on alpha wg-quick up wg0 >>$data/boot.log 2>&1 || fail "alpha does not boot: $(cat $data/boot.log)"
    serve alpha
    await 5 "sshd on alpha" listens 2
}
empty() {
    local left
    left=$(inhabitants alpha)
    [[ -n $left ]] || return 0
    kill -KILL $left 2>/dev/null
    return 1
}
# Whether no apply runs there.
quiet() {
    local process
    for process in $(inhabitants alpha); do
        [[ $(cat /proc/$process/comm 2>/dev/null) != hauberk ]] || return 1
        ! tr '\0' ' ' 2>/dev/null <"/proc/$process/cmdline" | grep -q ' apply-[a-z]* ' || return 1
    done
}

# The moments at which something is killed, as the host shows them.
begun() { cargo alpha; }
armed() { [[ -e $data/hosts/alpha/lib/hauberk/apply/pending/armed ]]; }
waits() { [[ -e $data/hosts/alpha/lib/hauberk/apply/pending/waiting ]]; }
confirmed() { [[ -e $data/hosts/alpha/lib/hauberk/apply/pending/confirmed || $(now) == new ]]; }
now() {
    state alpha >$data/now
    if cmp -s $data/now $data/old; then
        echo old
    elif cmp -s $data/now $data/new; then
        echo new
    else
        echo neither
    fi
}
whole() { quiet && clean alpha && settled alpha && [[ $(now) != neither ]]; }

# cut_off WHAT: a push of the new tree over the old one is cut at each moment by killing WHAT.
cut_off() {
    pair
    cp -a $data/out $data/first
    push alpha --as-rendered
    expect 0
    state alpha >$data/old
    sed -i 's/80\/tcp/8080\/tcp/' $data/mesh/mesh.yaml
    render
    push alpha --as-rendered
    expect 0
    state alpha >$data/new
    ! cmp -s $data/old $data/new || fail "there is nothing to change"
    local moment deadline outcomes= moments='begun armed waits confirmed'
    # What comes before is the same with every half.
    ((${#with[@]} == 0)) || moments='armed waits confirmed'
    for moment in $moments; do
        rm -rf $data/kept && mv $data/out $data/kept && cp -a $data/first $data/out
        push alpha --as-rendered
        expect 0
        [[ $(now) == old ]] || fail "alpha is not back"
        rm -rf $data/out && mv $data/kept $data/out
        start admin $data/cut.log "$hauberk" --mesh $data/mesh push alpha --as-rendered --out $data/out \
            --ssh-config $data/ssh_config --confirm-within 5 ${with[@]+"${with[@]}"}
        client=$started
        deadline=$((SECONDS + 20))
        until $moment >/dev/null 2>&1; do
            ((SECONDS < deadline)) || fail "$moment did not come: $(cat $data/cut.log)"
            kill -0 $client 2>/dev/null || break
        done
        kill_$1
        await 30 "a whole alpha after $1 was killed, $moment" whole
        outcomes+=" $moment:$(now)"
        wait $client 2>/dev/null || true
        push alpha --as-rendered
        expect 0
        [[ $(now) == new ]] || fail "a push again does not converge: $(diff $data/new $data/now)"
        await 10 "a clean /run" clean alpha
    done
    say "$1:$outcomes"
    echo "$1 killed anywhere, the host is wholly old or wholly new, and a push again converges"
}
cut_client() { cut_off client; }
cut_sshd() { cut_off sshd; }
cut_host() { cut_off host; }
