#!/usr/bin/env bash
# Starts nine real services and WireGuard on one host, three times over with other settings, and writes what ss and
# netstat say of them: services.sh FOLDER MESH HAUBERK
# ->  FOLDER/{wide,narrow,right}.{ss,netstat,netstat-wide}, and FOLDER/….local, the host's own audit
#
#   server-1   eth0 203.0.113.2, 2001:db8::2   eth1 10.132.0.2   wg0 10.88.1.1, fd5a:3c71:9e00:1::1
source "$(dirname "$0")/namespace.sh"
need ss iproute2 netstat net-tools sshd openssh-server nginx nginx-light mariadbd mariadb-server \
    redis-server redis-server haproxy haproxy memcached memcached dnsmasq dnsmasq-base rsyslogd rsyslog \
    /usr/lib/postgresql/15/bin/postgres postgresql-15 wireguard-go wireguard-go wg wireguard-tools
asked "$@" && exit
enter "$@"

out=$1
mesh=$2
hauberk=$3
data=/mnt
settle $data

v4=10.88.1.1
v6=fd5a:3c71:9e00:1::1

network() {
    ip link add eth0 type veth peer name far0 && ip link add eth1 type veth peer name far1
    ip link set far0 up && ip link set far1 up
    ip addr add 203.0.113.2/24 dev eth0 && ip addr add 2001:db8::2/64 dev eth0 nodad
    ip addr add 10.132.0.2/16 dev eth1
    ip link set eth0 up && ip link set eth1 up
    wireguard-go wg0 >/dev/null 2>&1
    wg set wg0 listen-port 51820 private-key <(wg genkey)
    ip addr add $v4/32 dev wg0 && ip addr add $v6/128 dev wg0 nodad
    ip link set wg0 up
}

databases() {
    mariadb-install-db --no-defaults --auth-root-authentication-method=normal --skip-test-db --user=root \
        --datadir=$data/mysql >$data/mysql.log 2>&1 || { cat $data/mysql.log >&2; fail "no database"; }
    mkdir -m 700 $data/postgres
    # PostgreSQL does not run as root: inside one more user namespace it is somebody else, with the same rights.
    unshare --user --map-user=999 --map-group=999 /usr/lib/postgresql/15/bin/initdb -N -D $data/postgres \
        --auth=trust --username=postgres >$data/initdb.log 2>&1 || { cat $data/initdb.log >&2; fail "no cluster"; }
    ssh-keygen -q -t ed25519 -N '' -f $data/hostkey
    mkdir -p $data/nginx $data/redis $data/syslog
}

pids=()
start() {
    "$@" >>$data/log 2>&1 </dev/null &
    pids+=($!)
}

# Each takes what its own configuration calls the place to listen on.
sshd_at() {
    printf 'HostKey %s/hostkey\nPidFile none\nUsePAM no\n' $data >$data/sshd_config
    printf 'ListenAddress %s\n' "$@" >>$data/sshd_config
    start /usr/sbin/sshd -D -e -f $data/sshd_config
}
nginx_at() {
    {
        printf 'user root; worker_processes 2; pid %s/nginx/pid; error_log stderr; daemon off; events {}\n' $data
        printf 'http { access_log off; server {\n'
        printf '%s_temp_path '"$data"'/nginx/%s;\n' client_body b proxy p fastcgi f uwsgi u scgi s
        printf 'listen %s;\n' "$@"
        printf '} }\n'
    } >$data/nginx.conf
    start nginx -c $data/nginx.conf
}
mariadb_at() {
    start mariadbd --no-defaults --user=root --datadir=$data/mysql --socket=$data/mysql.sock --pid-file=$data/mysql.pid \
        --innodb-buffer-pool-size=8M --innodb-log-file-size=4M --bind-address="$1"
}
redis_at() { start redis-server --port 6379 --dir $data/redis --save '' --protected-mode no --bind "$@"; }
haproxy_at() {
    {
        printf 'defaults\n mode tcp\n timeout client 1s\n timeout server 1s\n timeout connect 1s\nlisten https\n'
        printf ' bind %s\n' "$@"
    } >$data/haproxy.cfg
    start haproxy -db -f $data/haproxy.cfg
}
memcached_at() { start memcached -u root -l "$1"; }
dnsmasq_at() {
    start dnsmasq --no-daemon --conf-file=/dev/null --user=root --group=root --no-resolv --no-hosts --pid-file= "$@"
}
postgres_at() {
    start unshare --user --map-user=999 --map-group=999 /usr/lib/postgresql/15/bin/postgres -D $data/postgres \
        -k $data -c fsync=off -c listen_addresses="$1"
}
rsyslog_at() {
    {
        printf 'module(load="imudp")\nglobal(workDirectory="%s/syslog")\n' $data
        [[ -z $1 ]] || printf 'input(type="imudp" port="514" address="%s")\n' "$@"
        [[ -n $1 ]] || printf 'input(type="imudp" port="514")\n'
        printf 'action(type="omfile" file="%s/syslog/all")\n' $data
    } >$data/rsyslog.conf
    start rsyslogd -n -iNONE -f $data/rsyslog.conf
}

listening() {
    local port
    for port in "$@"; do
        [[ -n $(ss -Hln "sport = :$port" | grep -v '^u_') ]] || return 1
    done
}

# Writes down what there is, and ends the daemons.
record() {
    await 30 "a listener of round $1 ($(tail -n 5 $data/log | tr '\n' ' '))" listening "${@:2}"
    ss -plunt >"$out/$1.ss"
    netstat -plunt >"$out/$1.netstat" 2>&1
    netstat -W -plunt >"$out/$1.netstat-wide" 2>&1
    "$hauberk" audit --mesh "$mesh" --local server-1 >"$out/$1.local" 2>&1 || true
    stop "${pids[@]}"
    pids=()
    await 10 "the end of round $1" silent
}
silent() { [[ -z $(ss -Hlnt) ]]; }

network
databases

# As programs come, or as people set them when something did not work.
sshd_at 0.0.0.0 ::
nginx_at 80 '[::]:80'
mariadb_at '*'
redis_at 0.0.0.0 '-::'
haproxy_at 0.0.0.0:443
memcached_at 0.0.0.0,::
dnsmasq_at
postgres_at '*'
rsyslog_at ''
record wide 22 80 3306 6379 443 11211 53 5432 514

# Too little, or in the wrong place.
sshd_at $v6
nginx_at $v4:80 "[$v6]:80"
mariadb_at $v4
redis_at 127.0.0.1
haproxy_at ':::443 v6only'
memcached_at 127.0.0.1,::1
dnsmasq_at --bind-interfaces --listen-address=127.0.0.1
rsyslog_at 203.0.113.2
record narrow 22 80 3306 6379 443 11211 53 514

# As the audit's hints say.
sshd_at $v4 $v6
nginx_at 203.0.113.2:80 '[2001:db8::2]:80'
mariadb_at $v4,$v6
redis_at 127.0.0.1 ::1 $v4 $v6
haproxy_at ':::443 v4v6'
memcached_at 127.0.0.1,::1
dnsmasq_at --bind-interfaces --listen-address=$v4,$v6
postgres_at "127.0.0.1,$v4,$v6"
rsyslog_at 127.0.0.1
record right 22 80 3306 6379 443 11211 53 5432 514
