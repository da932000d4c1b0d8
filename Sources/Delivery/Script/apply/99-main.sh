# The words of `hauberk apply`.

usage() {
    note "error: these are not the words of apply [usage]"
    note "usage: $0 apply TREE [--confirm-within SECONDS] [--patience SECONDS] [--dry-run] [--root DIR] [--json]"
    note "       $0 apply --confirm | --rollback | --status [--root DIR] [--json]"
    exit 64
}

# seconds VALUE MOST
check_seconds() {
    case $1 in '' | *[!0-9]* | ??????*) usage ;; esac
    [ "$1" -le "$2" ] || usage
}

apply() {
    word='' tree='' json='' dry='' within=0 patience=30 place=''
    while [ $# -gt 0 ]; do
        case $1 in
        --json) json=1 ;;
        --dry-run) dry=1 ;;
        --confirm-within | --patience | --root)
            [ $# -gt 1 ] || usage
            case $1 in
            --patience) patience=$2 ;;
            --root) place=$2 ;;
            *) within=$2 ;;
            esac
            shift
            ;;
        --confirm | --rollback | --status)
            [ -z "$word$tree" ] || usage
            word=$1
            ;;
        -?* | '') usage ;;
        *)
            [ -z "$word$tree" ] || usage
            tree=$1
            ;;
        esac
        shift
    done
    check_seconds "$within" 86400
    check_seconds "$patience" 180
    below "$place"
    case $word in
    --status) say_status ;;
    --confirm) answer confirmed ;;
    --rollback) answer returning ;;
    *)
        [ -n "$tree" ] || usage
        case $tree in /* | -) ;; *) tree=$PWD/$tree ;; esac
        [ "$(id -u)" = 0 ] || rm -rf "$W"
        # What this process starts is found by its environment.
        read -r id </proc/sys/kernel/random/uuid
        exec env HAUBERK_APPLY_ID="$id" "$self" apply-tree "$root" "$tree" "$within" "$patience" "$json" "$dry"
        ;;
    esac
}

# below ROOT: where the host's files are; hooks name it, so that it is of plain letters.
below() {
    case $1 in
    '' | /) root= ;;
    *[!A-Za-z0-9/._+-]* | *..*) usage ;;
    /*) root=${1%/} ;;
    *) root=$PWD/${1%/} ;;
    esac
    base=$root/var/lib/hauberk/apply
    pending=$base/pending
}

# apply-tree ROOT TREE WITHIN PATIENCE JSON DRY
apply_tree() {
    below "$1"
    tree=${2%/} within=$3 patience=$4 json=$5 dry=$6
    id=$HAUBERK_APPLY_ID
    unpack
    check_tree
    check_with_tools
    if [ -n "$dry" ]; then
        plan
        answer=planned
        if ! has_plan; then answer=unchanged; fi
        : >"$W/waiting"
        say_report
        return
    fi
    lock || locked
    sweep
    if read_journal; then
        finish
        id=$HAUBERK_APPLY_ID
        rm -rf "$W/now" "$W/steps"
        check_tree
    else
        rm -rf "$pending"
    fi
    plan
    answer=applied
    if has_plan; then
        run
        cp "$W/awaited" "$W/waiting"
    else
        answer=unchanged
        : >"$W/waiting"
        keep_applied "$candidates" "$tree" 2>/dev/null || :
        standing=$(think standing -v desired="$W/desired" -v former="$W/former" -v current="$W/now") || unthought
        [ -z "$standing" ] || still "$standing" || fail 1 apply-failed "$blame"
    fi
    say_report
    if [ -s "$W/waiting" ]; then
        is_meant=1
        exit 2
    fi
}

has_plan() { [ -s "$W/list" ] || [ -s "$W/changed" ] || [ -s "$W/stale" ]; }

locked() {
    who="it has just begun"
    if read_journal; then who="process $j_process for \"$j_interface\", $phase"; fi
    fail 75 apply-locked "another apply is at work on this host: $who" "hauberk apply --status"
}

say_report() {
    LC_ALL=C sort -u "$W/waiting" >"$W/waiting.sorted"
    cat "$W/changed" "$W/stale" >"$W/switched"
    [ -e "$W/steps/text" ] || : >"$W/steps/text"
    cuts=false
    [ ! -e "$W/steps/cuts" ] || cuts=true
    if [ -n "$json" ]; then
        echo "{"
        echo "  \"cutsSessions\" : $cuts,"
        echo "  \"files\" : $(listed "$W/switched"),"
        echo "  \"interface\" : \"$interface\","
        echo "  \"outcome\" : \"$answer\","
        echo "  \"startsAtBoot\" : $(listed "$W/units"),"
        echo "  \"steps\" : $(listed "$W/steps/text"),"
        echo "  \"unstarted\" : $(listed "$W/unstarted"),"
        echo "  \"waiting\" : $(listed "$W/waiting.sorted")"
        echo "}"
        return
    fi
    if [ $answer = unchanged ]; then echo "$interface: nothing to do"; else echo "$interface: $answer"; fi
    [ $answer != planned ] || sed 's/^/  /' "$W/steps/text"
    [ ! -s "$W/units" ] || echo "  start at boot $(paste -s -d , "$W/units" | sed 's/,/, /g')"
    sed 's/.*/nothing on this host starts & at boot/' "$W/unstarted"
    sed 's/^/no answer yet from peer /' "$W/waiting.sorted"
}

# say OUTCOME: of the other words.
say() {
    if [ -z "$json" ]; then
        if [ "$1" = idle ]; then echo "nothing is pending"; else echo "${j_interface:+$j_interface: }$1"; fi
        return
    fi
    echo "{"
    [ -z "${phase-}" ] || [ "$word" != --status ] || echo "  \"confirmWithin\" : $j_confirmation,"
    [ -z "${j_interface-}" ] || echo "  \"interface\" : \"$j_interface\","
    echo "  \"outcome\" : \"$1\""
    echo "}"
}

say_status() {
    if read_journal; then say "$phase"; else say idle; fi
}

# answer confirmed|returning: to what waits for that; returns when it is done.
answer() {
    if ! read_journal; then
        [ "$1" = returning ] || fail 1 nothing-applied "nothing waits for a confirmation"
        j_interface=''
        say idle
        return
    fi
    [ "$(id -u)" = 0 ] || fail 77 permission-denied "apply changes the network of the host" "run it with sudo"
    asked_for=$1
    if lock; then
        # Whoever began it is gone, and so is the process that would have put it back: after a reboot, say.
        left=$j_id
        was=$phase
        ! read_journal || [ "$j_id" != "$left" ] || finish
        j_id=$left
        if [ "$was" = confirmed ] && [ "$(outcome "$left")" = confirmed ]; then
            say confirmed
            return
        fi
    else
        [ "$phase" = waiting ] && decide "$asked_for" ||
            fail 1 nothing-applied "an apply is at work, and does not wait for a confirmation"
        within_time 300
        while is_pending "$j_id" && ! is_over "$deadline"; do
            if lock; then
                ! read_journal || finish
                break
            fi
        done
    fi
    ended=$(outcome "$j_id")
    [ "$ended" = confirmed ] || [ "$asked_for" = returning ] ||
        fail 1 apply-failed "the apply of \"$j_interface\" was ${ended:-not ended} meanwhile"
    [ "$ended" = returned ] || [ "$asked_for" = confirmed ] ||
        fail 1 apply-failed "the apply of \"$j_interface\" was ${ended:-not ended} meanwhile"
    if [ "$asked_for" = confirmed ]; then say confirmed; else say "put back"; fi
}

main() {
    set -uf
    umask 077
    LC_ALL=C
    export LC_ALL
    # As under a login of root.
    PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    export PATH
    case $0 in
    /*) self=$0 ;;
    *) self=$PWD/$0 ;;
    esac
    has_perl=
    ! command -v perl >/dev/null || has_perl=1
    case ${1-} in
    --version)
        echo "$version"
        exit
        ;;
    apply | apply-tree | apply-guard) ;;
    *) usage ;;
    esac
    if [ "$(id -u)" = 0 ]; then room; else W=$(mktemp -d) && trap 'rm -rf "$W"' EXIT; fi
    word=$1
    shift
    case $word in
    apply) apply "$@" ;;
    apply-tree) apply_tree "$@" ;;
    apply-guard)
        below "$1"
        guard "$@"
        ;;
    esac
}

main "$@"
