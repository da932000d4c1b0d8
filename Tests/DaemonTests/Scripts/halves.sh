#!/usr/bin/env bash
# hauberk apply and the script that stands in for it, side by side: halves.sh FOLDER SCENE HAUBERK
#
#   alpha ── vpc ── beta          brought by the program
#   aleph ── twin ── beth         the same two, brought by the script
#
# Each thing that was seen is a line on standard output.
source "$(dirname "$0")/namespace.sh"
need wg-quick wireguard-tools wireguard-go wireguard-go nft nftables iptables iptables ping iputils-ping busybox busybox dash dash \
    perl perl-base
need_root
asked "$@" && exit
enter_as_root "$@"

scene=$2
hauberk=$3
data=/mnt
settle $data
source "$(dirname "$0")/hosts.sh"
export TMPDIR=$data WG_QUICK_USERSPACE_IMPLEMENTATION=wireguard-go HAUBERK_IDENTITY=$data/identity
unset HAUBERK_APPLY_KILL_AT HAUBERK_APPLY_STEP_SECONDS

# What a host with systemd has of it, and a systemctl that writes down what it is told.
mkdir -p $data/units/system $data/bin
touch $data/units/systemd
printf '[Install]\nWantedBy=multi-user.target\n' >$data/units/system/wg-quick@.service
printf '#!/bin/sh\necho "$*" >>/run/told\n' >$data/bin/systemctl
chmod 755 $data/bin/systemctl
PATH=$data/bin:$PATH

# What all have, and what each has of its own: there the rules of iptables have a plugin.
mkdir $data/share
mount --bind /usr/share $data/share

# machine NAME HUB ADDRESS: a host with files of its own.
machine() {
    host $1
    wire $1 eth1 $2 $3
    mkdir -p $data/hosts/$1/{wireguard,hauberk,system,lib,share}
    ln -s $data/share/* $data/hosts/$1/share/
    rm -f $data/hosts/$1/share/netfilter-persistent
    on $1 sh -euc '
        for pair in wireguard:/etc/wireguard hauberk:/etc/hauberk system:/etc/systemd/system lib:/var/lib \
            share:/usr/share; do
            mkdir -p ${pair#*:}
            mount --bind $0/${pair%%:*} ${pair#*:}
        done
        mount --bind $0/../../units /lib/systemd
        mkdir -p /run/systemd/system' $data/hosts/$1
}
hub vpc
hub twin
machine alpha vpc 10.132.0.2/16
machine beta vpc 10.132.0.3/16
machine aleph twin 10.132.0.2/16
machine beth twin 10.132.0.3/16
declare -A peer=([alpha]=alpha [aleph]=alpha [beta]=beta [beth]=beta)

"$hauberk" apply-script >$data/half.dash || fail "there is no script"
sed '1s,.*,#!/usr/bin/env -S busybox sh,' $data/half.dash >$data/half.busybox
sed -i '1s,.*,#!/usr/bin/env dash,' $data/half.dash
chmod 755 $data/half.*
declare -A runs=([alpha]=$hauberk [beta]=$hauberk [aleph]=$data/half.dash [beth]=$data/half.busybox)

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
conf=$data/out/alpha/etc/wireguard/wg0.conf

# apply HOST ARGUMENT …: its answer in $data/HOST.said, its exit status in $status.
apply() {
    local host=$1
    shift
    status=0
    on $host ${runs[$host]} apply "$@" >$data/$host.said 2>$data/$host.notes </dev/null || status=$?
}
expect() { ((status == $1)) || fail "apply on $2 ended with $status, not $1: $(cat $data/$2.said $data/$2.notes)"; }
pending() { [[ -e $data/hosts/$1/lib/hauberk/apply/pending ]]; }
settled() { ! pending $1; }
waits() { [[ -e $data/hosts/$1/lib/hauberk/apply/pending/waiting ]]; }
reach() { on $1 ping -c 1 -W 1 "$beta"; }
beta=$(sed -n 's/^Address = \([0-9.]*\).*/\1/p' $data/out/beta/etc/wireguard/wg0.conf)

# All that a host is: the interfaces, their network, the firewall and the files.
state() {
    local name
    for name in wg0 wg0-b; do
        on $1 wg showconf $name 2>/dev/null | sort || true
        on $1 ip -o addr show dev $name 2>/dev/null | sed 's/^[0-9]*: //' | grep -v fe80 || true
        on $1 ip -o link show dev $name 2>/dev/null | grep -o 'mtu [0-9]*' || true
        on $1 cat /proc/sys/net/ipv4/conf/$name/rp_filter 2>/dev/null || true
        on $1 ip -4 route show table all dev $name 2>/dev/null | sort || true
        on $1 ip -6 route show table all dev $name 2>/dev/null | grep -v 'fe80\|multicast' | sort || true
    done
    on $1 nft -s list ruleset | grep -v 'packets\|counter' || true
    (cd $data/hosts/$1 && find wireguard hauberk system share lib/hauberk/apply/applied -type f -exec stat -c '%n %a' {} + -exec sha256sum {} + | sort)
    (cd $data/hosts/$1 && find system -type l -printf '%p %l\n' | sort)
    on $1 cat /run/told
}

# bring STATUS [OUT]: all four to their trees at once; the twins are the same afterwards, and say the same.
bring() {
    local host other=() tree=${2:-$data/out}
    for host in alpha aleph beta beth; do
        start $host $data/$host.said ${runs[$host]} apply $tree/${peer[$host]} --json
        other+=($started)
    done
    for host in alpha aleph beta beth; do
        status=0
        wait ${other[0]} || status=$?
        other=("${other[@]:1}")
        expect $1 $host
    done
    compare
}
# What a host answered, in no order.
words() { tr -s ' ,"' '\n' <$data/$1.said | sort; }
compare_states() {
    state ${1%:*} >$data/program
    state ${1#*:} >$data/script
    diff $data/program $data/script >&2 || fail "$1 differ"
}
compare() {
    local pair
    for pair in alpha:aleph beta:beth; do
        compare_states $pair
        diff <(words ${pair%:*}) <(words ${pair#*:}) >&2 || fail "$pair answer differently"
    done
}

# One change after another; single settings are those of a peer that is not there, so that no session ends.
same() {
    bring 0
    await 10 "the tunnel" reach alpha
    await 10 "the tunnel of the twins" reach aleph
    [[ $(cd $data/hosts/aleph/system && find . -type l | wc -l) == 5 ]] || fail "something else is started at boot"
    # What one has kept of the rules the other knows.
    on aleph "$hauberk" apply $data/out/alpha --dry-run >$data/aleph.said 2>&1 || fail "$(cat $data/aleph.said)"
    grep -q "nothing to do" $data/aleph.said || fail "$(cat $data/aleph.said)"
    echo "a first delivery"
    bring 0
    grep -q '"unchanged"' $data/aleph.said || fail "$(cat $data/aleph.said)"
    echo "the same again, which changes nothing"
    "$hauberk" --mesh $data/mesh add gamma --site here --private 10.132.0.4 >/dev/null 2>&1 || fail "no gamma"
    render
    bring 0
    echo "a peer more"
    gamma=$(sed -n '/^# gamma/{n;s/^PublicKey = //p}' $conf)
    # edit WHAT EXPRESSION: the section of gamma, or all of it.
    edit() {
        sed -i "$2" $conf
        bring 0
        [[ $(grep -c . $data/aleph.said) -gt 6 ]] || fail "nothing was done: $(cat $data/aleph.said)"
        echo "$1"
    }
    edit "another preshared key" "/^# gamma/,\$s#^PresharedKey = .*#PresharedKey = $(wg genpsk)#"
    edit "a preshared key taken away" "/^# gamma/,\${/^PresharedKey/d}"
    edit "another endpoint" "/^# gamma/,\$s#^Endpoint = .*#Endpoint = 10.132.0.9:4711#"
    edit "a keepalive" "/^# gamma/,\$s#^Endpoint = .*#&\nPersistentKeepalive = 21#"
    edit "no keepalive" "/^PersistentKeepalive/d"
    edit "more allowed IPs" "/^# gamma/,\$s#^AllowedIPs = .*#&, 10.88.77.0/24, fd5a:3c71:9e00:77::/64#"
    edit "allowed IPs that move to another peer" \
        "s#, 10.88.77.0/24, fd5a:3c71:9e00:77::/64##; /^# beta/,/^AllowedIPs/s#^AllowedIPs = .*#&, 10.88.77.0/24, fd5a:3c71:9e00:77::/64#"
    edit "another MTU, mark and port" 's/^MTU = .*/MTU = 1300\nFwMark = 0x4d/'
    edit "addresses and routes" 's/^Table = off/&\nPostUp = ip -4 route replace 10.99.0.0\/16 dev %i\nPostUp = ip -6 route replace fd99::\/48 dev %i metric 77\nPostUp = ip -4 route replace 10.98.0.0\/16 dev %i table 51/
        s/^Address = .*/&, 10.88.250.1\/32, fd5a:3c71:9e00::fa01\/128/'
    edit "and without them" '/10.99.0.0/d; /fd99::/d; /10.98.0.0/d; s/, 10.88.250.1.*//; s/^FwMark.*//; s/^MTU = .*/MTU = 1420/'
    edit "a hook that takes a restart" "s#^Table = off#&\nPostUp = true#"
    await 10 "the tunnel" reach alpha
    await 10 "the tunnel of the twins" reach aleph
    "$hauberk" --mesh $data/mesh remove gamma >/dev/null 2>&1 || fail "no removal"
    sed -i 's/^services:/&\n  web: {ports: [80\/tcp], expose: {all: private}}/; s/^allow:/&\n  - {from: all, to: all, service: web}/' \
        $data/mesh/mesh.yaml
    render
    bring 0
    echo "a peer less, and other rules"
    cp -a $data/out $data/bald
    sed -i '/firewall load/d; /firewall remove/d' $data/bald/*/etc/wireguard/wg0.conf
    rm -r $data/bald/*/etc/hauberk $data/bald/*/etc/systemd
    bring 0 $data/bald
    bring 0
    echo "no rules, and rules again"
    "$hauberk" --mesh $data/mesh render --out $data/other --firewall iptables >/dev/null || fail "no other rules"
    bring 0 $data/other
    on aleph $data/hosts/aleph/hauberk/wg0/firewall report >/dev/null || fail "the other rules are not loaded"
    on aleph "$hauberk" apply $data/other/alpha --dry-run >$data/aleph.said 2>&1 || fail "$(cat $data/aleph.said)"
    grep -q "nothing to do" $data/aleph.said || fail "$(cat $data/aleph.said)"
    bring 0
    echo "rules of another dialect, and back"
}

# Both stages of a rotation and its end, under a ping that loses nothing.
stages() {
    echo 'rotation: {}' >>$data/mesh/mesh.yaml
    render
    bring 0
    await 10 "the tunnel" reach alpha
    await 10 "the tunnel of the twins" reach aleph
    local stage ping
    start aleph $data/ping ping -i 0.005 -w 100 $beta
    ping=$started
    rotate() { "$hauberk" --mesh $data/mesh rotate "$@" >$data/said 2>&1 || fail "rotate: $(cat $data/said)"; }
    rotate --all
    for stage in prepared switched second; do
        render
        case $stage in
        prepared) cp -a $data/out $data/prepared ;;
        switched) absent ;;
        esac
        [[ $stage == prepared ]] || bring 0
        [[ $(ls $data/hosts/aleph/system/multi-user.target.wants) == "$(cd $data/hosts/aleph/wireguard && ls *.conf | sed 's/\(.*\).conf/wg-quick@\1.service/')" ]] ||
            fail "something else is started at boot"
        echo "keys are $stage"
        [[ $stage == second ]] || rotate advance --acknowledged all
    done
    kill -INT $ping
    wait $ping || true
    unbroken $data/ping || fail "packets were lost: $(tail -n 3 $data/ping)"
    [[ $(on aleph wg show interfaces) == wg0-b ]] || fail "aleph has $(on aleph wg show interfaces)"
    echo "and no packet was lost"
}

# A peer that does not answer on the next interface, because it has none, is named, and keeps its way.
absent() {
    local host
    for host in alpha aleph; do
        apply $host $data/prepared/alpha
        expect 0 $host
        apply $host $data/out/alpha --patience 1 --json
        expect 2 $host
    done
    diff $data/alpha.said $data/aleph.said >&2 || fail "they answer differently"
    grep -qF "\"$(sed -n '/^# beta/{n;s/^PublicKey = //p}' $data/out/alpha/etc/wireguard/wg0-b.conf)\"" $data/aleph.said ||
        fail "beta is not named: $(cat $data/aleph.said)"
    compare_states alpha:aleph
    apply aleph $data/out/alpha --patience 0
    expect 2 aleph
    echo "who has not answered is named, and keeps the former way"
    for host in beta beth; do
        apply $host $data/prepared/beta
        expect 0 $host
    done
}

# Trees, hosts and moments at which nothing is to happen.
refuse() {
    bring 0
    await 10 "the tunnel of the twins" reach aleph
    state aleph >$data/before
    # try STATUS [ARGUMENT …]: the bad tree, in both shells.
    try() {
        local expected=$1 shell
        shift
        for shell in dash busybox; do
            runs[aleph]=$data/half.$shell
            apply aleph $data/bad "$@"
            expect $expected aleph
            grep -q '^error: .*\[[a-z-]*\]$' $data/aleph.notes || fail "no error: $(cat $data/aleph.notes)"
            state aleph | diff $data/before - >&2 || fail "a refused tree changed something"
            pending aleph && fail "something is pending"
            ! grep -qF "$(sed -n 's/^PrivateKey = //p; s/^PresharedKey = //p' $conf)" $data/aleph.notes $data/aleph.said ||
                fail "a key was printed"
        done
        rm -rf $data/bad
    }
    bad() { cp -a $data/out/alpha $data/bad; }
    bad && rm $data/bad/etc/hauberk/wg0/firewall && try 65
    bad && rm -r $data/bad/etc/wireguard && try 65
    bad && chmod 644 $data/bad/etc/wireguard/wg0.conf && try 65
    bad && chmod 666 $data/bad/etc/hauberk/wg0/rules.nft && try 65
    bad && echo nonsense >>$data/bad/etc/hauberk/wg0/rules.nft && try 65
    bad && truncate -s -40 $data/bad/etc/hauberk/wg0/rules.nft && try 65
    bad && sed -i '/^AllowedIPs/,$d; s/^PublicKey = .*/PublicKey = cut/' $data/bad/etc/wireguard/wg0.conf && try 65
    bad && sed -i '$s/51820$/99999/' $data/bad/etc/wireguard/wg0.conf && try 65
    bad && sed -n '/Peer/,$p' $data/out/alpha/etc/wireguard/wg0.conf >>$data/bad/etc/wireguard/wg0.conf && try 65
    bad && ln -s /etc/passwd $data/bad/etc/hauberk/wg0/link && try 65
    bad && echo x >$data/bad/etc/passwd && try 65
    bad && chown 4711 $data/bad/etc/hauberk/wg0/rules.nft && try 65
    bad && sed -i 's/^PresharedKey = /PresharedKey /' $data/bad/etc/wireguard/wg0.conf && try 65
    bad && sed -i 's/^Table = off/&\nPostUp = false/' $data/bad/etc/wireguard/wg0.conf && try 1
    try 66
    bad && try 64 --confirm-within x
    echo "a bad tree changes nothing"
    on aleph mount --bind /dev/null "$(command -v wg-quick)"
    bad && try 78
    on aleph umount "$(command -v wg-quick)"
    # An awk that says nothing must not count as one that has found nothing to do.
    printf '#!/bin/sh\nexit 2\n' >$data/awk
    chmod 755 $data/awk
    on aleph mount --bind $data/awk "$(readlink -f "$(command -v awk)")"
    bad && try 70
    on aleph umount "$(readlink -f "$(command -v awk)")"
    echo "a host without the tools is told which"
    sed -i 's/^MTU = .*/MTU = 1300/' $conf
    start aleph $data/log $data/half.busybox apply $data/out/alpha --confirm-within 60
    await 20 "what waits" waits aleph
    runs[aleph]=$data/half.dash
    apply aleph $data/out/alpha
    expect 75 aleph
    grep -q 'process [0-9]* for "wg0", waiting' $data/aleph.notes || fail "$(cat $data/aleph.notes)"
    apply aleph --rollback
    expect 0 aleph
    wait $started && fail "what was put back ended well"
    state aleph | diff $data/before - >&2 || fail "not all is as before"
    echo "a second one is told who is at work"
    # Without perl the question does not get past the firewall of the host itself, and that is no answer.
    on aleph mount --bind /dev/null "$(readlink -f "$(command -v perl)")"
    apply aleph $data/out/alpha
    expect 0 aleph
    on aleph umount "$(readlink -f "$(command -v perl)")"
    [[ $(on aleph ip -o link show dev wg0) == *"mtu 1300"* ]] || fail "nothing has changed"
    echo "without perl a change comes about, too"
}

$scene
