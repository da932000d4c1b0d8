#!/usr/bin/env bash
# hauberk apply on real hosts: apply.sh FOLDER SCENE HAUBERK
#
#   alpha ── vpc ── beta          wireguard-go, wg-quick and nftables on each, its files below a root of its own
#
# Each thing that was seen is a line on standard output.
source "$(dirname "$0")/namespace.sh"
need wg-quick wireguard-tools wireguard-go wireguard-go nft nftables iptables iptables ping iputils-ping busybox busybox
need_root
asked "$@" && exit
enter_as_root "$@"

scene=$2
hauberk=$3
data=/mnt
settle $data
source "$(dirname "$0")/hosts.sh"
# What is killed leaves its private folder behind.
export TMPDIR=$data WG_QUICK_USERSPACE_IMPLEMENTATION=wireguard-go HAUBERK_IDENTITY=$data/identity
unset HAUBERK_APPLY_KILL_AT HAUBERK_APPLY_STEP_SECONDS
# The program, or in a shell of the name in HAUBERK_HALF the script that stands in for it.
half=$data/half
{ [[ -z ${HAUBERK_HALF:-} ]] && ln -s "$hauberk" $half; } ||
    { "$hauberk" apply-script | sed "1s,.*,#!/usr/bin/env -S $HAUBERK_HALF," >$half && chmod 755 $half; }

hub vpc
host alpha && host beta
wire alpha eth1 vpc 10.132.0.2/16
wire beta eth1 vpc 10.132.0.3/16

mkdir $data/mesh
cat >$data/mesh/mesh.yaml <<'END'
mesh: pair
prefixes: [10.88.0.0/16, fd5a:3c71:9e00::/48]
sites:
  here: {network: 10.132.0.0/16, interface: eth1}
services:
  ssh: {expose: {all: private}}
allow:
  - {from: all, to: all, service: ssh}
guard: {plaintext: reject, rescue: {from: beta, port: 22/tcp, over: underlay}}
peers:
  alpha: {site: here, private: 10.132.0.2}
  beta: {site: here, private: 10.132.0.3}
END
"$hauberk" init $data/mesh --operator tester >/dev/null 2>&1 || fail "no mesh"
render() { "$hauberk" --mesh $data/mesh render --out $data/out >/dev/null || fail "nothing was rendered"; }
render

# apply HOST ARGUMENT …: its answer in $data/HOST.said, its exit status in $status.
apply() {
    local host=$1
    shift
    status=0
    on $host "$half" apply "$@" --root $data/root-$host >$data/$host.said 2>&1 || status=$?
}
expect() { ((status == $1)) || fail "apply ended with $status, not $1: $(cat $data/$2.said)"; }
pending() { [[ -e $data/root-$1/var/lib/hauberk/apply/pending ]]; }
settled() { ! pending $1; }
address() { sed -n 's/^Address = \([0-9.]*\).*/\1/p' $data/out/$1/etc/wireguard/wg0.conf; }
reach() { on alpha ping -c 1 -W 1 $(address beta); }

# All that a host is: the interfaces, their network, the firewall and the files.
state() {
    local name
    for name in wg0 wg0-b; do
        on $1 wg showconf $name 2>/dev/null | sort || true
        on $1 ip -o addr show dev $name 2>/dev/null | sed 's/^[0-9]*: //' | grep -v fe80 || true
        on $1 ip -o link show dev $name 2>/dev/null | grep -o 'mtu [0-9]*' || true
        on $1 ip -4 route show table all dev $name 2>/dev/null || true
        on $1 ip -6 route show table all dev $name 2>/dev/null | grep -v 'fe80\|multicast' || true
    done
    on $1 nft -s list ruleset | grep -v 'packets\|counter' || true
    (cd $data/root-$1 && find . -path ./var -prune -o -type f -exec stat -c '%n %a' {} + -exec sha256sum {} + | sort)
}
up() {
    mkdir -p $data/root-alpha $data/root-beta
    local host
    for host in alpha beta; do
        apply $host $data/out/$host
        expect 0 $host
    done
    await 10 "the tunnel" reach
}

first() {
    mkdir $data/root-alpha
    apply alpha $data/out/alpha --dry-run
    expect 0 alpha
    grep -q "bring the interface up" $data/alpha.said || fail "$(cat $data/alpha.said)"
    [[ -z $(ls -A $data/root-alpha) ]] || fail "a dry run wrote something"
    up
    echo "a first apply brings the tunnel up"
    local host
    for host in alpha beta; do
        diff -r $data/out/$host/etc $data/root-$host/etc >&2 || fail "other files than rendered"
    done
    find $data/root-alpha -exec stat -c '%n %Y %Z %i' {} + >$data/before
    on alpha wg show wg0 dump | cut -f 1-5,8 >>$data/before
    apply alpha $data/out/alpha
    expect 0 alpha
    grep -q "nothing to do" $data/alpha.said || fail "$(cat $data/alpha.said)"
    find $data/root-alpha -exec stat -c '%n %Y %Z %i' {} + >$data/after
    on alpha wg show wg0 dump | cut -f 1-5,8 >>$data/after
    apply alpha $data/out/alpha --json
    grep -q '"outcome" : "unchanged"' $data/alpha.said || fail "$(cat $data/alpha.said)"
    # The lock is opened, and nothing else is touched.
    diff $data/before $data/after >&2 || fail "a second apply touched something"
    echo "a second apply touches nothing"
}

add() {
    up
    on alpha wg show wg0 latest-handshakes >$data/before
    start alpha $data/ping ping -i 0.005 -w 30 $(address beta)
    local ping=$started
    "$hauberk" --mesh $data/mesh add gamma --site here --private 10.132.0.4 >/dev/null 2>&1 || fail "no gamma"
    render
    local host
    for host in alpha beta; do
        apply $host $data/out/$host
        expect 0 $host
        (($(on $host wg show wg0 peers | wc -l) == 2)) || fail "no new peer"
    done
    kill -INT $ping
    wait $ping || true
    unbroken $data/ping || fail "packets were lost: $(tail -n 3 $data/ping)"
    on alpha wg show wg0 latest-handshakes | grep -F "$(cat $data/before)" >/dev/null || fail "a session was cut"
    echo "a peer more cuts nobody's session and loses no packet"
}

refuse() {
    up
    state alpha >$data/before
    try() {
        apply alpha $data/bad
        expect $1 alpha
        state alpha | diff $data/before - >&2 || fail "a refused tree changed something"
        pending alpha && fail "something is pending"
        ! grep -qF "$(sed -n 's/^PrivateKey = //p; s/^PresharedKey = //p' $data/out/alpha/etc/wireguard/wg0.conf)" \
            $data/alpha.said || fail "a key was printed"
        rm -r $data/bad
    }
    bad() { cp -a $data/out/alpha $data/bad; }
    bad && rm $data/bad/etc/hauberk/wg0/firewall && try 65
    bad && chmod 644 $data/bad/etc/wireguard/wg0.conf && try 65
    bad && chmod 666 $data/bad/etc/hauberk/wg0/rules.nft && try 65
    bad && echo nonsense >>$data/bad/etc/hauberk/wg0/rules.nft && try 65
    bad && echo nonsense >>$data/bad/etc/wireguard/wg0.conf && try 65
    bad && ln -s /etc/passwd $data/bad/etc/hauberk/wg0/link && try 65
    bad && echo x >$data/bad/etc/passwd && try 65
    bad && sed -i 's/^PresharedKey = /PresharedKey /' $data/bad/etc/wireguard/wg0.conf && try 65
    bad && sed -i 's/^Table = off/&\nPostUp = false/' $data/bad/etc/wireguard/wg0.conf && try 1
    await 30 "the tunnel" reach
    echo "a bad tree is refused and changes nothing"
    bad && sed -i 's/51820/51999/g' $data/bad/etc/hauberk/wg0/rules.nft && try 1
    grep -q "no answer any more" $data/alpha.said || fail "$(cat $data/alpha.said)"
    await 10 "the tunnel" reach
    echo "a firewall that cuts the tunnel is put back"
}

# A tree with another MTU, a peer more, another firewall and a route more.
other() {
    "$hauberk" --mesh $data/mesh add gamma --site here --private 10.132.0.4 >/dev/null 2>&1 || fail "no gamma"
    sed -i 's/^mesh: pair/&\nwireguard: {mtu: 1300}/' $data/mesh/mesh.yaml
    sed -i 's/^services:/&\n  web: {ports: [80\/tcp], expose: {all: private}}/; s/^allow:/&\n  - {from: all, to: all, service: web}/' \
        $data/mesh/mesh.yaml
    cp -a $data/out $data/old
    render
    sed -i 's/^Table = off/&\nPostUp = ip -4 route replace 10.99.0.0\/16 dev %i\nPostUp = ip -6 route replace fd99::\/48 dev %i/
        s/^Address = .*/&, 10.88.250.1\/32, fd5a:3c71:9e00::fa01\/128/' $data/out/alpha/etc/wireguard/wg0.conf
}

confirm() {
    up
    state alpha >$data/before
    other
    begin() {
        start alpha $data/alpha.log "$half" apply $data/out/alpha --confirm-within $1 --root $data/root-alpha
        await 20 "what waits" test -e $data/root-alpha/var/lib/hauberk/apply/pending/waiting
    }
    guard() { pgrep -o -f "apply-guard $data/root-alpha"; }
    begin 2
    [[ $(ps -o sid= -p $(guard)) -eq $(guard) ]] || fail "the other process is of this session"
    kill -KILL $started
    wait $started 2>/dev/null || true
    [[ $(on alpha wg show wg0 peers | wc -l) == 2 ]] || fail "it was not applied"
    await 15 "the way back" settled alpha
    state alpha | diff $data/before - >&2 || fail "not all is as before"
    echo "what nobody confirms is put back, though the first process was killed"
    begin 60
    kill -KILL $started $(guard)
    wait $started 2>/dev/null || true
    await 5 "the end of both" free
    apply alpha --rollback
    expect 0 alpha
    state alpha | diff $data/before - >&2 || fail "not all is as before"
    echo "if both are killed, the next command puts back"
    begin 60
    apply alpha $data/out/alpha
    expect 75 alpha
    grep -q 'process [0-9]* for "wg0", waiting' $data/alpha.said || fail "$(cat $data/alpha.said)"
    apply alpha --status
    grep -q "wg0: waiting" $data/alpha.said || fail "$(cat $data/alpha.said)"
    echo "a second one is told who is at work"
    apply alpha --confirm
    expect 0 alpha
    wait $started || fail "$(cat $data/alpha.log)"
    diff -r $data/out/alpha/etc $data/root-alpha/etc >&2 || fail "other files than rendered"
    apply alpha --confirm
    expect 1 alpha
    apply alpha $data/out/alpha
    grep -q "nothing to do" $data/alpha.said || fail "$(cat $data/alpha.said)"
    echo "what is confirmed stays"
    state alpha >$data/after
    render_old() { start alpha $data/alpha.log "$half" apply $data/old/alpha --confirm-within 60 --root $data/root-alpha; }
    render_old
    await 20 "what waits" test -e $data/root-alpha/var/lib/hauberk/apply/pending/waiting
    apply alpha --rollback
    expect 0 alpha
    wait $started && fail "what was put back ended well"
    state alpha | diff $data/after - >&2 || fail "not all is as before"
    echo "what is refused is put back"
}

killed() {
    up
    other
    state alpha >$data/before
    local point=0 old=0 new=0
    while :; do
        point=$((point + 1))
        ((point < 40)) || fail "there is no end"
        HAUBERK_APPLY_KILL_AT=$point apply alpha $data/out/alpha
        ((status == 0)) && break
        ((status == 137)) || fail "killed at $point: $status $(cat $data/alpha.said)"
        settle_down $point
        if state alpha | diff $data/before - >$data/difference; then
            old=$((old + 1))
        elif diff -r $data/out/alpha/etc $data/root-alpha/etc >/dev/null && matches; then
            new=$((new + 1))
            break
        else
            fail "killed at $point, it is neither old nor new: $(cat $data/difference)"
        fi
        [[ -z $(find $data/root-alpha/etc -name '*.hauberk-*') ]] || fail "killed at $point, files are left"
        await 10 "the tunnel, when it was killed at $point," reach
    done
    ((old >= 8)) || fail "only $old places"
    apply alpha $data/out/alpha
    expect 0 alpha
    echo "killed anywhere, the host is wholly old or wholly new"
}
settle_down() {
    # Before the other process is there, the next apply puts back; a dry run would not.
    if (($1 <= 2)); then apply alpha --rollback; else await 20 "the way back from $1" settled alpha; fi
}
matches() {
    apply alpha $data/out/alpha --dry-run
    grep -q "nothing to do" $data/alpha.said && cmp $data/out/alpha/etc/wireguard/wg0.conf $(applied)/wg0.conf
}
# Where alpha keeps the configurations as they were applied.
applied() { echo $data/root-alpha/var/lib/hauberk/apply/applied; }

# A first apply that is killed after a random time, also in the middle of wg-quick.
interrupted() {
    mkdir -p $data/root-alpha
    state alpha >$data/before
    local round delay
    RANDOM=${SEED:-7}
    for round in {1..12}; do
        delay=$((50 + RANDOM % 900))
        start alpha $data/alpha.log "$half" apply $data/out/alpha --root $data/root-alpha
        read -rt "$(printf '%d.%03d' $((delay / 1000)) $((delay % 1000)))" <> <(:) || true
        kill -KILL $started 2>/dev/null || true
        wait $started 2>/dev/null || true
        await 20 "the way back, cut after $delay ms," back
        if [[ -e $data/root-alpha/etc/wireguard/wg0.conf ]]; then
            matches || fail "cut after $delay ms, it is half new"
            on alpha wg-quick down wg0 2>/dev/null || on alpha ip link delete dev wg0
            on alpha $data/root-alpha/etc/hauberk/wg0/firewall remove
            rm -r $data/root-alpha && mkdir $data/root-alpha
        fi
        # A little later too, when what was left running would have come to its end.
        read -rt 0.3 <> <(:) || true
        state alpha | diff $data/before - >&2 || fail "cut after $delay ms, something is left"
    done
    echo "killed while it is brought up, the host has no interface, or all"
}
# Whether nothing is pending, or it could be put back: nobody else is at work.
back() {
    apply alpha --rollback
    ((status == 0))
}
# Whether no process of an apply is left.
free() { ! pgrep -f "apply-guard $data/root-alpha" && ! pgrep -f "[^ ]* apply .*--root $data/root-alpha"; }

change() {
    up
    state alpha >$data/before
    cp -a $data/out/alpha $data/tree
    local conf=$data/tree/etc/wireguard/wg0.conf
    sed -i "s#^PresharedKey = .*#PresharedKey = $(wg genpsk)#; s#^PrivateKey = .*#PrivateKey = $(wg genkey)#" $conf
    sed -i 's/^ListenPort = .*/ListenPort = 51830/; s/^MTU = .*/&\nFwMark = 77/' $conf
    sed -i "s#^Table = off#&\nPostUp = touch $data/hooked#; /firewall load/d; /firewall remove/d" $conf
    rm -r $data/tree/etc/hauberk $data/tree/etc/systemd
    start alpha $data/alpha.log "$half" apply $data/tree --confirm-within 60 --root $data/root-alpha
    await 30 "what waits" test -e $data/root-alpha/var/lib/hauberk/apply/pending/waiting
    [[ -e $data/hooked && $(on alpha wg show wg0 fwmark) == 0x4d && $(on alpha wg show wg0 listen-port) == 51830 ]] ||
        fail "not all has come about"
    ! on alpha nft list ruleset | grep -q hauberk || fail "the firewall is still there"
    echo "keys, hooks and a firewall that goes come about"
    apply alpha --rollback
    expect 0 alpha
    wait $started || true
    state alpha | diff $data/before - >&2 || fail "not all is as before"
    await 30 "the tunnel" reach
    echo "and the way back is exact"
}

# Two interfaces: the trees of each stage of a rotation, then alpha killed at every step from each to the next.
twins() {
    echo 'rotation: {}' >>$data/mesh/mesh.yaml
    render
    up
    beta=$(address beta)
    reach() { on alpha ping -c 1 -W 1 $beta; }
    # Somebody's own file of the second interface's name stays.
    echo nonsense >$data/root-alpha/etc/wireguard/wg0-b.conf
    apply alpha $data/out/alpha
    expect 65 alpha
    [[ $(<$data/root-alpha/etc/wireguard/wg0-b.conf) == nonsense ]] || fail "a file of somebody else's is gone"
    rm $data/root-alpha/etc/wireguard/wg0-b.conf
    rotate() { "$hauberk" --mesh $data/mesh rotate "$@" >$data/said 2>&1 || fail "rotate: $(cat $data/said)"; }
    keep() { cp -a $data/out $data/out-$1; }
    rotate --all
    render && keep prepared
    rotate advance --acknowledged all
    render && keep switched
    rotate advance --acknowledged all
    render && keep second
    # What systemd starts at boot follows.
    local stage point boot=$data/root-alpha/etc/systemd/system/multi-user.target.wants
    mkdir -p $boot
    ln -s /lib/systemd/system/wg-quick@.service $boot/wg-quick@wg0.service
    for stage in prepared switched second; do
        # Whoever goes first finds the other a stage behind, or ahead.
        [[ $stage == switched ]] || { apply beta $data/out-$stage/beta && expect 0 beta; }
        cut_twins $stage
        [[ $stage == second || $(ls $boot | wc -l) == 2 ]] || fail "at boot starts $(ls $boot)"
        [[ $stage != switched ]] || { apply beta $data/out-$stage/beta && expect 0 beta; }
    done
    [[ $(on alpha wg show interfaces) == wg0-b ]] || fail "alpha has $(on alpha wg show interfaces)"
    [[ $(ls $(applied)) == $'wg0-b.conf\nwg0.rules' ]] || fail "kept are $(ls $(applied))"
    [[ $(ls $boot) == wg-quick@wg0-b.service ]] || fail "at boot starts $(ls $boot)"
    [[ $(readlink $boot/wg-quick@wg0-b.service) == /lib/systemd/system/wg-quick@.service ]] || fail "another unit"
    echo "killed anywhere between two interfaces, the host is wholly old or wholly new, and is reached"
}
cut_twins() {
    local point=0 old=0 tree=$data/out-$1/alpha
    state alpha >$data/before
    while :; do
        point=$((point + 1))
        ((point < 40)) || fail "there is no end"
        HAUBERK_APPLY_KILL_AT=$point apply alpha $tree
        ((status == 0)) && break
        ((status == 137)) || fail "$1, killed at $point: $status $(cat $data/alpha.said)"
        settle_down $point
        await 10 "the tunnel, $1, killed at $point," reach
        if state alpha | diff $data/before - >$data/difference; then
            old=$((old + 1))
        else
            apply alpha $tree --dry-run
            grep -q "nothing to do" $data/alpha.said ||
                fail "$1, killed at $point, it is neither old nor new: $(cat $data/difference $data/alpha.said)"
            break
        fi
        [[ -z $(find $data/root-alpha/etc -name '*.hauberk-*') ]] || fail "$1, killed at $point, files are left"
    done
    ((old >= 6)) || fail "$1: only $old places"
    apply alpha $tree
    expect 0 alpha
    diff -r -x '*.wants' $tree/etc $data/root-alpha/etc >&2 || fail "other files than rendered"
    await 10 "the tunnel, $1," reach
}

source "$(dirname "$0")/apply-losses.sh"
source "$(dirname "$0")/apply-boot.sh"
source "$(dirname "$0")/apply-bundle.sh"
source "$(dirname "$0")/apply-copied.sh"

$scene
