# Sourced by apply.sh: trees in tar archives, and hosts that are odd.

# A host that is mounted with care, or was tampered with.
odd() {
    mkdir $data/root-alpha
    on alpha mount -o remount,noexec /run || fail "no mount"
    up
    echo "nothing has to be run in /run"
    local folder=$data/root-alpha/etc/hauberk/wg0 pending=$data/root-alpha/var/lib/hauberk/apply/pending
    chmod 644 $folder/firewall
    apply alpha $data/out/alpha
    expect 0 alpha
    [[ $(stat -c %a $folder/firewall) == 755 ]] || fail "$(cat $data/alpha.said)"
    echo "a script that lost its permission gets it back"
    state alpha >$data/before
    mkdir $pending
    printf 'id 1\ninterface wg0\nof-another-version\nend\n' >$pending/journal
    touch $pending/armed
    local words
    for words in "$data/out/alpha" --rollback --status; do
        apply alpha $words
        expect 74 alpha
        grep -q "not one that this version can read" $data/alpha.said || fail "$(cat $data/alpha.said)"
    done
    [[ -e $pending/journal ]] || fail "it is gone"
    rm -r $pending
    state alpha | diff $data/before - >&2 || fail "something was changed"
    echo "what another version has begun is left to it"
    on alpha timeout 20 env --ignore-signal=CHLD "$half" apply $data/out/alpha --root $data/root-alpha >$data/alpha.said 2>&1 ||
        fail "$(cat $data/alpha.said)"
    grep -q "nothing to do" $data/alpha.said || fail "$(cat $data/alpha.said)"
    echo "whoever starts it need not listen to its children"
}

bundle() {
    local root=$data/root-alpha form tree=$data/out/alpha
    mkdir $root $data/root-beta
    apply beta $data/out/beta
    tar -C $tree -cf $data/alpha.tar .
    apply alpha $data/alpha.tar
    expect 65 alpha
    grep -q "others may read it" $data/alpha.said || fail "$(cat $data/alpha.said)"
    chmod 600 $data/alpha.tar
    apply alpha $data/alpha.tar --dry-run
    expect 0 alpha
    [[ -z $(ls -A $root) ]] || fail "a dry run wrote something"
    apply alpha $data/alpha.tar
    expect 0 alpha
    diff -r $tree/etc $root/etc >&2 || fail "other files than rendered"
    await 10 "the tunnel" reach
    for form in gnu ustar pax; do
        tar -C $tree --format=$form -cf $data/form.tar .
        apply alpha - <$data/form.tar
        expect 0 alpha
        grep -q "nothing to do" $data/alpha.said || fail "$form: $(cat $data/alpha.said)"
    done
    (cd $tree && busybox tar -cf $data/form.tar etc)
    apply alpha - --json <$data/form.tar
    expect 0 alpha
    grep -q '"outcome" : "unchanged"' $data/alpha.said || fail "$(cat $data/alpha.said)"
    echo "an archive is as good as a folder"
    state alpha >$data/before
    cp -a $tree $data/tree
    sed -i 's/^MTU = .*/MTU = 1300/' $data/tree/etc/wireguard/wg0.conf
    # refused WHY: $data/bad.tar, on standard input.
    refused() {
        apply alpha - <$data/bad.tar
        expect 65 alpha
        grep -qE "$1" $data/alpha.said || fail "not \"$1\": $(cat $data/alpha.said)"
        on alpha sh -c '! ls -d /run/hauberk-apply.* 2>/dev/null' || fail "something is left in /run"
    }
    # pack ARGUMENT …: the tree that is not the host's.
    pack() { tar -C $data/tree -cf $data/bad.tar "$@" .; }
    : >$data/bad.tar
    refused "tar archive"
    pack && truncate -s 9000 $data/bad.tar
    refused "cut off|whole tar archive"
    pack -z
    refused "compressed|whole tar archive"
    cp $data/tree/etc/wireguard/wg0.conf $data/bad.tar
    refused "tar archive"
    ln -s /etc/passwd $data/tree/etc/wireguard/wg1.conf
    pack
    refused "neither a file nor a folder"
    rm $data/tree/etc/wireguard/wg1.conf
    pack -P --transform 's,^.*wg0.conf,../../../up.conf,'
    refused "leads out of it|etc/wireguard|whole tar archive|configurations"
    pack --exclude wg0.conf
    refused "0 configurations"
    apply alpha $data/none.tar
    expect 66 alpha
    state alpha | diff $data/before - >&2 || fail "something was changed"
    [[ ! -e /up.conf && ! -e $data/up.conf ]] || fail "a file came beside the tree"
    echo "what is no whole archive of a tree is refused, and changes nothing"
}
