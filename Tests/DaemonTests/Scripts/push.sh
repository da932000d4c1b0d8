#!/usr/bin/env bash
# hauberk push to real hosts, each with an sshd of its own: push.sh FOLDER SCENE HAUBERK
#
#   admin ── net ── alpha, beta, …      the admin is a stranger to the mesh; host keys are checked
#            vpc ── alpha, beta, …      what the tunnels run over; files below each host's own /etc and /var/lib
#
# A scene whose name begins with script_ is played with --half script. Each thing that was seen is a line on standard
# output.
source "$(dirname "$0")/namespace.sh"
need wg-quick wireguard-tools wireguard-go wireguard-go nft nftables ping iputils-ping sshd openssh-server \
    ssh openssh-client tar tar sha256sum coreutils sudo sudo
need_root
asked "$@" && exit
enter_as_root "$@"

scene=${2#script_}
with=()
[[ $scene == "$2" ]] || with=(--half script)
hauberk=$3
data=/mnt
settle $data
source "$(dirname "$0")/hosts.sh"
export TMPDIR=$data WG_QUICK_USERSPACE_IMPLEMENTATION=wireguard-go HAUBERK_IDENTITY=$data/identity
unset HAUBERK_APPLY_KILL_AT HAUBERK_APPLY_STEP_SECONDS SSH_AUTH_SOCK

hub net
hub vpc
host admin
wire admin eth0 net 203.0.113.250/24

mkdir $data/bin
ln -s "$hauberk" $data/bin/hauberk
ssh-keygen -q -t ed25519 -N '' -f $data/hostkey
ssh-keygen -q -t ed25519 -N '' -f $data/key
chmod 600 $data/hostkey $data/key
cp $data/key.pub $data/authorized_keys
# One key for all hosts, known by their addresses.
echo "203.0.113.* $(cut -d ' ' -f 1,2 $data/hostkey.pub)" >$data/known_hosts
printf '%s\n' 'Host *' ' User root' " IdentityFile $data/key" ' IdentitiesOnly yes' \
    " UserKnownHostsFile $data/known_hosts" ' GlobalKnownHostsFile /dev/null' >$data/ssh_config

# server NAME NUMBER [PATH]: a host of both networks with an sshd; PATH is where its sessions look for programs.
declare -A listener=()
server() {
    local name=$1 number=$2
    host $name
    wire $name eth0 net 203.0.113.$number/24
    wire $name eth1 vpc 10.132.0.$number/16
    mkdir -p $data/hosts/$name/{wireguard,hauberk,system,lib}
    on $name sh -euc '
        for pair in wireguard:/etc/wireguard hauberk:/etc/hauberk system:/etc/systemd/system lib:/var/lib; do
            mkdir -p ${pair#*:}
            mount --bind $0/${pair%%:*} ${pair#*:}
        done
        mkdir -p /run/sshd' $data/hosts/$name
    printf '%s\n' "HostKey $data/hostkey" 'PidFile none' 'UsePAM no' 'PasswordAuthentication no' 'StrictModes no' \
        'PermitRootLogin prohibit-password' "AuthorizedKeysFile $data/authorized_keys" \
        "SetEnv PATH=${3:-$data/bin:$PATH} WG_QUICK_USERSPACE_IMPLEMENTATION=wireguard-go TMPDIR=/run" \
        >$data/hosts/$name/sshd_config
    serve $name
}
serve() {
    start $1 $data/hosts/$1/sshd.log /usr/sbin/sshd -D -e -f $data/hosts/$1/sshd_config
    listener[$1]=$started
}
listens() { on admin bash -c "exec 3<>/dev/tcp/203.0.113.$1/22" 2>/dev/null; }

# push ARGUMENT …: what it says in $data/said and $data/notes, its exit status in $status.
push() {
    status=0
    on admin "$hauberk" --mesh $data/mesh push --out $data/out --ssh-config $data/ssh_config ${with[@]+"${with[@]}"} \
        "$@" >$data/said 2>$data/notes || status=$?
}
expect() { ((status == $1)) || fail "push ended with $status, not $1: $(cat $data/said $data/notes)"; }
said() { grep -qE "$1" $data/said || fail "nothing of \"$1\" in: $(cat $data/said $data/notes)"; }
login() { on admin ssh -F $data/ssh_config -o ConnectTimeout=5 -o BatchMode=yes 203.0.113.$1 true; }
render() { "$hauberk" --mesh $data/mesh render --out $data/${1:-out} >/dev/null || fail "nothing was rendered"; }

pending() { [[ -e $data/hosts/$1/lib/hauberk/apply/pending ]]; }
settled() { ! pending $1; }
cargo() { on $1 sh -c 'ls -d /run/hauberk-push.* 2>/dev/null'; }
clean() { ! cargo $1; }

# All that a host is: the interface, its network, the firewall and the files.
state() {
    on $1 wg showconf wg0 2>/dev/null | sort || true
    on $1 ip -o addr show dev wg0 2>/dev/null | sed 's/^[0-9]*: //' | grep -v fe80 || true
    on $1 ip -4 route show table all dev wg0 2>/dev/null || true
    on $1 nft -s list ruleset | grep -v 'packets\|counter' || true
    (cd $data/hosts/$1 && find wireguard hauberk system -type f -exec stat -c '%n %a' {} + -exec sha256sum {} + | sort)
}

# A mesh of the servers alpha and beta; whoever knows their keys logs in from everywhere.
pair() {
    mkdir $data/mesh
    cat >$data/mesh/mesh.yaml <<'END'
mesh: pair
prefixes: [10.88.0.0/16]
sites:
  here: {network: 10.132.0.0/16, interface: eth1, public-interface: eth0}
services:
  ssh: {expose: {all: public}}
  web: {ports: [80/tcp], expose: {all: private}}
allow:
  - {from: all, to: all, service: web}
guard: {plaintext: reject, rescue: {from: beta, port: 22/tcp, over: underlay}}
peers:
  alpha: {site: here, private: 10.132.0.2, public: 203.0.113.2}
  beta: {site: here, private: 10.132.0.3, public: 203.0.113.3}
END
    "$hauberk" init $data/mesh --operator tester >/dev/null 2>&1 || fail "no mesh"
    render
    server alpha 2
    server beta 3
    await 10 "sshd on alpha" listens 2
    await 10 "sshd on beta" listens 3
}

deliver() {
    pair
    push
    expect 0
    said '^pair: of 2 hosts: 2 new$'
    local host
    for host in alpha beta; do
        diff -r $data/out/$host/etc/wireguard $data/hosts/$host/wireguard >&2 || fail "other files than rendered"
        await 5 "a clean /run" clean $host
    done
    await 15 "the tunnel" on alpha ping -c 1 -W 1 "$(sed -n 's/^Address = \([0-9.]*\).*/\1/p' $data/out/beta/etc/wireguard/wg0.conf)"
    echo "a push brings all hosts to their trees"
    push --json
    expect 0
    (($(grep -c '"outcome" : "unchanged"' $data/said) == 4)) || fail "$(cat $data/said)"
    push --status
    expect 0
    said '^pair: 0 of 2 hosts are behind$'
    echo "a second one finds them unchanged, and the record says so"
    "$hauberk" --mesh $data/mesh add gamma --site here --private 10.132.0.4 >/dev/null 2>&1 || fail "no gamma"
    push
    expect 1
    grep -q stale-render $data/notes || fail "$(cat $data/notes)"
    "$hauberk" --mesh $data/mesh remove gamma >/dev/null 2>&1
    render
    echo "a render that is not what the mesh says is not pushed"
    # A shared connection delivers, and a fresh one confirms.
    printf '%s\n' ' ControlMaster auto' " ControlPath $data/control-%h" ' ControlPersist 30' >>$data/ssh_config
    sed -i 's/80\/tcp/81\/tcp/' $data/mesh/mesh.yaml
    render
    push --parallel 1
    expect 0
    (($(grep -c 'Accepted publickey' $data/hosts/alpha/sshd.log) >= 4)) || fail "$(cat $data/hosts/alpha/sshd.log)"
    echo "a connection that is shared delivers, and a new one confirms"
    # A first host has the new port while the others listen on the former one.
    sed -i 's/^prefixes:/wireguard: {port: 51999}\n&/' $data/mesh/mesh.yaml
    render
    push --canary alpha
    expect 0
    said '^pair: of 2 hosts: 2 new$'
    await 15 "the tunnel by another port" on alpha ping -c 1 -W 1 "$(sed -n 's/^Address = \([0-9.]*\).*/\1/p' $data/out/beta/etc/wireguard/wg0.conf)"
    echo "the port of all is changed, host by host"
    sed -i '/Control/d' $data/ssh_config
    echo "203.0.113.* $(cut -d ' ' -f 1,2 $data/key.pub)" >$data/known_hosts
    push
    expect 69
    said '^alpha +unreachable +.*[Hh]ost key verification failed'
    echo "a host with another key is not talked to"
    # What is kept of the hosts is their trees.
    ! grep -rqF --exclude-dir=sent "$(sed -n 's/^PrivateKey = //p' $data/out/alpha/etc/wireguard/wg0.conf)" $data/said $data/notes \
        $data/out/.hauberk $data/hosts/*/sshd.log || fail "a key was printed"
}

# A firewall that shuts everybody out of SSH, the admin too.
lockout() {
    pair
    push
    expect 0
    local host
    for host in alpha beta; do state $host >$data/$host.before; done
    sed -i 's/all: public/all: internal/' $data/mesh/mesh.yaml
    render
    push --confirm-within 5 --max-failures 2
    expect 1
    said '^alpha +put back +no new connection in time'
    said '^beta +put back +no new connection in time'
    said '^pair: of 2 hosts: 2 put back$'
    for host in alpha beta; do
        pending $host && fail "$host still waits"
        state $host | diff $data/$host.before - >&2 || fail "$host is not as before"
        await 5 "a clean /run" clean $host
    done
    login 2 && login 3 || fail "SSH does not work any more"
    push --status
    expect 1
    said '^alpha +behind .*put back: no new connection in time'
    echo "a firewall that shuts SSH is put back on every host, and the report says so"
    ((${#with[@]} == 0)) || return 0
    push --confirm-within 5
    expect 1
    said '^beta +not begun +1 host has failed, and --max-failures is 0$'
    echo "a canary that fails is the only one"
}

# New keys for all, each stage brought by a push.
rotate() {
    pair
    echo 'rotation: {}' >>$data/mesh/mesh.yaml
    render
    push
    expect 0
    local before beta ping
    before=$(on alpha wg show wg0 public-key)
    beta=$(sed -n 's/^Address = \([0-9.]*\).*/\1/p' $data/out/beta/etc/wireguard/wg0.conf)
    await 15 "the tunnel" on alpha ping -c 1 -W 1 "$beta"
    start alpha $data/ping ping -i 0.01 -w 600 "$beta"
    ping=$started
    operate() { "$hauberk" --mesh $data/mesh rotate "$@" >$data/said 2>$data/notes || fail "$(cat $data/said $data/notes)"; }
    operate --all
    local stage
    for stage in prepared switched; do
        render
        push
        expect 0
        grep -q '^ready: alpha, beta$' $data/notes || fail "$stage: $(cat $data/said $data/notes)"
        ! "$hauberk" --mesh $data/mesh rotate status >$data/said || fail "nothing runs: $(cat $data/said)"
        grep -q "^pair: $stage" $data/said || fail "$(cat $data/said)"
        operate advance
    done
    render
    push
    expect 0
    kill -INT $ping
    wait $ping || true
    unbroken $data/ping || fail "packets were lost: $(tail -n 3 $data/ping)"
    "$hauberk" --mesh $data/mesh rotate status >$data/said || fail "$(cat $data/said)"
    [[ $(on alpha wg show interfaces) == wg0-b ]] || fail "alpha has $(on alpha wg show interfaces)"
    [[ $(on alpha wg show wg0-b public-key) != "$before" ]] || fail "alpha has its former key"
    [[ $(ls $data/hosts/alpha/wireguard) == wg0-b.conf ]] || fail "$(ls $data/hosts/alpha/wireguard)"
    push --status
    expect 0
    echo "keys are rotated by pushes alone, which say who is ready, and no ping is lost"
}

# Fifty hosts behind one hub, three of which cannot be reached.
fleet() {
    local number count=${HAUBERK_FLEET:-50}
    mkdir $data/mesh
    {
        printf '%s\n' 'mesh: fleet' 'prefixes: [10.88.0.0/16]' 'sites: {here: {network: 10.132.0.0/16}}' \
            'topology: hub' 'hubs: [h1]' 'peers:'
        for ((number = 1; number <= count; number++)); do
            echo "  h$number: {site: here, private: 10.132.0.$number, public: 203.0.113.$number}"
        done
    } >$data/mesh/mesh.yaml
    "$hauberk" init $data/mesh --operator tester >/dev/null 2>&1 || fail "no mesh"
    render
    for ((number = 1; number <= count; number++)); do server h$number $number; done
    await 30 "the last sshd" listens $count
    local away=(h7 h20 h33) host
    for host in ${away[@]}; do on $host ip link set eth0 down; done
    push --wave 10% --parallel 6
    expect 69
    said "^fleet: of $count hosts: $((count - 3)) new, 3 unreachable\$"
    for host in ${away[@]}; do said "^$host +unreachable "; done
    (($(grep -c '^wave' $data/notes) >= 10)) || fail "no waves: $(cat $data/notes)"
    echo "a fleet is pushed to in waves, and who cannot be reached is listed"
    for host in ${away[@]}; do on $host ip link set eth0 up; done
    push --behind
    expect 0
    said '^fleet: of 3 hosts: 3 new$'
    push --status
    expect 0
    said "^fleet: 0 of $count hosts are behind\$"
    echo "and is caught up later"
}

source "$(dirname "$0")/bare.sh"
source "$(dirname "$0")/cuts.sh"
source "$(dirname "$0")/live.sh"
source "$(dirname "$0")/foreign.sh"
$scene
