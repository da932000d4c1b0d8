# The rendered tree: what it has to be before anything is done. Sets `interface`, by which the files are called,
# `wanted`, the interfaces that it has, `candidates`, those that the host may have by it, `has_firewall`, and W/files.
check_tree() {
    [ -d "$tree" ] || fail 66 missing-file "cannot open folder \"$tree\": no such file or directory"
    odd=$(find "$tree/" ! -type f ! -type d | head -n 1)
    [ -z "$odd" ] || refuse "\"$odd\" is neither a file nor a folder" "render it again"
    odd=$(find "$tree/" ! -user 0 ! -user "$(id -u)" ! -user "${SUDO_UID:-0}" | head -n 1)
    [ -z "$odd" ] || refuse "\"$odd\" belongs to somebody else" "chown it to root"
    (cd "$tree" && find . -type f | sed 's,^\./,,' | LC_ALL=C sort) >"$W/files"
    mkdir -p "$W/desired"
    wanted=
    while read -r path; do
        case $path in
        etc/wireguard/*/*) ;;
        etc/wireguard/*.conf)
            one=${path##*/}
            wanted="$wanted ${one%.conf}"
            cp "$tree/$path" "$W/desired/" || fail 74 input-output-error "cannot read $tree/$path"
            ;;
        esac
    done <"$W/files"
    # By name and not by path: the shorter one comes first.
    wanted=$(for one in $wanted; do echo "$one"; done | LC_ALL=C sort)
    check_configurations
    check_paths
    check_script
}

# A tar archive, from a file or for - from standard input, becomes a folder in memory.
unpack() {
    archive=$tree
    if [ "$archive" = - ]; then
        [ ! -t 0 ] || refuse "standard input is a terminal, and no tar archive" \
            "tar -C OUT/PEER -cf - . | ssh PEER hauberk apply -"
        archive=$W/archive
        cat >"$archive" || fail 74 input-output-error "cannot read standard input"
    else
        is_file "$archive" || return 0
        case $(stat -c %a "$archive") in
        *00) ;;
        *) refuse "\"$archive\" holds a private key, and others may read it" "chmod 600 $archive" ;;
        esac
        [ -n "$(find "$archive" -user 0 -o -user "$(id -u)" -o -user "${SUDO_UID:-0}")" ] ||
            refuse "\"$archive\" belongs to somebody else" "chown it to root"
    fi
    need tar tar
    # Without the block of zeros at its end it was cut off.
    [ -s "$archive" ] && [ -z "$(tail -c 512 "$archive" | tr -d '\0' | head -c 1)" ] && mkdir "$W/tree" &&
        tool tar -x -o -f "$archive" -C "$W/tree" >/dev/null ||
        refuse "\"$tree\" is no whole tar archive" "make it anew: tar -C OUT/PEER -cf FILE ."
    tree=$W/tree
}

check_configurations() {
    for one in $wanted; do
        case $one in
        *[!A-Za-z0-9_=+.-]* | ????????????????*) refuse "\"$one\" is no name of an interface" "render it again" ;;
        esac
    done
    tunnels=$wanted
    think tree -v desired="$W/desired" >"$W/tunnels" || unthought
    rotates=1
    loads=0
    while read -r word one turns calls; do
        [ "$word" = tunnel ] ||
            fail 65 invalid-configuration "$tree/etc/wireguard/$one.conf:$turns $calls" "render it again"
        [ "$turns" = 1 ] || rotates=0
        [ "$calls" = 0 ] || loads=1
    done <"$W/tunnels"
    set -- $wanted
    case $# in
    1)
        interface=$1
        case $rotates,$1 in 1,?*-b) interface=${1%-b} ;; esac
        ;;
    2)
        interface=$1
        [ "$rotates,$2" = "1,$1-b" ] ||
            refuse "\"$tree\" holds 2 configurations that are not the two that keys rotate between" "render it again"
        ;;
    *)
        refuse "\"$tree\" holds $# configurations in etc/wireguard, not one" \
            "name the folder of one host of what \`hauberk render --out\` wrote"
        ;;
    esac
    candidates=$interface
    [ $rotates = 0 ] || candidates="$interface $interface-b"
}

check_paths() {
    while read -r path; do
        mode=$(stat -c %a "$tree/$path") || mode=777
        case $path in
        etc/wireguard/*/*) known= ;;
        etc/wireguard/*.conf)
            known=1
            case $mode in
            *00) ;;
            *) refuse "\"$path\" holds a private key, and others may read it" "chmod 600 $tree/$path" ;;
            esac
            ;;
        *[!!-~]*) known= ;;
        etc/hauberk/"$interface"/*/*) known= ;;
        etc/hauberk/"$interface"/* | etc/systemd/system/hauberk-firewall-*) known=1 ;;
        usr/share/netfilter-persistent/plugins.d/30-hauberk-*) known=1 ;;
        *) known= ;;
        esac
        [ -n "$known" ] || refuse "\"$tree\" holds \"$path\", which apply could not put back" \
            "apply takes trees with nftables, iptables or no firewall; install others by hand"
        case $mode in
        *[2367] | *[2367]?) refuse "\"$path\" can be changed by others" "chmod go-w $tree/$path" ;;
        esac
    done <"$W/files"
}

# The firewall is read by its own script, in a private folder.
check_script() {
    script=etc/hauberk/$interface/firewall
    has_firewall=
    [ ! -f "$tree/$script" ] || has_firewall=1
    if [ $loads = 1 ] && [ -z "$has_firewall" ]; then
        refuse "\"$tree\" is not whole: \"$script\" is missing" "render it again"
    fi
    [ -n "$has_firewall" ] || return 0
    case $(head -n 3 "$tree/$script" | sed -n 's/.* for \(nftables\|iptables\)\.$/ours/p') in
    ours) ;;
    *)
        refuse "the firewall of \"$tree\" is of a dialect that apply could not put back" \
            "apply takes trees with nftables, iptables or no firewall; install others by hand"
        ;;
    esac
}

# With the real tools; nothing was changed yet.
check_with_tools() {
    [ "$(id -u)" = 0 ] ||
        fail 77 permission-denied "apply changes the network of the host, and you are not root" "run it with sudo"
    need awk mawk ip iproute2 wg wireguard-tools wg-quick wireguard-tools flock util-linux setsid util-linux
    need sha256sum coreutils timeout coreutils stat coreutils
    case $(ip -V 2>&1) in
    *iproute2*) ;;
    *) fail 78 missing-tool "ip is not the one of iproute2" "install the package iproute2" ;;
    esac
    tool wg --version >/dev/null || fail 78 missing-tool "$(blame wg)" "install the package wireguard-tools"
    [ -n "$has_firewall" ] || return 0
    mkdir -p "$W/check"
    cp -R "$tree/etc" "$W/check/" || fail 74 input-output-error "cannot read $tree/etc"
    tool sh -n "$W/check/$script" || refuse "$(blame "sh -n")" "render it again; nothing was changed on the host"
    # By sh: the folder in memory may be one that nothing is run from.
    tool sh "$W/check/$script" check >/dev/null && return
    [ $? != 78 ] || fail 78 missing-tool "$(tail -n 1 "$W/error")"
    refuse "$(blame "firewall check")" "render it again; nothing was changed on the host"
}

unthought() { fail 70 tool-failed "awk failed" "nothing was changed on the host"; }
