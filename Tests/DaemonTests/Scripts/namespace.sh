# Sourced by the other scripts: a namespace of their own, daemons in it, and the end of both.
#
# Everything runs below one `unshare` with its own network, mounts and processes: when its first process ends, the
# kernel ends all others, and every file is in a tmpfs that goes with it. Most work as anybody, where user namespaces
# are allowed.
set -euo pipefail
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"

say() { printf '%s\n' "$*" >&2; }
# Ends the script, with the last lines of $log if that is set.
fail() {
    [[ -z ${log:-} || ! -e $log ]] || tail -n 5 "$log" >&2
    say "$(basename "$0"): $*"
    exit 1
}

# need TOOL PACKAGE …: ends with 75 and the packages when a tool is missing, and with 0 when only that was asked.
need() {
    local missing=()
    while (($#)); do
        command -v "$1" >/dev/null || missing+=("$2")
        shift 2
    done
    if ((${#missing[@]})); then
        say "missing packages: ${missing[*]}"
        exit 75
    fi
}

# Whether the script was only asked what it needs.
asked() { [[ $1 == --needs ]]; }

# enter ARGUMENT …: starts this script again inside, with HAUBERK_INSIDE set.
enter() { inside --user --map-root-user "$0" "$@"; }

# The same with all of root's user ids, for programs that insist on changing theirs.
enter_as_root() { inside "$0" "$@"; }

inside() {
    [[ -z ${HAUBERK_INSIDE:-} ]] || return 0
    export HAUBERK_INSIDE=1
    exec unshare --net --mount --pid --fork --kill-child --mount-proc "$@"
}

need_root() {
    ((EUID == 0)) && return
    say "only root can run this"
    exit 75
}

# Refuses to go on in the machine's own network, and makes room that goes with the namespace.
settle() {
    [[ $(ip -o link | wc -l) == 1 ]] || fail "this network namespace has interfaces already"
    mount --make-rprivate /
    mount -t tmpfs tmpfs /run
    mount -t tmpfs tmpfs "$1"
    mkdir -p /run/sshd /run/wireguard /run/mysqld
    sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
    ip link set lo up
}

# await SECONDS WHAT COMMAND …: polls until the command succeeds.
await() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || fail "$what did not come"
        read -rt 0.05 <> <(:) || true
    done
}

# unbroken FILE: whether a ping that SIGINT has ended heard every answer, but for that of a last one under way.
unbroken() {
    awk '/ icmp_seq=/ { sub(/.*icmp_seq=/, ""); last = $1 + 0 }
        / packets transmitted/ { sent = $1; heard = $4 }
        END { exit !(heard > 0 && sent - heard <= 1 && last == heard) }' "$1"
}

# stop PID …: ends processes of ours and waits for them.
stop() {
    kill "$@" 2>/dev/null || true
    wait "$@" 2>/dev/null || true
}
