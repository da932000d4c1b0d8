# What runs: looked at, and changed.

# observe INTERFACE FOLDER: what the tools say of it, in the folder; false if there is none.
observe() {
    rm -rf "$2"
    mkdir -p "$2.new"
    if ! tool ip -o link show dev "$1" >"$2.new/link"; then
        rm -rf "$2.new"
        return 1
    fi
    tool wg show "$1" dump >"$2.new/dump" || return 2
    tool ip -o address show dev "$1" >"$2.new/addresses" || return 2
    tool ip -4 route show table all dev "$1" >"$2.new/routes-v4"
    tool ip -6 route show table all dev "$1" >"$2.new/routes-v6"
    cat "/proc/sys/net/ipv4/conf/$1/rp_filter" >"$2.new/rp_filter" 2>/dev/null
    mv "$2.new" "$2"
}
# glance FOLDER: the counters of all tunnels alone.
glance() {
    for one in $tunnels; do
        mkdir -p "$1/$one"
        tool wg show "$one" dump >"$1/$one/dump" || rm -rf "$1/$one"
    done
}
is_up() { tool ip -o link show dev "$1" >/dev/null; }

# take NUMBER INTERFACE KIND WORDS: a step; W/steps/NUMBER is what its tool reads.
take() {
    input=$W/steps/$1
    [ -e "$input" ] || input=/dev/null
    case $3 in
    down) tool wg-quick down "$pending/former/$2.conf" >/dev/null </dev/null || blamed wg-quick ;;
    up) tool wg-quick up "$pending/run/$2.conf" >/dev/null </dev/null || blamed wg-quick ;;
    load) tool sh "$pending/new/etc/hauberk/$interface/firewall" load >/dev/null </dev/null || blamed firewall ;;
    unload) tool sh "$root/etc/hauberk/$interface/firewall" remove >/dev/null </dev/null || blamed firewall ;;
    device | adjust | remove) tool wg set "$2" $4 <"$input" >/dev/null || blamed wg ;;
    configure) tool wg addconf "$2" /dev/stdin <"$input" >/dev/null || blamed wg ;;
    network) tool ip -batch - <"$input" >/dev/null || blamed ip ;;
    reverse) echo "$4" 2>"$W/error" >"/proc/sys/net/ipv4/conf/$2/rp_filter" || blamed sysctl ;;
    *) return 1 ;;
    esac
}
unsaid() {
    blame="awk failed"
    return 1
}
blamed() {
    blame=$(blame "$1")
    return 1
}

# Lines `batch INTERFACE WORDS` of the file, done.
do_batch() {
    sed -n 's/^batch [^ ]* //p' "$1" >"$W/batch"
    [ -s "$W/batch" ] || return 0
    tool ip -batch - <"$W/batch" >/dev/null || blamed ip
}

# An echo request for each line `probe SOURCE DESTINATION TEXT KEY` of the file, into the tunnel past the firewall, so
# that WireGuard at the other end answers even where ICMP is refused. Without perl it goes through the firewall.
probe() {
    grep -q '^probe ' "$2" || return 0
    if [ -n "$has_perl" ]; then
        read -r link rest <"$W/now/$1/link" || return 0
        grep '^probe ' "$2" | perl -e '
            socket(my $socket, 17, 2, 0) or exit 1;
            sub checked {
                my ($bytes, $at, $before) = @_;
                my $sum = 0;
                $sum += $_ for unpack("n*", $before . $bytes);
                $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
                substr($bytes, $at, 2) = pack("n", ~$sum & 0xffff);
                return $bytes;
            }
            while (<STDIN>) {
                my ($word, $from, $to) = split;
                my $ends = pack("H*", $from) . pack("H*", $to);
                my ($packet, $kind);
                if (length $ends == 8) {
                    my $echo = checked(pack("C8", 8, 0, 0, 0, 72, 66, 0, 1), 2, "");
                    my $head = pack("C12", 69, 0, 0, 28, 0, 0, 64, 0, 64, 1, 0, 0) . $ends;
                    ($packet, $kind) = (checked($head, 10, "") . $echo, 0x0800);
                } else {
                    my $echo = checked(pack("C8", 128, 0, 0, 0, 72, 66, 0, 1), 2, $ends . pack("C8", 0, 0, 0, 8, 0, 0, 0, 58));
                    ($packet, $kind) = (pack("C8", 96, 0, 0, 0, 0, 8, 58, 64) . $ends . $echo, 0x86dd);
                }
                send($socket, $packet, 0x40, pack("S n l x12", 17, $kind, $ARGV[0]));
            }' "${link%:}" 9>&- 2>/dev/null
        return 0
    fi
    command -v ping >/dev/null || return 0
    while read -r word from to text key; do
        [ "$word" != probe ] || ping -c 1 -W 1 -n -q -I "$1" "$text" >/dev/null 2>&1 9>&- &
    done <"$2"
}

# answering INTERFACE FILE SECONDS: leaves in W/silent those of the peers in the file from which nothing comes, having
# been asked; while keys rotate, by either interface.
answering() {
    cp "$2" "$W/silent"
    [ -s "$W/silent" ] || return 0
    rm -rf "$W/start" "$W/heard"
    glance "$W/start"
    mkdir -p "$W/heard"
    cp -R "$W/start/." "$W/heard/"
    cp -R "$W/now/$1/." "$W/heard/$1/"
    within_time $3
    asked=-1
    while :; do
        glance "$W/heard"
        think silent -v self="$1" -v current="$W/heard" -v start="$W/start" -v amongFile="$W/silent" >"$W/said" ||
            unsaid || return 1
        sed -n 's/^silent \([^ ]*\) .*/\1/p' "$W/said" >"$W/silent"
        [ -s "$W/silent" ] || return 0
        ! is_over "$deadline" || break
        [ "$moment" -le "$asked" ] || probe "$1" "$W/said"
        asked=$moment
        nap
    done
    # What has not left past the firewall was no question.
    [ -n "$has_perl" ] || sed -n 's/^silent \([^ ]*\) asked/\1/p' "$W/said" >"$W/silent"
}

# What a move begins with: the counters of all tunnels, and when that was by the clock and since the host was started.
look_first() {
    rm -rf "$W/first"
    looked=$(date +%s)
    tick
    looked_at=$moment
    glance "$W/first"
}
# since MODE WORD …: the answer of the model to what is told by the time since then.
since() {
    tick
    think "$@" -v desired="$W/desired" -v current="$W/now" -v start="$W/first" -v clock="$looked" \
        -v elapsed=$((moment - looked_at))
}

# listen INTERFACE SECONDS MOVING: asks the peers that are to take it until all have answered there or the time is
# over; W/waiting is who has not.
listen() {
    within_time $2
    asked=-1
    among=
    while :; do
        observe "$1" "$W/now/$1" || return 1
        since answers -v self="$1" -v moving="$3" -v amongFile="$among" >"$W/said" || unsaid || return 1
        sed -n 's/^waiting //p' "$W/said" >"$W/waiting"
        among=$W/waiting
        do_batch "$W/said" || return 1
        [ -s "$W/waiting" ] || return 0
        ! is_over "$deadline" || return 0
        [ "$moment" -le "$asked" ] || probe "$1" "$W/said"
        asked=$moment
        nap
    done
}
# Those that have no session elsewhere are not waited for.
forget_lost() {
    for one in $tunnels; do observe "$one" "$W/now/$one"; done
    since lost -v self="$1" -v moving="$2" -v amongFile="$W/waiting" >"$W/said" || unsaid || return 1
    sed -n 's/^waiting //p' "$W/said" >"$W/waiting"
    do_batch "$W/said"
}

# move INTERFACE: packets take it, peer by peer, each once its handshake there has been seen.
move() {
    look_first
    listen "$1" "$patience" 1 || return 1
    if [ -s "$W/waiting" ]; then
        forget_lost "$1" 1 || return 1
        [ ! -s "$W/waiting" ] || return 0
    fi
    for one in $tunnels; do observe "$one" "$W/now/$one"; done
    think finish -v self="$1" -v desired="$W/desired" -v current="$W/now" >"$W/said" || unsaid || return 1
    do_batch "$W/said"
}
# still INTERFACE: W/waiting is who answers on the other one alone; nothing is changed.
still() {
    look_first
    listen "$1" 0 '' && forget_lost "$1" '' || return 1
    [ -s "$W/waiting" ] || return 0
    listen "$1" "$patience" '' && forget_lost "$1" ''
}

# Ends the interface, whatever state it is in.
remove_interface() {
    is_up "$1" || return 0
    ! tool wg-quick down "$pending/run/$1.conf" >/dev/null </dev/null || return 0
    is_up "$1" || return 0
    tool ip link delete dev "$1" >/dev/null || blamed ip
}
