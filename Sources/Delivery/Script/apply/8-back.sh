# The way back, and the process that watches: a session of its own, so that neither the end of a terminal nor of an SSH
# session ends it, with the lock as well.

# Ends the tools that a killed process has left running, for five seconds at most.
end_strays() {
    within_time 6
    while ! is_over "$deadline"; do
        set +f
        strays=$(grep -lsF "HAUBERK_APPLY_ID=$j_id" /proc/[0-9]*/environ 2>/dev/null)
        set -f
        found=
        for stray in $strays; do
            stray=${stray#/proc/}
            stray=${stray%/environ}
            is_stray "$stray" "${1-}" || continue
            found=1
            kill -KILL "$stray" 2>/dev/null
        done
        [ -n "$found" ] || return 0
        nap
    done
}
# is_stray PROCESS INTERFACE: any but wireguard-go, or wireguard-go of the interface alone.
is_stray() {
    [ "$1" != $$ ] || return 1
    read -r command 2>/dev/null <"/proc/$1/comm" || return 1
    if [ -z "$2" ]; then
        [ "$command" != wireguard-go ]
    else
        [ "$command" = wireguard-go ] && tr '\0' '\n' <"/proc/$1/cmdline" 2>/dev/null | grep -qx "$2"
    fi
}

# Everything as it was before the transaction whose journal was read; again is no change.
put_back() {
    id=$j_id
    interface=$j_interface
    # The one that has begun it may wait for this; then it runs nothing else.
    if [ -z "${first-}" ] || ! look_at "$first" || [ "$born" != "$first_born" ]; then end_strays; fi
    if [ "$j_place" = "$(here)" ]; then
        # One that fails does not keep the other from being tried.
        rules=0
        restore_firewall || rules=1
        restore_interfaces || return 1
        [ $rules = 0 ] || return 1
    fi
    unstage
}

restore_firewall() {
    if [ -n "$j_had" ]; then
        tool sh "$root/etc/hauberk/$interface/firewall" load >/dev/null </dev/null || return 1
    fi
    [ -n "$j_loads" ] || return 0
    if [ -z "$j_had" ] || [ -n "$j_replaces" ]; then
        tool sh "$pending/new/etc/hauberk/$interface/firewall" remove >/dev/null </dev/null || return 1
    fi
}

restore_interfaces() {
    tunnels=
    for tunnel in $j_tunnels; do
        was=${tunnel%%:*}
        tunnel=${tunnel#*:}
        [ $was = was-down ] || bring_back "$tunnel" || return 1
        observe "$tunnel" "$W/now/$tunnel"
        [ $? != 2 ] || return 1
        [ $was = was-up ] && [ ! -d "$W/now/$tunnel" ] || tunnels="$tunnels $tunnel"
    done
    rm -rf "$W/steps"
    mkdir "$W/steps"
    think back -v before="$pending/before" -v current="$W/now" -v steps="$W/steps" >"$W/list" || return 1
    while read -r number tunnel kind words <&3; do
        if [ "$kind" = down ]; then
            remove_interface "$tunnel" || return 1
        else
            take "$number" "$tunnel" "$kind" "$words" || return 1
        fi
    done 3<"$W/list"
    for tunnel in $j_tunnels; do
        case $tunnel in was-down:*) end_half "${tunnel#*:}" ;; esac
    done
}

# An interface that was up and is not, or was started anew, comes up with its former configuration.
bring_back() {
    if is_up "$1" && [ ! -e "$pending/restarted-$1" ]; then return 0; fi
    remove_interface "$1" || return 1
    end_half "$1"
    tool wg-quick up "$pending/former/$1.conf" >/dev/null </dev/null
}
# Ends the process of an interface that has not come up.
end_half() { is_up "$1" || end_strays "$1"; }

# Ends what somebody has left, with the lock held and the journal read.
finish() {
    if [ "$phase" = confirmed ]; then
        note "an apply that was confirmed and cut off is finished"
        switch_files || fail 74 input-output-error "the files cannot be switched"
        return
    fi
    note "an apply that was not confirmed is put back"
    [ "$phase" = returning ] || decide returning
    put_back || fail 74 apply-failed "putting back failed: $(blame "the last tool")" "run it again"
}

# Sets `born` of a process; false if there is none, or what is left of it waits for its parent.
look_at() {
    read -r line 2>/dev/null <"/proc/$1/stat" || return 1
    set -- ${line##*) }
    born=${20}
    case $1 in Z | X) return 1 ;; esac
}

# guard ROOT PROCESS BORN READY: watches until the transaction is over. Seconds for all steps: 300; a change that takes
# longer hangs, and a test has fewer.
guard() {
    first=$2
    first_born=$3
    trap '' HUP
    cd /
    step_seconds=${HAUBERK_APPLY_STEP_SECONDS-}
    case $step_seconds in [1-9] | [1-9][0-9]) ;; *) step_seconds=300 ;; esac
    : >"$4"
    read_journal || exit 0
    watched=$j_id
    tick
    started=$moment
    waiting_since=
    attempts=0
    # The next transaction is another process's to watch.
    while [ $attempts -lt 100 ] && read_journal && [ "$j_id" = "$watched" ]; do
        alive=
        if look_at "$first" && [ "$born" = "$first_born" ]; then alive=1; fi
        handed=
        since=$started
        limit=$step_seconds
        if [ -e "$pending/waiting" ]; then
            tick
            [ -n "$waiting_since" ] || waiting_since=$moment
            if [ "$j_confirmation" -gt 0 ]; then
                handed=1
                since=$waiting_since
                limit=$j_confirmation
            fi
        fi
        overdue=
        ! is_over $((since + limit)) || overdue=1
        done=1
        case $phase,$handed,$alive,$overdue in
        armed,*,1, | waiting,1,*, | waiting,,1, | confirmed,,1,*) nap ;;
        armed,* | waiting,*)
            # One that hangs in its steps must not go on while they are put back.
            if [ -z "$handed" ] && [ -n "$alive" ]; then kill -KILL "$first"; fi
            decide returning
            ;;
        confirmed,*) switch_files || done= ;;
        returning,*) put_back || done= ;;
        esac
        if [ -z "$done" ]; then
            attempts=$((attempts + 1))
            sleep $((attempts < 30 ? attempts : 30))
        fi
    done
}

# Starts it, and returns when it watches; `watcher` is its process.
start_guard() {
    look_at $$ || return 1
    rm -f "$W/ready"
    env -u HAUBERK_APPLY_ID setsid "$self" apply-guard "$root" $$ "$born" "$W/ready" >/dev/null 2>&1 </dev/null &
    watcher=$!
    within_time 20
    until [ -e "$W/ready" ]; do
        if is_over "$deadline"; then return 1; fi
        nap
    done
}
