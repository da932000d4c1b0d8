# Sourced by apply.sh: trees in tar archives.

bundle() {
    shopt -s lastpipe
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
        tar -C $tree --format=$form -cf - . | apply alpha -
        expect 0 alpha
        grep -q "nothing to do" $data/alpha.said || fail "$form: $(cat $data/alpha.said)"
    done
    (cd $tree && busybox tar -cf - etc) | apply alpha - --json
    grep -q '"outcome" : "unchanged"' $data/alpha.said || fail "$(cat $data/alpha.said)"
    echo "an archive is as good as a folder"
    state alpha >$data/before
    cp -a $tree $data/tree
    sed -i 's/^MTU = .*/MTU = 1300/' $data/tree/etc/wireguard/wg0.conf
    # refused WHY: an archive on standard input.
    refused() {
        apply alpha -
        expect 65 alpha
        grep -qE "$1" $data/alpha.said || fail "not \"$1\": $(cat $data/alpha.said)"
        [[ -z $(ls -d /run/hauberk-apply.* 2>/dev/null) ]] || fail "something is left in /run"
    }
    : | refused "tar archive"
    tar -C $data/tree -cf - . | head -c 9000 | refused "cut off|whole tar archive"
    tar -C $data/tree -czf - . | refused "compressed|whole tar archive"
    cat $data/tree/etc/wireguard/wg0.conf | refused "tar archive"
    ln -s /etc/passwd $data/tree/etc/wireguard/wg1.conf
    tar -C $data/tree -cf - . | refused "neither a file nor a folder"
    rm $data/tree/etc/wireguard/wg1.conf
    tar -C $data/tree -cf - --transform 's,wg0.conf,../../../up.conf,' . 2>/dev/null | refused "."
    tar -C $data/tree -cf - --exclude wg0.conf . | refused "0 configurations"
    apply alpha $data/none.tar
    expect 66 alpha
    state alpha | diff $data/before - >&2 || fail "something was changed"
    [[ ! -e /up.conf && ! -e $data/up.conf ]] || fail "a file came beside the tree"
    echo "what is no whole archive of a tree is refused, and changes nothing"
}
