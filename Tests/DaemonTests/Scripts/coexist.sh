#!/usr/bin/env bash
# Another firewall on the same host, before, with and after ours: coexist.sh FOLDER THEIRS DIALECT[,DIALECT…] HAUBERK
#
#   stranger ── eth0 ── box ── eth1 ── member          THEIRS: dockerd, docker, docker-nft, ufw,
#                        └ docker0 ── container                firewalld
#                                                      DIALECT: nftables, iptables-nft, iptables-legacy,
#                                                      ufw, firewalld: of THEIRS itself
#
# dockerd is the real one with a real container; docker and docker-nft are the rules that older and newer ones make.
#
# Each thing that was seen is a line on standard output. Both ports of box are open by THEIRS; the mesh publishes 8080.
source "$(dirname "$0")/namespace.sh"
need curl curl nginx nginx-light nft nftables iptables iptables ufw ufw firewalld firewalld firewall-cmd firewalld \
    dbus-daemon dbus-daemon ipset ipset dockerd docker.io
need_root
asked "$@" && exit

# The cgroups of dockerd's containers are outside of every namespace, and go at the end, however that comes.
if [[ $2 == dockerd && -z ${HAUBERK_INSIDE:-} ]]; then
    export HAUBERK_CGROUP=hauberk-test-$$
    cgroups() { find /sys/fs/cgroup -mindepth 1 -depth -type d -path "*/$HAUBERK_CGROUP*" "$@"; }
    gone() { [[ ! -d /proc/${first:-none} ]] && cgroups -exec rmdir {} + && [[ -z $(cgroups) ]]; }
    # unshare takes no notice of SIGTERM while its child runs. With that, the first of its namespace, all others end.
    finish() {
        first=$(pgrep -P $child) || true
        kill -KILL $child 2>/dev/null || true
        await 10 "the end of its cgroups" gone
    }
    trap finish EXIT
    trap 'exit 143' TERM INT HUP
    (enter_as_root "$@") &
    child=$!
    wait $child
    exit
fi
enter_as_root "$@"

theirs=$2
IFS=, read -ra dialects <<<"$3"
hauberk=$4
scripts=$(cd "$(dirname "$0")" && pwd)
data=/mnt
settle $data
source "$scripts/hosts.sh"

network() {
    hub vpc && hub public
    host box && host stranger && host member
    wire box eth0 public 203.0.113.2/24 2001:db8::2/64
    wire stranger eth0 public 203.0.113.99/24 2001:db8::99/64
    wire box eth1 vpc 10.132.0.2/16
    wire member eth1 vpc 10.132.0.3/16
}

# serve HOST: ports 80, 8080 and 9000 of both families.
serve() {
    cat >$data/"$1".conf <<END
user root; worker_processes 1; pid $data/$1.pid; error_log stderr; daemon off; events {}
http { access_log off; client_body_temp_path $data/$1.body; server {
    listen 80; listen 8080; listen 9000; listen [::]:80; listen [::]:8080; listen [::]:9000;
    location / { return 200 "$1\n"; } } }
END
    start "$1" $data/"$1".log nginx -c $data/"$1".conf
}

trees() {
    mkdir $data/mesh
    cp "$scripts/theirs/mesh.yaml" $data/mesh/
    export HAUBERK_IDENTITY=$data/identity
    "$hauberk" init $data/mesh --operator tester >/dev/null 2>&1 || fail "no mesh"
    local kind
    for kind in $(printf '%s\n' "${dialects[@]%-*}" | sort -u); do
        "$hauberk" --mesh $data/mesh render box --out $data/$kind --firewall $kind >/dev/null || fail "no $kind"
    done
}

# MARK: theirs

container() {
    host container
    on box ip link add docker0 type bridge
    on box ip addr add 172.17.0.1/16 dev docker0
    on box ip link set docker0 up
    ip link add pc type veth peer name eth0 netns "${holder[container]}"
    ip link set pc netns "${holder[box]}"
    on box ip link set pc master docker0 up
    on container ip addr add 172.17.0.2/16 dev eth0
    on container ip link set eth0 up
    on container ip route add default via 172.17.0.1
    on box sysctl -qw net.ipv4.ip_forward=1
    serve container
}
begin_dockerd() {
    start box $data/dockerd.log dockerd --data-root $data/docker --exec-root /run/docker --pidfile /run/docker.pid \
        -H unix:///run/docker.sock --storage-driver=vfs --cgroup-parent="/$HAUBERK_CGROUP"
    log=$data/dockerd.log
    await 20 dockerd docker info
    local root=$data/image
    mkdir -p $root/tmp $root/etc $root/var/log/nginx
    ldd "$(command -v nginx)" | grep -o '/[^ ]*' | xargs -I{} cp --parents {} "$(command -v nginx)" $root
    echo 'root:x:0:0::/:/bin/sh' >$root/etc/passwd
    echo 'root:x:0:' >$root/etc/group
    cat >$root/nginx.conf <<'END'
user root; worker_processes 1; pid /tmp/pid; error_log stderr; daemon off; events {}
http { access_log off; client_body_temp_path /tmp/b; proxy_temp_path /tmp/p; fastcgi_temp_path /tmp/f;
    uwsgi_temp_path /tmp/u; scgi_temp_path /tmp/s;
    server { listen 8080; listen 9000; location / { return 200 "container\n"; } } }
END
    tar -C $root -c . | docker import - web >/dev/null
    docker run -d --name web -p 8080:8080 -p 9000:9000 web "$(command -v nginx)" -c /nginx.conf >/dev/null
    bare[container]=yes
    holder[container]=$(docker inspect -f '{{.State.Pid}}' web)
}
docker() { on box docker -H unix:///run/docker.sock "$@"; }
begin_docker() {
    container
    on box iptables-nft-restore "$scripts/theirs/docker.v4"
}
begin_docker-nft() {
    container
    on box nft -f "$scripts/theirs/docker.nft"
}
begin_ufw() {
    serve box
    on box sh -euc '
        ufw --force enable
        ufw default deny incoming
        ufw allow 8080/tcp comment "the shop"
        ufw allow 9000/tcp
        ufw limit from 198.51.100.0/24 to any port 22 proto tcp
        ufw deny from 198.51.100.66' >$data/ufw.log 2>&1 || { cat $data/ufw.log >&2; fail "no ufw"; }
}
begin_firewalld() {
    serve box
    cat >/etc/firewalld/zones/mine.xml <<'END'
<?xml version="1.0" encoding="utf-8"?>
<zone>
  <short>Mine</short>
  <interface name="eth0"/>
  <interface name="eth1"/>
  <port port="8080" protocol="tcp"/>
  <port port="9000" protocol="tcp"/>
  <rule family="ipv4"><source address="198.51.100.66"/><drop/></rule>
</zone>
END
    cat >$data/dbus.conf <<'END'
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/></policy></busconfig>
END
    on box mkdir -p /run/dbus
    start box $data/dbus.log dbus-daemon --config-file=$data/dbus.conf --nofork --nopidfile
    await 5 dbus on box test -S /run/dbus/system_bus_socket
    start box $data/firewalld.log firewalld --nofork --nopid
    log=$data/firewalld.log
    await 20 firewalld on box firewall-cmd --state
}

# Reloads THEIRS beside a dialect of ours.
again() {
    case $theirs in
    ufw) on box ufw reload >/dev/null ;;
    firewalld) on box firewall-cmd --reload >/dev/null ;;
    esac
    # firewalld's reload takes away all that is in iptables, whosever it is (FlushAllOnReload in firewalld.conf(5)).
    if [[ $theirs == firewalld && $1 == iptables-nft ]]; then
        [[ -z $(ours) ]] || fail "firewalld leaves the rules of others alone now: so should this test"
        on box "$2" load 2>$data/warning || fail "$1 does not load after a reload"
        grep -q 'its reload takes these rules away' $data/warning || fail "$1 does not say that firewalld runs here"
    fi
}

# MARK: what is there

# Without what is ours, without counters, and without tables in which there is nothing: iptables makes a table whole
# when it needs one, and cannot take it away again.
rules() {
    local tool
    for tool in iptables-nft-save ip6tables-nft-save iptables-legacy-save ip6tables-legacy-save; do
        on box $tool 2>/dev/null | sed -e '/^#/d' -e '/HAUBERK-/d' -e 's/ \[[0-9:]*\]$//' | awk -v tool=$tool '
            /^\*/ { text = tool " "; full = 0 }
            { text = text $0 "\n" }
            /^-A/ || /^:.* (DROP|-)/ { full = 1 }
            /^COMMIT/ && full { printf "%s", text }'
    done
    on box nft -s list ruleset 2>/dev/null | awk '
        /^table (ip|ip6) (filter|nat|mangle|raw|security) / || /^table inet hauberk/ { skip = 1 }
        !skip { print }
        /^}/ { skip = 0 }'
    on box ipset save 2>/dev/null | grep -v HAUBERK- || true
}
files() { (cd /etc && find ufw default/ufw firewalld -type f -exec sha256sum {} + | sort -k 2); }
state() { rules; files; }

# What is left of ours.
ours() {
    local tool
    for tool in iptables-nft-save ip6tables-nft-save iptables-legacy-save ip6tables-legacy-save; do
        on box $tool 2>/dev/null | grep -E 'HAUBERK|hauberk' || true
    done
    on box nft list ruleset 2>/dev/null | grep -E 'HAUBERK|hauberk' || true
    on box ipset save 2>/dev/null | grep HAUBERK || true
}

# MARK: functions

get() { on "$1" curl -s --connect-timeout "${3:-3}" --max-time 4 "$2" >/dev/null; }
opens() { await 5 "$1 to $2 ($when)" get "$1" "$2"; }
# What is closed takes its time to show: all of it is asked at once, by confirm.
questions=()
closed() { questions+=("$1 $2"); }
confirm() {
    local entry number=0 pids=()
    for entry in "${questions[@]}"; do
        read -r from to <<<"$entry"
        get "$from" "$to" 0.7 &
        pids+=($!)
    done
    for entry in "${questions[@]}"; do
        ! wait "${pids[$number]}" || fail "${entry/ / reaches } ($when)"
        number=$((number + 1))
    done
    questions=()
}

# What THEIRS lets through, by itself.
theirs_work() {
    when=$1
    opens stranger http://203.0.113.2:8080/
    opens stranger http://203.0.113.2:9000/
    opens member http://10.132.0.2:9000/
    if [[ $theirs == docker* ]]; then
        opens container http://203.0.113.99/
        opens container http://10.132.0.3/
        [[ $theirs != dockerd ]] || opens stranger 'http://[2001:db8::2]:9000/'
    else
        opens stranger 'http://[2001:db8::2]:9000/'
        closed stranger http://203.0.113.2/
    fi
    confirm
}
# The same with the policy in force.
policy_holds() {
    # In the dialect of ufw, what strangers may begin beyond the mesh file is the user's to say.
    local beyond=closed
    [[ $dialect != ufw ]] || beyond=opens
    when=$1
    opens stranger http://203.0.113.2:8080/
    $beyond stranger http://203.0.113.2:9000/
    closed member http://10.132.0.2:9000/
    closed member http://10.132.0.2:8080/
    if [[ $theirs == docker* ]]; then
        opens container http://203.0.113.99/
        closed container http://10.132.0.3/
        [[ $theirs != dockerd ]] || closed stranger 'http://[2001:db8::2]:9000/'
    else
        opens stranger 'http://[2001:db8::2]:8080/'
        $beyond stranger 'http://[2001:db8::2]:9000/'
        closed stranger http://203.0.113.2/
    fi
    confirm
}
same() {
    diff -u $data/before <(state) >&2 || fail "what is theirs is not as it was ($1)"
}
# The same while ours is loaded; of the very firewall that our rules are a part of, what the user has told it.
kept() {
    if [[ $dialect != "$theirs" ]]; then
        same "$1"
    else
        diff -u <(own <$data/before) <(state | own) >&2 || fail "the user's rules are not as they were ($1)"
    fi
}
own() { grep -E ' (ufw/user6?\.rules|ufw/ufw\.conf|firewalld/(zones/mine\.xml|firewalld\.conf))$'; }

network
serve stranger
serve member
trees
begin_$theirs
theirs_work "before"
state >$data/before
[[ $(wc -l <$data/before) -gt 20 ]] || fail "there is nothing of $theirs to compare"

for dialect in "${dialects[@]}"; do
    folder=$data/${dialect%-*}/box/etc/hauberk/wg0
    [[ $dialect != iptables-* ]] || export HAUBERK_IPTABLES=${dialect#iptables-}
    on box $folder/firewall load || fail "$dialect does not load"
    kept "$dialect loaded"
    [[ -n $(ours) ]] || fail "$dialect brings nothing"
    policy_holds "$dialect loaded"
    on box $folder/firewall load || fail "$dialect does not load twice"
    kept "$dialect loaded twice"
    if [[ $theirs != docker* ]]; then
        again "$dialect" $folder/firewall
        policy_holds "$theirs reloaded beside $dialect"
        kept "$theirs reloaded beside $dialect"
    fi
    on box $folder/firewall remove || fail "$dialect does not go"
    same "$dialect removed"
    [[ -z $(ours) ]] || { ours >&2; fail "$dialect leaves something"; }
    theirs_work "$dialect removed"
    denied="default deny"
    [[ $dialect != ufw ]] || denied="default deny for members"
    echo "$theirs and $dialect: untouched, $denied, and as before"
done
[[ $theirs != dockerd ]] || docker rm -f web >/dev/null
