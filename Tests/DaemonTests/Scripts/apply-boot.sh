# Sourced by apply.sh: what a host starts at boot.

# A host with systemd: its program, wg-quick's template, and a systemctl that writes down what it is told.
systemd() {
    mkdir -p $1/lib/systemd/system $1/run/systemd/system $data/bin
    touch $1/lib/systemd/systemd
    printf '[Service]\nWantedBy=nobody.target\n[Install]\nWantedBy=multi-user.target\n' >$1/lib/systemd/system/wg-quick@.service
    printf '#!/bin/sh\necho "$*" >>%s/told\n' $data >$data/bin/systemctl
    chmod 755 $data/bin/systemctl
    : >$data/told
    PATH=$data/bin:$PATH
}
# The links below a host's root, and what they point to.
links() { (cd $1/etc/systemd/system 2>/dev/null && find . -type l -printf '%P %l\n' | sort) || true; }

boot() {
    local root=$data/root-alpha first
    mkdir $root $data/root-beta
    apply beta $data/out/beta
    expect 0 beta
    grep -q "^nothing on this host starts wg0 at boot$" $data/beta.said || fail "$(cat $data/beta.said)"
    [[ -z $(links $data/root-beta) ]] || fail "there are $(links $data/root-beta)"
    echo "where nothing starts the tunnel at boot, that is said"
    systemd $root
    apply alpha $data/out/alpha --dry-run
    expect 0 alpha
    grep -q "start at boot hauberk-firewall-wg0.service, wg-quick@wg0.service$" $data/alpha.said || fail "$(cat $data/alpha.said)"
    [[ -z $(links $root) && ! -s $data/told ]] || fail "a dry run wrote something"
    apply alpha $data/out/alpha
    expect 0 alpha
    await 10 "the tunnel" reach
    first=$(links $root)
    diff - <(echo "$first") >&2 <<END || fail "other links"
firewalld.service.wants/hauberk-firewall-wg0.service /etc/systemd/system/hauberk-firewall-wg0.service
multi-user.target.wants/wg-quick@wg0.service /lib/systemd/system/wg-quick@.service
netfilter-persistent.service.wants/hauberk-firewall-wg0.service /etc/systemd/system/hauberk-firewall-wg0.service
nftables.service.wants/hauberk-firewall-wg0.service /etc/systemd/system/hauberk-firewall-wg0.service
sysinit.target.wants/hauberk-firewall-wg0.service /etc/systemd/system/hauberk-firewall-wg0.service
END
    [[ $(<$data/told) == $'daemon-reload\nstart --no-block hauberk-firewall-wg0.service' ]] || fail "systemd was told $(<$data/told)"
    echo "what comes for the first time is started at boot"
    rm $root/etc/systemd/system/multi-user.target.wants/wg-quick@wg0.service
    "$hauberk" --mesh $data/mesh add gamma --site here --private 10.132.0.4 >/dev/null 2>&1 || fail "no gamma"
    render
    apply alpha $data/out/alpha
    expect 0 alpha
    [[ $(links $root) == "$(grep -v wg-quick <<<"$first")" ]] || fail "there are $(links $root)"
    echo "what somebody has disabled stays so"
    cp -a $data/out/alpha $data/bald
    sed -i '/firewall load/d; /firewall remove/d' $data/bald/etc/wireguard/wg0.conf
    rm -r $data/bald/etc/hauberk $data/bald/etc/systemd
    apply alpha $data/bald
    expect 0 alpha
    [[ -z $(links $root) && $(tail -n 1 $data/told) == daemon-reload ]] || fail "there are $(links $root)"
    echo "what goes is not started any more"
    begun "$first"
}
# A first apply that is killed: the links are there when the files are.
begun() {
    local root=$data/root-alpha point=0 old=0
    while :; do
        point=$((point + 1))
        ((point < 40)) || fail "there is no end"
        on alpha wg-quick down wg0 2>/dev/null || on alpha ip link delete dev wg0 2>/dev/null || true
        [[ ! -e $root/etc/hauberk/wg0/firewall ]] || on alpha $root/etc/hauberk/wg0/firewall remove
        rm -r $root && mkdir $root && systemd $root
        HAUBERK_APPLY_KILL_AT=$point apply alpha $data/out/alpha
        ((status == 0)) && break
        ((status == 137)) || fail "killed at $point: $status $(cat $data/alpha.said)"
        await 20 "the way back, killed at $point," back
        if [[ -e $root/etc/wireguard/wg0.conf ]]; then
            [[ $(links $root) == "$1" ]] || fail "killed at $point, there are $(links $root)"
        else
            old=$((old + 1))
            [[ -z $(links $root) ]] || fail "killed at $point, there are $(links $root)"
        fi
    done
    ((old >= 5 && point > old + 1)) || fail "$old places before, $point in all"
    echo "killed anywhere, it is started at boot if it is there"
}

# Rules that are not those of the files, though the files are those of the tree.
drift() {
    up
    local kind root=$data/root-alpha first
    for kind in nftables iptables; do
        "$hauberk" --mesh $data/mesh render --out $data/out --firewall $kind >/dev/null || fail "nothing was rendered"
        apply alpha $data/out/alpha
        expect 0 alpha
        apply alpha $data/out/alpha --dry-run
        grep -q "nothing to do" $data/alpha.said || fail "$kind: $(cat $data/alpha.said)"
        rules $kind >$data/rules
        # changed WHAT COMMAND …: it is seen, told and mended.
        changed() {
            on alpha "${@:2}" || fail "$kind, $1: cannot be done"
            ! rules $kind | cmp -s - $data/rules || fail "$kind, $1: nothing was changed"
            apply alpha $data/out/alpha --dry-run
            grep -q "^  load the firewall$" $data/alpha.said || fail "$kind, $1 is not seen: $(cat $data/alpha.said)"
            apply alpha $data/out/alpha
            expect 0 alpha
            rules $kind | diff $data/rules - >&2 || fail "$kind, $1 is not mended"
            apply alpha $data/out/alpha --dry-run
            grep -q "nothing to do" $data/alpha.said || fail "$kind, $1, again: $(cat $data/alpha.said)"
        }
        if [[ $kind == nftables ]]; then
            changed "opened" nft insert rule inet hauberk-wg0 input accept
            changed "emptied" nft flush chain inet hauberk-wg0 output
        else
            changed "opened" iptables -I HAUBERK-wg0-IN -j ACCEPT
            changed "not called" ip6tables -D INPUT -j HAUBERK-wg0-IN
        fi
        on alpha $root/etc/hauberk/wg0/firewall remove
        on alpha $root/etc/hauberk/wg0/firewall load
        apply alpha $data/out/alpha --dry-run
        grep -q "nothing to do" $data/alpha.said || fail "$kind, loaded at boot: $(cat $data/alpha.said)"
    done
    echo "rules that somebody has changed are told and loaded"
    sed -i 's/^services:/&\n  web: {ports: [80\/tcp], expose: {all: private}}/; s/^allow:/&\n  - {from: all, to: all, service: web}/' \
        $data/mesh/mesh.yaml
    apply alpha $data/out/alpha
    expect 0 alpha
    "$hauberk" --mesh $data/mesh render --out $data/out --firewall iptables >/dev/null || fail "nothing was rendered"
    cp -r $data/out/alpha/. $root/
    apply alpha $data/out/alpha
    expect 0 alpha
    grep -q "^load the firewall$" $data/alpha.said && [[ $(rules iptables) == *"dports 22,80"* ]] || fail "$(cat $data/alpha.said)"
    echo "files that somebody has copied are loaded"
}
rules() {
    if [[ $1 == nftables ]]; then on alpha nft -s -t list table inet hauberk-wg0; else
        on alpha iptables-save 2>/dev/null | grep HAUBERK | sed 's/\[.*//' && on alpha ip6tables-save 2>/dev/null | grep HAUBERK | sed 's/\[.*//'
    fi
}
