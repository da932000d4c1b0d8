# Sourced by apply.sh: scenes in which the host loses what an apply needs.

# The first process is killed in the middle of a step, when its program has gone from the disk.
orphaned() {
    up
    state alpha >$data/before
    cp -a $data/out/alpha $data/slow
    sed -i 's/^Table = off/&\nPostUp = sleep 60/' $data/slow/etc/wireguard/wg0.conf
    cp "$hauberk" $data/program
    start alpha $data/alpha.log $data/program apply $data/slow --root $data/root-alpha
    await 20 "a step that takes long" pgrep -f '^sleep 60$'
    rm $data/program
    kill -KILL $started
    wait $started 2>/dev/null || true
    await 20 "the way back" settled alpha
    state alpha | diff $data/before - >&2 || fail "not all is as before"
    await 10 "the end of what was left running" free
    ! pgrep -f '^sleep 60$' || fail "a step goes on"
    echo "killed in a step, without its program, the host is as it was"
}

# A tool never ends: for all steps there is a limit, here a short one. Alone, alpha has nobody to ask before.
hangs() {
    mkdir -p $data/root-alpha $data/tools
    apply alpha $data/out/alpha
    expect 0 alpha
    state alpha >$data/before
    other
    printf '%s\n' '#!/bin/sh' "[ \"\$1\" != addconf ] || ! mkdir $data/hung || exec sleep 86399" \
        "exec $(command -v wg) \"\$@\"" >$data/tools/wg
    chmod 755 $data/tools/wg
    local within
    for within in 0 60; do
        rm -rf $data/hung
        PATH=$data/tools:$PATH HAUBERK_APPLY_STEP_SECONDS=5 apply alpha $data/out/alpha --confirm-within $within
        [[ -d $data/hung ]] || fail "nothing hung: $(cat $data/alpha.said)"
        expect 137 alpha
        await 20 "the way back" settled alpha
        ! pgrep -f '^sleep 86399$' || fail "a tool goes on"
        state alpha | diff $data/before - >&2 || fail "not all is as before"
        await 10 "the end of all" free
        [[ -z $(find $data/root-alpha/etc -name '*.hauberk-*') ]] || fail "files are left"
    done
    apply alpha $data/out/alpha
    expect 0 alpha
    await 10 "the end of all" free
    [[ -z $(on alpha find /run -name 'hauberk-*') ]] || fail "left in /run: $(on alpha find /run -name 'hauberk-*')"
    echo "a step that hangs is ended, and the host is as it was"
}

full() {
    up
    state alpha >$data/before
    other
    on alpha mount -t tmpfs -o size=16k,mode=755 tmpfs $data/root-alpha/var/lib/hauberk/apply
    apply alpha $data/out/alpha
    expect 74 alpha
    grep -q disk-full $data/alpha.said || fail "$(cat $data/alpha.said)"
    on alpha umount $data/root-alpha/var/lib/hauberk/apply
    state alpha | diff $data/before - >&2 || fail "not all is as before"
    on alpha mount --bind $data/root-alpha/etc/hauberk $data/root-alpha/etc/hauberk
    on alpha mount -o remount,bind,ro $data/root-alpha/etc/hauberk
    apply alpha $data/out/alpha
    expect 77 alpha
    on alpha umount $data/root-alpha/etc/hauberk
    state alpha | diff $data/before - >&2 || fail "not all is as before"
    pending alpha && fail "something is pending"
    echo "a full and a read-only disk change nothing"
}
