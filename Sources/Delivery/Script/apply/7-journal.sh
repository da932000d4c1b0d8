# A transaction on the disk: the folder, journal and marks are those of the program, so that each can end what the
# other has begun. `armed` becomes `confirmed` or `returning` by one rename: whoever is first has decided.

here() {
    read -r boot </proc/sys/kernel/random/boot_id
    echo "$boot $(readlink /proc/self/ns/net)"
}

# Sets `phase` and what the journal says: j_… and the lists W/j.files, W/j.removed, W/j.folders, W/j.links,
# W/j.unlinks. False if there is none.
read_journal() {
    phase=
    if [ -e "$pending/confirmed" ]; then phase=confirmed
    elif [ -e "$pending/returning" ]; then phase=returning
    elif [ ! -e "$pending/armed" ]; then return 1
    elif [ -e "$pending/waiting" ]; then phase=waiting
    else phase=armed
    fi
    j_id='' j_interface='' j_place='' j_confirmation=0 j_process=0 j_rotates='' j_had='' j_loads='' j_replaces=''
    j_tunnels='' word=''
    : >"$W/j.files"
    : >"$W/j.removed"
    : >"$W/j.folders"
    : >"$W/j.links"
    : >"$W/j.unlinks"
    while read -r word value; do
        case $word in
        id) j_id=$value ;;
        interface) j_interface=$value ;;
        place) j_place=$value ;;
        confirmation) j_confirmation=$value ;;
        process) j_process=$value ;;
        rotates) j_rotates=1 ;;
        had-firewall) j_had=1 ;;
        loads-firewall) j_loads=1 ;;
        replaces-firewall) j_replaces=1 ;;
        was-up | was-down) j_tunnels="$j_tunnels $word:$value" ;;
        file) echo "${value#* }" >>"$W/j.files" ;;
        remove) echo "$value" >>"$W/j.removed" ;;
        folder) echo "$value" >>"$W/j.folders" ;;
        link) echo "$value" >>"$W/j.links" ;;
        unlink) echo "$value" >>"$W/j.unlinks" ;;
        *) break ;;
        esac
    done 2>/dev/null <"$pending/journal" || return 1
    [ "$word" != end ] || return 0
    # Somebody has ended it in between, or another version has begun it, and this one must not touch it.
    [ -e "$pending/journal" ] || return 1
    fail 74 apply-failed "\"$pending/journal\" is not one that this version can read" \
        "end it with the hauberk that began it: hauberk apply --rollback"
}
is_pending() { [ -e "$pending/journal" ] && grep -qx "id $1" "$pending/journal" 2>/dev/null; }
decide() { mv "$pending/armed" "$pending/$1" 2>/dev/null && durable "$pending"; }

# How a transaction ended; empty when the last was another.
outcome() { sed -n "s/^\([a-z]*\) $1\$/\1/p" "$base/last" 2>/dev/null; }

# The lock is open as 9; false when somebody else has it.
lock() {
    if [ ! -d "$base" ]; then
        (umask 022 && mkdir -p "$root/var/lib/hauberk") && mkdir -m 700 "$base" ||
            fail 74 input-output-error "cannot make $base"
    fi
    # A redirection of exec that fails would end this.
    (: >>"$base/lock") 2>/dev/null || fail 77 permission-denied "cannot open $base/lock"
    exec 9<>"$base/lock"
    # A child of a killed one may have it for a moment.
    for try in 1 2 3 4 5; do
        if flock -n 9; then return 0; fi
        nap
    done
    exec 9>&-
    return 1
}

# The transaction of this plan. Nothing of the host has been changed by then.
begin() {
    draft=$base/pending.new
    rm -rf "$draft" "$pending"
    mkdir -p "$draft/new" "$draft/run" "$draft/former" "$draft/before"
    while read -r path; do
        mkdir -p "$draft/new/${path%/*}"
        cp "$tree/$path" "$draft/new/$path" && chmod "$(stat -c %a "$tree/$path")" "$draft/new/$path" || return 1
    done <"$W/files"
    for tunnel in $tunnels; do
        [ ! -d "$W/now/$tunnel" ] || cp -R "$W/now/$tunnel" "$draft/before/" || return 1
        if [ -e "$W/desired/$tunnel.conf" ]; then
            joined "$W/desired/$tunnel.conf" >"$W/joined" &&
                hooked "$pending/new" <"$W/joined" >"$draft/run/$tunnel.conf" &&
                hooked "$pending/new" <"$W/desired/$tunnel.conf" >"$draft/former/$tunnel.conf" || return 1
        fi
        if [ -e "$W/former/$tunnel.conf" ]; then
            text=$W/former/$tunnel.conf
            ! grep -qsx "$tunnel" "$W/steps/applied" || text=$W/applied/$tunnel.conf
            hooked "$root" <"$text" >"$draft/former/$tunnel.conf" || return 1
            [ -e "$draft/run/$tunnel.conf" ] || cp "$draft/former/$tunnel.conf" "$draft/run/" || return 1
        fi
    done
    write_journal >"$draft/journal" && : >"$draft/armed" || return 1
    find "$draft" -type f -exec sync {} + 2>/dev/null 9>&- || sync
    mv "$draft" "$pending" && durable "$base"
}

write_journal() {
    printf '%s\n' "id $id" "interface $interface" "place $(here)" "confirmation $within" "process $$"
    [ "$candidates" = "$interface" ] || echo rotates
    [ -z "$had_firewall" ] || echo had-firewall
    [ -z "$loading" ] || echo loads-firewall
    [ -z "$replacing" ] || echo replaces-firewall
    for tunnel in $tunnels; do
        if [ -d "$W/now/$tunnel" ]; then echo "was-up $tunnel"; else echo "was-down $tunnel"; fi
    done
    while read -r path; do echo "file $(stat -c %a "$tree/$path") $path"; done <"$W/changed"
    sed 's/^/remove /' "$W/stale"
    sed 's,/[^/]*$,,' "$W/changed" | awk -F / '{ path = ""; for (i = 1; i <= NF; i++) {
        path = path (i > 1 ? "/" : "") $i; if (!(path in seen)) { seen[path] = 1; print path } } }' |
        while read -r path; do [ -e "$root/$path" ] || echo "folder $path"; done
    sed 's/^/link /' "$W/links"
    sed 's/^/unlink /' "$W/unlinks"
    echo end
}

# The configuration with hooks that find the scripts where they are now, below a folder.
hooked() {
    own=$(echo "$interface" | sed 's/\./\\./g')
    sed -e "s,/etc/hauberk/%i/,$1/etc/hauberk/$interface/,g" -e t -e "s,/etc/hauberk/$own/,$1/etc/hauberk/$interface/,g" \
        -e t -e "s,/etc/wireguard/%i\.key,$root/etc/wireguard/$interface.key,g" \
        -e t -e "s,/etc/wireguard/$own\.key,$root/etc/wireguard/$interface.key,g"
}
# For wg-quick where another interface of the mesh is up: without the routes, which would be taken from that one, and
# without another load of the rules.
joined() {
    case $tunnels in
    *[!A-Za-z0-9_=+.-]*)
        sed -e '/^[[:blank:]]*[Pp]ost[Uu]p *= *ip -[46] route replace [^ ]* dev %i[a-z0-9 ]*$/d' \
            -e '/^[[:blank:]]*[Pp]re[Uu]p *= *\/etc\/hauberk\/[^ ]*\/firewall load *$/d' "$1"
        ;;
    *) cat "$1" ;;
    esac
}

staged() { echo "$root/${1%/*}/.${1##*/}.hauberk-$2"; }

# Writes the new files beside their places.
stage() {
    while read -r path; do (umask 022 && mkdir -p "$root/$path") || return 1; done <"$W/j.folders"
    while read -r path; do
        place=$(staged "$path" "$j_id")
        cp "$pending/new/$path" "$place" && chmod "$(stat -c %a "$pending/new/$path")" "$place" || return 1
        durable "$place" "${place%/*}"
    done <"$W/j.files"
}

# Puts the new files into their places, the configurations last, for they name the others; again is no change.
switch_files() {
    grep -v '\.conf$' "$W/j.files" >"$W/order"
    grep '\.conf$' "$W/j.files" >>"$W/order"
    while read -r path; do
        place=$(staged "$path" "$j_id")
        [ -e "$place" ] || continue
        mv -f "$place" "$root/$path" && durable "${place%/*}" || return 1
        fault
    done <"$W/order"
    while read -r path; do
        rm -f "$root/$path" && durable "$root/${path%/*}" || return 1
    done <"$W/j.removed"
    switch_links && keep_rules || return 1
    [ -z "$j_rotates" ] || follow_rotation || return 1
    # Another run of the kernel has begun with what is on the disk.
    from=$pending/new
    [ "$j_place" = "$(here)" ] || from=$pending/none
    keep_applied "$j_interface${j_rotates:+ $j_interface-b}" "$from" || return 1
    tell_systemd
    end confirmed
}

# keep_applied INTERFACES TREE: each configuration as it was applied, for the disk may get another from somebody who
# copies the next tree there; a copy, for scp writes into the file that is there. It does not wait for the disk.
keep_applied() {
    for one in $1; do
        kept=$base/applied/$one.conf
        if [ ! -e "$2/etc/wireguard/$one.conf" ]; then
            [ ! -e "$kept" ] || rm -f "$kept" || return 1
        elif ! is_file "$kept" || ! same_bytes "$2/etc/wireguard/$one.conf" "$kept"; then
            mkdir -p "$base/applied" && rm -f "$kept.new" && cat "$2/etc/wireguard/$one.conf" >"$kept.new" &&
                mv -f "$kept.new" "$kept" || return 1
        fi
    done
}

# Takes the new files away that never came to their places.
unstage() {
    while read -r path; do
        place=$(staged "$path" "$j_id")
        [ ! -e "$place" ] || rm -f "$place" || return 1
    done <"$W/j.files"
    awk '{ line[NR] = $0 } END { for (i = NR; i; i--) print line[i] }' "$W/j.folders" >"$W/order"
    while read -r path; do rmdir "$root/$path" 2>/dev/null; done <"$W/order"
    end returned
}

end() {
    echo "$1 $j_id" >"$base/last.new" && durable "$base/last.new" || return 1
    mv -f "$base/last.new" "$base/last" || return 1
    rm -rf "$base/pending.gone"
    mv "$pending" "$base/pending.gone" && durable "$base"
    rm -rf "$base/pending.gone"
}
