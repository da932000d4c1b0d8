# One transaction, from its plan to its confirmation.

# What is there, and what is to be done: `tunnels`, W/now, W/former, W/applied, W/changed, W/stale, and the
# steps in W/list.
plan() {
    mkdir -p "$W/now" "$W/former" "$W/applied" "$W/steps"
    list=
    for candidate in $candidates; do
        look_for "$candidate"
        for folder in desired/$candidate.conf former/$candidate.conf now/$candidate; do
            [ ! -e "$W/$folder" ] || { list="$list $candidate" && break; }
        done
    done
    tunnels=${list# }
    find_changed
    plan_boot
    plan_firewall
    think plan -v desired="$W/desired" -v former="$W/former" -v applied="$W/applied" -v current="$W/now" \
        -v steps="$W/steps" -v loading="$loading" -v unloading="$unloading" >"$W/list" || unthought
    while read -r number tunnel kind words; do
        if [ "$kind" = down ] && [ ! -e "$W/former/$tunnel.conf" ]; then
            refuse "\"$tunnel\" is up, not by \"etc/wireguard/$tunnel.conf\", and would have to be restarted" \
                "take it down first: ip link delete dev $tunnel"
        fi
        [ "$kind" != up ] || tool wg-quick strip "$tree/etc/wireguard/$tunnel.conf" >/dev/null ||
            refuse "$(blame wg-quick)" "render it again; nothing was changed on the host"
    done <"$W/list"
}

# look_for INTERFACE
look_for() {
    observe "$1" "$W/now/$1"
    case $? in
    2) fail 1 apply-failed "\"$1\" is there and is no interface of WireGuard's: $(blame wg)" ;;
    esac
    configuration=$root/etc/wireguard/$1.conf
    turns=0
    if is_file "$configuration"; then
        examine "$1" "$configuration" "$W/former"
        case $said in "tunnel $1 1 "*) turns=1 ;; esac
    fi
    find_applied "$1"
    # What takes its place is rendered for rotation, and so is all that may be taken away for it.
    if [ -e "$W/desired/$1.conf" ] || [ ! -e "$configuration" ] || [ $turns = 1 ]; then return; fi
    if [ "$1" = "$interface" ]; then
        refuse "\"$configuration\" is of the time before \`rotation:\`, which this host has missed" \
            "run \`wg-quick down $1\` there, remove the file, and apply the tree again"
    fi
    refuse "\"$configuration\" is not of hauberk's, and has the name that a second interface gets" \
        "give one of the two another name"
}

# examine INTERFACE FILE FOLDER: a configuration that can be read comes to the folder; `said` is what it is.
examine() {
    mkdir -p "$W/try"
    cp "$2" "$W/try/$1.conf"
    tunnels=$1
    said=$(think tree -v desired="$W/try") || unthought
    case $said in "tunnel $1 "*) cp "$2" "$3/" ;; esac
}

# What was applied last, if the disk has another; a power cut may have emptied it.
find_applied() {
    kept=$base/applied/$1.conf
    is_file "$kept" && grep -q '^\[' "$kept" || return 0
    ! is_file "$configuration" || ! same_bytes "$kept" "$configuration" || return 0
    examine "$1" "$kept" "$W/applied"
}

find_changed() {
    : >"$W/stale"
    while read -r path; do
        is_file "$root/$path" && [ "$(stat -c %a "$root/$path")" = "$(stat -c %a "$tree/$path")" ] &&
            same_bytes "$root/$path" "$tree/$path" || echo "$path"
    done <"$W/files" >"$W/changed"
    for path in "etc/hauberk/$interface/firewall" "etc/hauberk/$interface/rules.nft" \
        "etc/hauberk/$interface/rules.v4" "etc/hauberk/$interface/rules.v6" \
        "etc/systemd/system/hauberk-firewall-$interface.service" \
        "usr/share/netfilter-persistent/plugins.d/30-hauberk-$interface" \
        $(for one in $candidates; do echo "etc/wireguard/$one.conf"; done); do
        [ -e "$tree/$path" ] || ! is_file "$root/$path" || echo "$path" >>"$W/stale"
    done
}

# Whether the rules are loaded anew, taken away, or those of another dialect take their place.
plan_firewall() {
    had_firewall='' loading='' unloading='' replacing='' loaded=''
    there=$root/etc/hauberk/$interface/firewall
    if is_file "$there"; then
        case $(dialect "$there") in
        nftables. | iptables. | '') ;;
        *)
            refuse "the firewall on this host is for $(dialect "$there") and could not be put back" \
                "take it away first: $there remove, and remove the folder"
            ;;
        esac
        loaded=$(loaded_rules "$there")
        [ -z "$loaded" ] || had_firewall=1
    fi
    if [ -z "$has_firewall" ]; then
        unloading=$had_firewall
    elif [ -z "$had_firewall" ]; then
        loading=1
    elif [ "$(cat "$base/applied/$interface.rules" 2>/dev/null)" != "$(rules_digest "$tree") $loaded" ]; then
        loading=1
        if [ "$(dialect "$there")" != "$(dialect "$tree/$script")" ]; then
            replacing=1
            unloading=1
        fi
    fi
}

# Whose session has to be alive afterwards, too: W/alive/INTERFACE.
find_alive() {
    mkdir -p "$W/alive"
    for tunnel in $tunnels; do
        [ -d "$W/now/$tunnel" ] || continue
        think sessions -v self="$tunnel" -v desired="$W/desired" -v former="$W/former" -v applied="$W/applied" \
            -v current="$W/now" -v clock="$(date +%s)" >"$W/sessions" || unsaid || return 1
        answering "$tunnel" "$W/sessions" 12 || return 1
        grep -vxF -f "$W/silent" "$W/sessions" >"$W/alive/$tunnel"
    done
    return 0
}

take_steps() {
    : >"$W/awaited"
    [ -s "$W/list" ] || return 0
    find_alive || return 1
    # What is observed from now on is not what was planned with.
    cp -R "$W/now" "$W/planned"
    while read -r number tunnel kind words <&3; do
        note "$(sed -n "${number}p" "$W/steps/text")"
        case $kind in
        move)
            move "$tunnel" || return 1
            cat "$W/waiting" >>"$W/awaited"
            fault
            continue
            ;;
        down)
            if [ -e "$W/desired/$tunnel.conf" ]; then
                mark "restarted-$tunnel"
            else
                leave "$tunnel" "$W/alive/$tunnel" || return 1
            fi
            ;;
        remove)
            echo "$words" | tr ' ' '\n' | grep -xF -f "$W/alive/$tunnel" >"$W/going"
            leave "$tunnel" "$W/going" || return 1
            ;;
        esac
        take "$number" "$tunnel" "$kind" "$words" || return 1
        fault
    done 3<"$W/list"
    verify && ask_again || return 1
    fault
}

# leave INTERFACE FILE: before peers of the file go from it: for good only when they do not answer there alone.
leave() {
    case $tunnels in *' '*) ;; *) return 0 ;; esac
    think cut -v self="$1" -v desired="$W/desired" -v former="$W/former" -v applied="$W/applied" \
        -v current="$W/planned" -v amongFile="$2" -v awaitedFile="$W/awaited" >"$W/cut" || unsaid || return 1
    [ -s "$W/cut" ] || return 0
    blame="peer $(paste -s -d , "$W/cut") answers on $1 alone, which it was to leave"
    return 1
}

verify() {
    for tunnel in $tunnels; do
        observe "$tunnel" "$W/now/$tunnel"
        if [ -e "$W/desired/$tunnel.conf" ] && [ ! -d "$W/now/$tunnel" ]; then
            blame="the interface $tunnel did not stay up"
            return 1
        fi
        if [ ! -e "$W/desired/$tunnel.conf" ] && [ -d "$W/now/$tunnel" ]; then
            blame="the interface $tunnel did not go"
            return 1
        fi
    done
    rm -rf "$W/rest"
    mkdir "$W/rest"
    # Peers that have not answered yet keep their routes on the other interface.
    think verify -v desired="$W/desired" -v current="$W/now" -v steps="$W/rest" >"$W/left.all" || unsaid || return 1
    grep -v '^[0-9]* [^ ]* move' "$W/left.all" >"$W/left"
    if [ -s "$W/left" ]; then
        blame="not all has come about: left is to $(paste -s -d ';' "$W/rest/text")"
        return 1
    fi
    [ -n "$has_firewall" ] || return 0
    loaded=$(loaded_rules "$pending/new/$script")
    blame="the firewall is not loaded"
    [ -n "$loaded" ] && echo "$(rules_digest "$pending/new") $loaded" >"$pending/rules"
}

ask_again() {
    for tunnel in $tunnels; do
        if [ ! -s "$W/alive/$tunnel" ] || [ ! -d "$W/now/$tunnel" ]; then continue; fi
        sed -n 's/^[Pp]ublic[Kk]ey *= *\([^ ]*\) *$/\1/p' "$W/desired/$tunnel.conf" | grep -xF -f "$W/alive/$tunnel" >"$W/before"
        [ -s "$W/before" ] || continue
        asked=$(grep -c '' "$W/before")
        if [ "$asked" = 1 ]; then note "ask 1 peer that answered before"; else note "ask $asked peers that answered before"; fi
        answering "$tunnel" "$W/before" 20 || return 1
        [ -s "$W/silent" ] || continue
        blame="no answer any more from peer $(paste -s -d , "$W/silent")"
        return 1
    done
    return 0
}

# unwritten FOLDER: says why nothing could be written there.
unwritten() {
    set -- "cannot write below \"$1\": $(tail -n 1 "$W/error")" "the host is as it was before"
    case $1 in
    *'No space left'*) fail 74 disk-full "$@" ;;
    *'Read-only file system'* | *'ermission denied'* | *'not permitted'*) fail 77 permission-denied "$@" ;;
    esac
    fail 74 input-output-error "$@"
}

# run: with the lock held. Does not return when it fails.
run() {
    if ! begin 2>"$W/error"; then
        rm -rf "$base/pending.new"
        unwritten "$base"
    fi
    read_journal || fail 70 apply-failed "the journal cannot be read"
    fault
    if ! stage 2>"$W/error"; then
        decide returning
        unstage
        unwritten "$root/etc"
    fi
    fault
    if ! start_guard; then
        decide returning
        unstage
        fail 1 apply-failed "the process that puts the host back did not start"
    fi
    fault
    blame="something failed"
    take_steps || give_up "$blame"
    mark waiting
    fault
    if [ "$within" = 0 ]; then
        decide confirmed || give_up "it took too long"
        fault
        switch_files || fail 74 input-output-error "the files cannot be switched" "hauberk apply --rollback"
    else
        await
    fi
}

# The watching process puts back; another one does if that is gone.
give_up() {
    note "that failed; everything is put back"
    decide returning
    within_time 330
    while is_pending "$id" && ! is_over "$deadline"; do
        if look_at "$watcher" || start_guard; then nap; else break; fi
    done
    if is_pending "$id"; then
        fail 74 apply-failed "it failed, and putting back failed too: $1" "then \`hauberk apply --rollback\` does"
    fi
    fail 1 apply-failed "$1" "the host is as it was before"
}

await() {
    note "applied; confirm it within $within s from another session: hauberk apply --confirm"
    # The other process ends it. Should that be killed, another one does, and begins to count again.
    while is_pending "$id"; do
        look_at "$watcher" || start_guard
        nap
    done
    [ "$(outcome "$id")" = confirmed ] ||
        fail 1 apply-failed "it was not confirmed within $within s, or was refused" "the host is as it was before"
}
