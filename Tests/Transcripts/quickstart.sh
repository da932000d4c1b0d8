#!/bin/sh
# The README's quick start, command by command, on servers that are network namespaces.
#
#     quickstart.sh HAUBERK README
#
#                        bridge "internet", 203.0.113.0/24
#      operator .1 ───┬──────────────┬──────────────┬──────────────┐
#                   web-1 .11      web-2 .12      db-1 .13       web-3 .14
#
# Each server has its own network, and its own /etc/wireguard and /run in memory; wg-quick, wg and wireguard-go are the
# machine's. `ssh` and `scp` are small stand-ins that enter a server's namespaces instead of a network; scp itself is
# the real one where OpenSSH's sftp-server is installed. Everything else is as the README says.
#
# Afterwards: every pair pings in both families, every server has had a handshake with every other, the same mesh with
# its peers in another order renders to the same bytes, and nothing is left behind.
set -eu

servers="web-1:11 web-2:12 db-1:13 web-3:14"

say() { echo "quickstart: $*"; }
fail() {
    say "FAILED: $*"
    exit 1
}

# ---- outside: a folder of our own, and a world of our own that ends with its first process ----

outside() {
    hauberk=$(realpath "$1")
    readme=$(realpath "$2")
    self=$(realpath "$0")
    work=$(mktemp -d /tmp/hauberk-quickstart-XXXXXX)
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT TERM
    mkdir "$work/bin" "$work/home" "$work/desk" "$work/servers"
    ln -s "$hauberk" "$work/bin/hauberk"
    root_modes=$(stat -c %a / /etc)
    apart="--net --mount --pid --fork --kill-child --mount-proc"
    user="--user --map-root-user"
    # shellcheck disable=SC2086 # words, not one word
    unshare $user $apart true 2>/dev/null || user=
    # shellcheck disable=SC2086
    env -i PATH="$work/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" HOME="$work/home" USER=alice \
        LC_ALL=C GOMAXPROCS=1 QUICKSTART="$work" unshare $user $apart sh "$self" --inside "$readme"
    [ "$(stat -c %a / /etc)" = "$root_modes" ] || fail "the machine's own folders have other modes than before"
    left=$(grep -lsa "QUICKSTART=$work" /proc/[0-9]*/environ || true)
    [ -z "$left" ] || fail "processes are left behind: $left"
    say "nothing is left behind"
}

# ---- inside: the servers ----

boot() {
    name=$1 number=$2
    unshare --net --mount sh -c '
        mount -t tmpfs -o mode=0755 quickstart /run && mkdir /run/wireguard
        mount -t tmpfs -o mode=0700 quickstart /etc/wireguard
        echo $$ >"$QUICKSTART/servers/'"$name"'.pid"
        exec sleep infinity' &
    until [ -s "$QUICKSTART/servers/$name.pid" ]; do :; done
    ip link add "port$number" type veth peer name eth0 netns "$(cat "$QUICKSTART/servers/$name.pid")"
    ip link set "port$number" master internet up
    at "$name" ip link set lo up
    at "$name" ip link set eth0 up
    at "$name" ip address add "203.0.113.$number/24" dev eth0
}

at() {
    server=$(cat "$QUICKSTART/servers/$1.pid")
    shift
    nsenter --target "$server" --net --mount -- "$@"
}

stand_ins() {
    cat >"$QUICKSTART/bin/ssh" <<'SSH'
#!/bin/sh
# ssh [OPTION]… [root@]SERVER COMMAND, or -s [--] SERVER sftp as scp(1) calls it
subsystem=
while :; do
    case $1 in
    -s) subsystem=yes && shift ;;
    -l) shift 2 ;;
    --) shift && break ;;
    -*) shift ;;
    *) break ;;
    esac
done
server=$(cat "$QUICKSTART/servers/${1#root@}.pid") && shift
[ -z "$subsystem" ] || set -- /usr/lib/openssh/sftp-server
exec nsenter --target "$server" --net --mount -- bash -c "$*"
SSH
    cat >"$QUICKSTART/bin/scp" <<'SCP'
#!/bin/sh
if [ -x /usr/lib/openssh/sftp-server ] && [ -x /usr/bin/scp ]; then exec /usr/bin/scp -q -S "$QUICKSTART/bin/ssh" "$@"; fi
# scp -r FOLDER root@SERVER:FOLDER
server=${3#root@}
exec nsenter --target "$(cat "$QUICKSTART/servers/${server%%:*}.pid")" --mount -- cp -r "$2" "${server#*:}"
SCP
    chmod +x "$QUICKSTART/bin/ssh" "$QUICKSTART/bin/scp"
}

# ---- inside: the README ----

# The lines of the ```sh blocks of a section.
commands() {
    awk -v title="## $2" '
        /^## / { here = ($0 == title) }
        here && /^```sh$/ { block = 1; next }
        /^```/ { block = 0 }
        here && block' "$1"
}

run_readme() {
    commands "$1" "Quick start" >"$QUICKSTART/commands"
    [ -s "$QUICKSTART/commands" ] || fail "the README has no quick start"
    # The README shows one random prefix, and this run draws another: it is replaced once it is known.
    awk '/^hauberk init/ { print; print "prefix=$(sed -n \"s|.* \\(fd[0-9a-f:]*\\)::/48.*|\\1|p\" Mesh/prod/mesh.yaml)"; next }
        { gsub(/fd5a:3c71:9e00/, "$prefix"); print }' "$QUICKSTART/commands" >"$QUICKSTART/script"
    (cd "$QUICKSTART/desk" && bash -eux "$QUICKSTART/script")
}

check_pairs() {
    pairs=0
    for from in $servers; do
        for to in $servers; do
            [ "$from" != "$to" ] || continue
            for address in $(overlay "${to%%:*}"); do
                at "${from%%:*}" ping -q -c 1 -W 10 "$address" >/dev/null ||
                    fail "${from%%:*} does not reach ${to%%:*} at $address"
                pairs=$((pairs + 1))
            done
        done
    done
    [ "$pairs" -eq 24 ] || fail "$pairs pairs instead of 24"
    say "$pairs of 24 pings answered, in both families"
}

overlay() { hauberk list | awk -v name="$1" '$1 == name { gsub(",", " ", $2); print $2 }'; }

check_handshakes() {
    for server in $servers; do
        count=$(at "${server%%:*}" wg show wg0 latest-handshakes | awk '$2 > 0' | wc -l)
        [ "$count" -eq 3 ] || fail "${server%%:*} had a handshake with $count of 3"
    done
    say "every server had a handshake with every other"
}

check_order() {
    awk '/^  [a-z]/ { peers = $0 "\n" peers; next } { print } END { printf "%s", peers }' Mesh/prod/mesh.yaml >shuffled
    ! cmp -s shuffled Mesh/prod/mesh.yaml || fail "the order is the same"
    cat shuffled >Mesh/prod/mesh.yaml
    hauberk render --out other
    diff -r -x '.hauberk*' out other || fail "another order renders other bytes"
    hauberk render --out out | grep -q ': 0 written' || fail "another order writes files anew"
    say "another order of the peers renders the same bytes"
}

inside() {
    mount -t tmpfs quickstart /run
    ip link set lo up
    ip link add internet type bridge
    ip link set internet up
    ip address add 203.0.113.1/24 dev internet
    for server in $servers; do boot "${server%%:*}" "${server##*:}"; done
    stand_ins
    run_readme "$1"
    cd "$QUICKSTART/desk"
    check_pairs
    check_handshakes
    check_order
    for server in $servers; do at "${server%%:*}" wg-quick down wg0; done
}

case ${1:-} in
--inside) inside "$2" ;;
*)
    [ $# -eq 2 ] || {
        echo "usage: quickstart.sh HAUBERK README" >&2
        exit 64
    }
    outside "$@"
    ;;
esac
