# Sourced by rotation.sh: what hauberk's own rotation promises, a scene each.

# running HOST: its interfaces with their public keys.
running() { on "$1" wg show all dump | awk -F '\t' 'NF == 5 { print $1, $3 }'; }
running_all() {
    local name
    for name in "${hosts[@]}"; do running "$name" | sed "s/^/$name /"; done
}
# psk HOST: the digests of the preshared keys of its peers.
preshared() { on "$1" wg show all preshared-keys | cut -f 3 | sort | sha256sum; }
private_keys() { sed -n 's/^PrivateKey = //p' $data/disk-"$1"/etc/wireguard/*.conf; }

# changed HOST …: fails unless these have other public keys than in $data/before, all others the same, each host has one
# interface, and no former private key of these is left on its disk.
changed() {
    local name key
    for name in "${hosts[@]}"; do
        (($(running "$name" | wc -l) == 1)) || fail "$name has not one interface: $(running "$name")"
        key=$(running "$name" | cut -d ' ' -f 2)
        if [[ " $* " == *" $name "* ]]; then
            ! grep -qF "$key" $data/before || fail "$name has its former key"
            ! grep -rqFf $data/"$name".private $data/disk-"$name" || fail "a former key is left on $name"
        else
            grep -qF "$name " $data/before && grep -qF "$key" $data/before || fail "$name has another key"
        fi
    done
}
remember() {
    running_all >$data/before
    local name
    for name in "${hosts[@]}"; do private_keys "$name" >$data/"$name".private; done
}

whole_mesh() {
    remember
    begin_load "${hosts[@]}"
    rotate all 1
    end_load
    untouched "while all keys were changed"
    changed "${hosts[@]}"
    echo "the keys of all hosts are changed and nothing is lost"
}

one_peer() {
    remember
    begin_load "${hosts[@]}"
    rotate alpha 1
    end_load
    untouched "while a host's key was changed"
    changed alpha
    echo "the key of one host is changed and nothing is lost"
}

preshared_keys() {
    local before name
    before=$(for name in "${hosts[@]}"; do preshared "$name"; done)
    begin_load "${hosts[@]}"
    operate rotate --preshared-keys
    finish 1
    end_load
    untouched "while preshared keys were changed"
    for name in "${hosts[@]}"; do
        ! grep -qF "$(preshared "$name")" <<<"$before" || fail "$name has its former preshared keys"
    done
    echo "the preshared keys are changed and nothing is lost"
}

# Whether no rotation is under way.
over() { [[ $("${clock[@]}" "$hauberk" --mesh $data/mesh rotate status --json) == *'"stage" : "idle"'* ]]; }
# finish SKEW: the rest of a rotation, also of one that is taken back, stage by stage.
finish() {
    local stage
    for stage in {1..4}; do
        roll "$1"
        ! over || return 0
        operate rotate advance --acknowledged all
    done
    fail "the rotation does not end: $("$hauberk" --mesh $data/mesh rotate status)"
}

# at SECONDS: the operator's clock shows so many seconds after the deadline of the rotation.
at() {
    local deadline
    # Exit status 2: it waits for somebody.
    deadline=$({ "$hauberk" --mesh $data/mesh rotate status --json || (($? == 2)); } | sed -n 's/.*"deadline" : "\(.*\)".*/\1/p')
    clock=(env NO_FAKE_STAT=1 faketime "@$(($(date -d "$deadline" +%s) + $1))")
}

# A host that nobody hears of, from before the first stage until a second before the deadline of the last.
absent() {
    local order=(alpha beta gamma)
    remember
    on delta ip link set eth1 down
    ! reach alpha delta >/dev/null || fail "delta answers without a wire"
    begin_load alpha beta gamma
    operate rotate --all
    roll 1
    operate rotate advance --acknowledged all --absent delta
    roll 1
    operate rotate advance --acknowledged all
    roll 1
    end_load
    untouched "while a host was away"
    echo "without an absent host the others change their keys and lose nothing"
    running_all >$data/kept
    at -1
    ! "${clock[@]}" "$hauberk" --mesh $data/mesh rotate advance >$data/said 2>&1 || fail "it is not waited for"
    grep -q '"delta" was left behind, and its former way is kept until' $data/said || fail "not so: $(<$data/said)"
    roll 1
    running_all | diff $data/kept - >&2 || fail "before the deadline its former way goes"
    # At the deadline it is given up, as the mesh's copy shows.
    cp -a $data/mesh $data/late
    at 0
    "${clock[@]}" "$hauberk" --mesh $data/late rotate advance >$data/said 2>&1 || fail "kept for ever: $(<$data/said)"
    grep -q delta $data/said || fail "nobody says that delta is cut off: $(<$data/said)"
    at -1
    begin_load alpha beta gamma
    on delta ip link set eth1 up
    await 15 "delta, with its former keys," reach_all delta
    apply delta
    await 15 "delta, with its new keys," reach_all delta
    order=("${hosts[@]}")
    operate rotate acknowledge delta
    finish 1
    await 15 "delta, when all is over," reach_all delta
    end_load
    untouched "while a host came back"
    changed "${hosts[@]}"
    clock=()
    echo "when it comes back it is reachable, catches up, and the others lose nothing"
}

# Every host, at every stage and in the middle of each, loses its power.
reboot() {
    local order name
    remember
    operate rotate --all
    reboot_all "begun"
    for stage in prepared switched retired; do
        render
        order=(alpha beta) && stagger 0 apply
        reboot_all "half $stage"
        order=(gamma delta) && stagger 0 apply
        reboot_all "$stage"
        [[ $stage == retired ]] || operate rotate advance --acknowledged all
    done
    changed "${hosts[@]}"
    echo "every host that loses its power at any stage is reachable when it comes back"
}
# reboot_all STAGE: one after the other; their tunnels come up in either order.
reboot_all() {
    local name reversed=
    for name in "${hosts[@]}"; do
        switch_off "$name"
        boot "$name" $reversed
        # WireGuard gives up a session that is gone on the other side after 15 s alone, and asks again every 5 s.
        await 14 "the tunnels of $name, rebooted when $1," reach_all "$name"
        [[ -n $reversed ]] && reversed= || reversed=reversed
    done
}

# Back to the former keys, from every stage and from the middle of each.
abort() {
    local stage order
    remember
    for stage in "half prepared" prepared "half switched" switched; do
        begin_load "${hosts[@]}"
        operate rotate --all
        render
        [[ $stage != "half prepared" ]] || { order=(alpha beta) && stagger 0 apply; }
        order=("${hosts[@]}")
        [[ $stage == "half prepared" ]] || stagger 0 apply
        if [[ $stage == *switched ]]; then
            operate rotate advance --acknowledged all
            render
            [[ $stage == switched ]] || order=(alpha beta)
            stagger 0 apply
            order=("${hosts[@]}")
        fi
        operate rotate abort
        finish 1
        end_load
        untouched "while a rotation was taken back when $stage"
        running_all | diff $data/before - >&2 || fail "other keys than before it was $stage"
    done
    echo "a rotation that is taken back at any stage leaves the former keys and loses nothing"
}

# The same when all have taken the last stage but for an absent host.
abort_late() {
    local order=(alpha beta gamma)
    remember
    on delta ip link set eth1 down
    begin_load alpha beta gamma
    operate rotate --all
    roll 0
    operate rotate advance --acknowledged all --absent delta
    roll 0
    operate rotate advance --acknowledged all
    roll 0
    operate rotate abort
    finish 0
    end_load
    untouched "while a rotation was taken back when all but one had ended it"
    on delta ip link set eth1 up
    await 15 "delta, with its former keys," reach_all delta
    running_all | diff $data/before - >&2 || fail "other keys than before"
    echo "so does one that all have ended but for a host that is away"
}
