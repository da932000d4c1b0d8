# Sourced by push.sh: pushes to a host that takes the script.

# A host where this program does not run.
foreign() {
    pair
    mkdir $data/other
    printf '#!/bin/sh\necho riscv64\n' >$data/other/uname
    chmod 755 $data/other/uname
    kill ${listener[alpha]}
    sed -i "s#^SetEnv PATH=[^ ]*#SetEnv PATH=$data/other:/usr/bin:/bin#" $data/hosts/alpha/sshd_config
    serve alpha
    await 5 "sshd on alpha" listens 2
    push --json
    expect 0
    (($(grep -c '"outcome" : "new"' $data/said) == 2)) || fail "$(cat $data/said)"
    grep -q '"half" : "the script"' $data/said && grep -q '"half" : "the installed hauberk"' $data/said ||
        fail "$(cat $data/said)"
    [[ $(head -c 9 $data/hosts/alpha/lib/hauberk/half/*) == '#!/bin/sh' ]] || fail "$(ls $data/hosts/alpha/lib/hauberk/half)"
    diff -r $data/out/alpha/etc/wireguard $data/hosts/alpha/wireguard >&2 || fail "other files than rendered"
    await 5 "a clean /run" clean alpha
    echo "a host where the program does not run is brought the script by itself"
    push
    expect 0
    said '2 unchanged$'
    push alpha --half binary
    expect 1
    said '^alpha +refused +what was carried does not run there'
    push alpha --half installed
    expect 1
    said '^alpha +refused +it has no hauberk of this version'
    push beta --half script
    expect 0
    said '1 unchanged$'
    echo "and a half can be chosen"
    # The script's change is put back by the program, and the other way round.
    state alpha >$data/before
    sed -i 's/80\/tcp/8080\/tcp/' $data/mesh/mesh.yaml
    render
    local half=$(echo $data/hosts/alpha/lib/hauberk/half/*) first second
    for first in "$half" "$hauberk"; do
        second=$half
        [[ $first != "$half" ]] || second=$hauberk
        start alpha $data/first.log "$first" apply $data/out/alpha --confirm-within 60
        await 30 "what waits" waits
        status=0
        on alpha "$second" apply $data/out/alpha >$data/said 2>&1 || status=$?
        expect 75
        kill -KILL $started $(pgrep -f 'apply-guard')
        wait $started 2>/dev/null || true
        on alpha "$second" apply --rollback >$data/said 2>&1 || fail "$(cat $data/said)"
        state alpha | diff $data/before - >&2 || fail "not all is as before"
        start alpha $data/first.log "$first" apply $data/out/alpha --confirm-within 60
        await 30 "what waits" waits
        on alpha "$second" apply --confirm >$data/said 2>&1 || fail "$(cat $data/said)"
        wait $started || fail "$(cat $data/first.log)"
        on alpha "$first" apply $data/out/alpha --json >$data/said 2>&1
        said '"unchanged"'
        sed -i 's/8080\/tcp/80\/tcp/' $data/mesh/mesh.yaml
        render
        on alpha "$second" apply $data/out/alpha >$data/said 2>&1 || fail "$(cat $data/said)"
        state alpha | diff $data/before - >&2 || fail "not all is as before"
        sed -i 's/80\/tcp/8080\/tcp/' $data/mesh/mesh.yaml
        render
    done
    echo "the program and the script end what the other has begun"
}
