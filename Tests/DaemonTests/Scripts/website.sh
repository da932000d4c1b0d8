#!/usr/bin/env bash
# The website of Mesh/wordpress with its real daemons, all over the mesh: website.sh FOLDER HAUBERK
#
#   client ── public ── haproxy-www                      HAProxy   203.0.113.2, 10.132.0.2
#                          │                                │
#                        (VPC) ── wordpress-1, -2         nginx and a CGI program that speaks SQL
#                          │                                │
#                          ├───── mysql-1 ──▶ mysql-2     MariaDB, and its replica
#                          ├───── tunnel-1
#                          └───── stranger                tcpdump; the VPC is a hub, so everybody hears everything
#
# First without the mesh: the stranger reads the query. Then with the rendered trees, wg-quick, wireguard-go and the
# rendered firewalls: everything works, and the stranger sees WireGuard alone. Each thing that was seen is a line on
# standard output.
source "$(dirname "$0")/namespace.sh"
need curl curl tcpdump tcpdump nginx nginx-light mariadbd mariadb-server mariadb mariadb-client haproxy haproxy \
    fcgiwrap fcgiwrap wg-quick wireguard-tools wireguard-go wireguard-go nft nftables ping iputils-ping
need_root
asked "$@" && exit
enter_as_root "$@"

hauberk=$2
repository=$(cd "$(dirname "$0")/../../.." && pwd)
data=/mnt
settle $data
source "$(dirname "$0")/hosts.sh"

members=(haproxy-www wordpress-1 wordpress-2 mysql-1 mysql-2 tunnel-1)
peers=("${members[@]}" client stranger)

network() {
    local host number=1
    hub vpc && hub public
    for host in "${members[@]}"; do
        number=$((number + 1))
        host $host
        wire $host eth1 vpc 10.132.0.$number/16
    done
    host client && host stranger
    wire haproxy-www eth0 public 203.0.113.2/24
    wire tunnel-1 eth0 public 203.0.113.7/24
    wire client eth0 public 203.0.113.99/24
    wire stranger eth1 vpc 10.132.0.99/16
}

# The rendered trees, each in its host's /etc.
trees() {
    mkdir $data/mesh
    cp "$repository/Mesh/wordpress/mesh.yaml" $data/mesh/
    export HAUBERK_IDENTITY=$data/identity
    "$hauberk" init $data/mesh --operator tester >/dev/null 2>&1 || fail "no mesh"
    "$hauberk" --mesh $data/mesh render --out $data/out >/dev/null || fail "nothing was rendered"
    local host
    for host in "${members[@]}"; do plant $host $data/out/$host; done
}

# The overlay address of a member, by family: v4 mysql-1.
v4() { sed -n 's/^Address = \([0-9.]*\).*/\1/p' "$data/out/$1/etc/wireguard/wg0.conf"; }
v6() { sed -n 's/^Address = .*[, ]\([0-9a-f:]*:[0-9a-f:]*\).*/\1/p' "$data/out/$1/etc/wireguard/wg0.conf"; }

database() {
    start $1 $data/$1.log mariadbd --no-defaults --user=root --datadir=$data/$1 --socket=$data/$1.sock --pid-file=$data/$1.pid \
        --innodb-buffer-pool-size=8M --innodb-log-file-size=4M --bind-address='*' --skip-name-resolve \
        --server-id="${1#mysql-}" --log-bin=$data/$1/log
}
sql() { on "$1" mariadb --no-defaults --socket=$data/"$1".sock -u root -N -e "$2"; }

databases() {
    mariadb-install-db --no-defaults --auth-root-authentication-method=normal --skip-test-db --user=root \
        --datadir=$data/mysql-1 >$data/install.log 2>&1 || fail "no database"
    cp -a $data/mysql-1 $data/mysql-2
    database mysql-1
    database mysql-2
    await 20 mysql-1 sql mysql-1 'select 1'
    sql mysql-1 "create user wordpress identified by 'press'; create user replica identified by 'copy';
        create database site; create table site.posts (id int auto_increment primary key, host text, text text);
        grant all on site.* to wordpress; grant replication slave on *.* to replica"
}

# What WordPress does with a request: a row in, the number of rows out.
program() {
    cat >$data/post <<END
#!/bin/sh
printf 'Content-Type: text/plain\n\n%s ' "\$SERVER_NAME"
mariadb --no-defaults --connect-timeout=5 -h "\$DATABASE" -u wordpress -ppress site -N -e \
    "insert into posts (host, text) values ('\$SERVER_NAME', '\$QUERY_STRING'); select count(*), max(text) from posts"
END
    chmod 755 $data/post
}

website() {
    local host=$1 listen=$2 database=$3
    start $host $data/$host.cgi.log fcgiwrap -s unix:$data/$host.socket
    cat >$data/$host.conf <<END
user root; worker_processes 1; pid $data/$host.pid; error_log stderr; daemon off; events {}
http { access_log off; client_body_temp_path $data/$host.body; server { listen $listen; location / {
    include /etc/nginx/fastcgi_params; fastcgi_param SERVER_NAME $host; fastcgi_param DATABASE $database;
    fastcgi_param SCRIPT_FILENAME $data/post; fastcgi_pass unix:$data/$host.socket; } } }
END
    start $host $data/$host.nginx.log nginx -c $data/$host.conf
}

balancer() {
    cat >$data/haproxy.cfg <<END
defaults
    mode http
    timeout connect 3s
    timeout client 10s
    timeout server 10s
frontend http
    bind 203.0.113.2:80
    default_backend wordpress
backend wordpress
    server wordpress-1 $(v4 wordpress-1):80
    server wordpress-2 [$(v6 wordpress-2)]:80
END
    start haproxy-www $data/haproxy.log haproxy -db -f $data/haproxy.cfg
}

listens() { [[ -n $(on "$1" ss -Hltn "sport = :$2") ]]; }
post() { on client curl -sS --fail --max-time 10 "http://203.0.113.2/?$1"; }
posts() { sql "$1" 'select count(*) from site.posts'; }
all_copied() { [[ $(posts mysql-2) == "$(posts mysql-1)" ]]; }
# Replication with its names, which sql leaves out.
replica() { on mysql-2 mariadb --no-defaults --socket=$data/mysql-2.sock -u root -e 'show slave status\G'; }
copies() { replica | grep -q 'Slave_IO_Running: Yes'; }
# refused HOST COMMAND …: whether it fails, or has not come through after 5 s.
refused() {
    local host=$1
    shift
    if on "$host" timeout 5 "$@" >/dev/null 2>&1; then fail "not refused: $*"; fi
}
query() { on "$1" mariadb --no-defaults --connect-timeout=3 -h "$2" -u wordpress -ppress site -N -e "$3"; }

network
databases
program
trees

listen_in stranger eth1 $data/before.pcap
query wordpress-1 10.132.0.5 "select 'planted-before'" >/dev/null || fail "no SQL without the mesh"
await 10 "the marker on the wire" heard $data/before.pcap planted-before
end_listening
echo "without the mesh the stranger reads the query"

listen_in stranger eth1 $data/after.pcap
for host in "${members[@]}"; do
    on $host wg-quick up wg0 >$data/$host.up.log 2>&1 || { cat $data/$host.up.log >&2; fail "no wg0 on $host"; }
    on $host /etc/hauberk/wg0/firewall report >/dev/null || fail "no firewall on $host"
done
for pair in "haproxy-www wordpress-1" "haproxy-www wordpress-2" "wordpress-1 mysql-1" "wordpress-2 mysql-1" \
    "mysql-2 mysql-1" "tunnel-1 mysql-1"; do
    read -r from to <<<"$pair"
    await 20 "a ping from $from to $to" on $from ping -c 1 -W 1 "$(v4 $to)"
done

sql mysql-2 "change master to master_host='$(v4 mysql-1)', master_user='replica', master_password='copy',
    master_connect_retry=1; start slave"
website wordpress-1 "$(v4 wordpress-1):80" "$(v4 mysql-1)"
website wordpress-2 "[$(v6 wordpress-2)]:80" "$(v6 mysql-1)"
balancer
await 10 nginx listens wordpress-1 80
await 10 nginx listens wordpress-2 80
await 10 haproxy listens haproxy-www 80

served=()
for number in 1 2 3 4; do
    answer=$(post planted-after-$number) || fail "no answer: $(tail -n 3 $data/haproxy.log $data/*.nginx.log)"
    [[ $answer == *"$number"*planted-after-$number ]] || fail "another answer: $answer"
    served+=("${answer%% *}")
done
echo "client to HAProxy to nginx to MariaDB: $(printf '%s\n' "${served[@]}" | sort | uniq -c | xargs)"
await 20 replication copies
await 20 "the copies on mysql-2" all_copied
echo "replicated to mysql-2: $(posts mysql-2) posts"

refused wordpress-1 mariadb --no-defaults --connect-timeout=3 -h 10.132.0.5 -u wordpress -ppress -e 'select 1'
refused haproxy-www mariadb --no-defaults --connect-timeout=3 -h "$(v4 mysql-1)" -u wordpress -ppress -e 'select 1'
refused stranger curl -sS --max-time 2 http://10.132.0.3/
refused client curl -sS --max-time 2 --connect-timeout 2 http://203.0.113.7/
echo "refused: SQL beside the mesh, SQL from haproxy-www, HTTP from the stranger"

end_listening
tunnels=$(count $data/after.pcap 'udp port 51820')
others='not (udp port 51820 or arp or icmp6 or (ip6[6] = 0 and ip6[40] = 58)) and not host 10.132.0.99'
((tunnels > 100)) || fail "only $tunnels packets of WireGuard"
(($(count $data/after.pcap "$others") == 0)) || { show $data/after.pcap "$others" >&2; fail "more than WireGuard"; }
! heard $data/after.pcap planted || fail "a marker was on the wire"
echo "the stranger sees WireGuard alone, and no marker"
