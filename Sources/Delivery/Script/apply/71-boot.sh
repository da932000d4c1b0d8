# What systemd starts at boot: the links of `systemctl enable` (systemd.unit(5), [Install]).

units=etc/systemd/system

# The links by which a unit is started with those that want it: wanting UNIT FILE.
wanting() {
    awk -v unit="$1" -v units="$units" '/^\[/ { install = $0 == "[Install]" }
        install && sub(/^WantedBy=/, "") {
            for (i = 1; i <= NF; i++) if (!index($i, "/")) print units "/" $i ".wants/" unit
        }' "$2"
}

# For all that comes to the host for the first time: W/links of `PATH TARGET` and W/unstarted, the interfaces that
# nothing starts. W/unlinks: the links of units that go.
plan_boot() {
    : >"$W/unstarted"
    has_systemd='' template=''
    if [ -e "$root/lib/systemd/systemd" ] || [ -e "$root/usr/lib/systemd/systemd" ]; then has_systemd=1; fi
    for folder in "$units" usr/local/lib/systemd/system lib/systemd/system usr/lib/systemd/system; do
        if [ -z "$template" ] && [ -e "$root/$folder/wg-quick@.service" ]; then template=$folder/wg-quick@.service; fi
    done
    new_links | while read -r path target; do [ -L "$root/$path" ] || echo "$path $target"; done >"$W/links"
    while read -r path; do
        case $path in "$units"/*) wanting "${path##*/}" "$root/$path" ;; esac
    done <"$W/stale" | while read -r path; do [ ! -L "$root/$path" ] || echo "$path"; done >"$W/unlinks"
    sed 's, .*,,; s,.*/,,' "$W/links" | LC_ALL=C sort -u >"$W/units"
}

new_links() {
    is_new=1
    for one in $candidates; do [ ! -e "$root/etc/wireguard/$one.conf" ] || is_new=; done
    if [ -n "$is_new" ]; then
        for one in $wanted; do
            if [ -n "$has_systemd" ] && [ -n "$template" ]; then
                wanting "wg-quick@$one.service" "$root/$template" | sed "s,\$, /$template,"
            else
                echo "$one" >>"$W/unstarted"
            fi
        done
    fi
    [ -n "$has_systemd" ] || return 0
    while read -r path; do
        case $path in "$units"/*) ;; *) continue ;; esac
        [ -e "$root/$path" ] || wanting "${path##*/}" "$tree/$path" | sed "s,\$, /$path,"
    done <"$W/files"
}

switch_links() {
    while read -r path; do
        rm -f "$root/$path" && durable "$root/${path%/*}" || return 1
    done <"$W/j.unlinks"
    while read -r path target; do
        [ ! -L "$root/$path" ] || continue
        (umask 022 && mkdir -p "$root/${path%/*}") && ln -s "$target" "$root/$path" && durable "$root/${path%/*}" || return 1
    done <"$W/j.links"
}

# Where keys rotate and systemd starts one of the two interfaces at boot, it starts those that have a configuration.
follow_rotation() {
    links=$root/$units/multi-user.target.wants
    unit=
    for one in "$j_interface-b" "$j_interface"; do
        [ ! -L "$links/wg-quick@$one.service" ] || unit=$(readlink "$links/wg-quick@$one.service")
    done
    [ -n "$unit" ] || return 0
    for one in "$j_interface" "$j_interface-b"; do
        [ ! -e "$root/etc/wireguard/$one.conf" ] || [ -L "$links/wg-quick@$one.service" ] ||
            ln -s "$unit" "$links/wg-quick@$one.service" || return 1
    done
    for one in "$j_interface" "$j_interface-b"; do
        [ -e "$root/etc/wireguard/$one.conf" ] || rm -f "$links/wg-quick@$one.service" || return 1
    done
    durable "$links"
}

# A systemd that runs reads what has changed of its units, and has the firewall's for started, so that it loads the rules
# again when the distribution's own firewall is started anew. Nothing depends on that before the next boot.
tell_systemd() {
    [ -e "$root/run/systemd/system" ] && cat "$W/j.links" "$W/j.unlinks" "$W/j.files" "$W/j.removed" | grep -q "^$units/" ||
        return 0
    telling daemon-reload
    for unit in $(sed -n 's,^[^ ]*/\(hauberk-[^ /]*\) .*,\1,p' "$W/j.links" | LC_ALL=C sort -u); do telling start --no-block "$unit"; done
}
telling() { HAUBERK_APPLY_ID=$j_id timeout 30 systemctl "$@" >/dev/null 2>&1 </dev/null 9>&- || :; }
