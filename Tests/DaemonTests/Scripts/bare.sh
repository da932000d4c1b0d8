# Sourced by push.sh: hosts that have no hauberk, or next to nothing.

# A host without hauberk, and a login that is not root's.
carry() {
    pair
    stop ${listener[alpha]}
    sed -i "s#^SetEnv PATH=[^ ]*#SetEnv PATH=/usr/bin:/bin#" $data/hosts/alpha/sshd_config
    ! PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin command -v hauberk >/dev/null ||
        fail "hauberk is installed here"
    echo 'ops:x:4711:4711::/:/bin/sh' >>$data/etc/passwd
    echo 'ops:*:19000:0:99999:7:::' >>$data/etc/shadow
    echo 'ops:x:4711:' >>$data/etc/group
    chmod 755 $data
    chmod 644 $data/authorized_keys
    serve alpha
    await 5 "sshd on alpha" listens 2
    push alpha --user ops
    expect 1
    said '^alpha +refused +sudo: '
    [[ ! -e $data/hosts/alpha/lib/hauberk ]] || fail "something was written"
    echo "a login that may not do it changes nothing"
    echo 'ops ALL=(ALL) NOPASSWD: ALL' >$data/etc/sudoers.d/ops
    push alpha --user ops
    expect 0
    said '^pair: of 1 host: 1 new$'
    diff -r $data/out/alpha/etc/wireguard $data/hosts/alpha/wireguard >&2 || fail "other files than rendered"
    await 5 "a clean /run" clean alpha
    local half
    half=$(echo $data/hosts/alpha/lib/hauberk/half/*)
    [[ $(stat -c %a%U $half) == 700root && $(stat -c %a $(dirname $half)) == 700 ]] || fail "$(stat $half)"
    cmp $half "$hauberk" >&2 || fail "another program"
    [[ $(basename $half) == "$(sha256sum "$hauberk" | cut -d ' ' -f 1)" ]] || fail "another name: $half"
    echo "a host without hauberk is brought it, and sudo does the work"
    local carried
    carried=$(stat -c '%i %Y' $half)
    push alpha --user ops --binary "$hauberk"
    expect 0
    said '1 unchanged$'
    [[ $(stat -c '%i %Y' $half) == "$carried" ]] || fail "it was brought twice"
    echo "echo I am not hauberk" >$half
    push alpha --user ops
    expect 0
    said '1 unchanged$'
    cmp $half "$hauberk" >&2 || fail "another program"
    echo "it is brought once, and again when it was changed"
    printf '#!/bin/sh\nexit 1\n' >$data/foreign
    push alpha --user ops --binary $data/foreign
    expect 1
    said '^alpha +refused +what was carried does not run there'
    await 5 "a clean /run" clean alpha
    echo "what does not run there changes nothing"
}

# A host whose sessions see nothing but HAUBERK_BARE_ROOT: Debian's minbase with wireguard-tools, iproute2, nftables and
# netbase, whose /etc/protocols nft(8) reads names of protocols from.
bare() {
    local root=$data/bare
    pair
    stop ${listener[alpha]}
    # sshd wants every folder above to be root's alone.
    chmod 755 $data
    mkdir $root
    on alpha mount --bind "$HAUBERK_BARE_ROOT" $root
    on alpha sh -euc '
        mount -t tmpfs tmpfs $1/run
        mkdir -p $1/run/wireguard $1/etc/hauberk $1/etc/wireguard $1/dev/net
        mount -t proc proc $1/proc
        mount --rbind /dev $1/dev
        touch $1/usr/bin/wireguard-go
        mount --bind $(command -v wireguard-go) $1/usr/bin/wireguard-go
        for pair in wireguard:/etc/wireguard hauberk:/etc/hauberk system:/etc/systemd/system lib:/var/lib; do
            mkdir -p $1${pair#*:}
            mount --bind $0/${pair%%:*} $1${pair#*:}
        done' $data/hosts/alpha $root
    sed -i "s#^SetEnv.*#ChrootDirectory $root#" $data/hosts/alpha/sshd_config
    serve alpha
    await 5 "sshd on alpha" listens 2
    push alpha
    expect 0
    said '^pair: of 1 host: 1 new$'
    diff -r $data/out/alpha/etc/wireguard $data/hosts/alpha/wireguard >&2 || fail "other files than rendered"
    [[ $(on alpha nft list tables) == *hauberk* ]] || fail "no firewall"
    [[ -z $(on alpha sh -c "ls -d $root/run/hauberk-push.* 2>/dev/null") ]] || fail "something is left in /run"
    push alpha
    expect 0
    said '1 unchanged$'
    echo "a bare host is brought the ${with[1]-program}, and to its tree"
}
