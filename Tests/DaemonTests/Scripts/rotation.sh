#!/usr/bin/env bash
# New keys for a mesh under load: rotation.sh FOLDER SCENE [ARGUMENT …] HAUBERK
#
#   alpha ─┐
#   beta  ─┤                      wireguard-go, wg-quick and nftables on each, strict reverse paths, a disk of its own;
#   gamma ─┼─ vpc                 of every pair, both ways and in both families, a UDP probe every 10 ms, and a
#   delta ─┘                      TCP connection each way
#
# `scenes "SCENE …"` plays some on one lab, `stages "SCENE …"` on one whose keys can rotate; each thing that was seen is a
# line on standard output. `cell METHOD WHO SKEW RUNS` prints a line for each run instead: method, whose keys, skew, lost
# probes, longest gap in ms, broken connections, longest stall in ms.
source "$(dirname "$0")/namespace.sh"
need wg-quick wireguard-tools wireguard-go wireguard-go nft nftables ping iputils-ping \
    faketime faketime
need_root
asked "$@" && exit
enter_as_root "$@"

hauberk=${!#}
load=$(dirname "$hauberk")/rotation-load
data=/mnt
settle $data
source "$(dirname "$0")/hosts.sh"
source "$(dirname "$0")/rotation-lab.sh"
source "$(dirname "$0")/rotation-methods.sh"
source "$(dirname "$0")/rotation-stages.sh"

baseline() {
    begin_load "${hosts[@]}"
    pause 3
    end_load
    untouched "without a change"
    (($(grep -c '"flow"' $data/load.json) == 24 && $(grep -c '"stream"' $data/load.json) == 12)) ||
        fail "the load is another"
    (($(total sent) > 24 * 250)) || fail "too few probes: $total"
    echo "24 flows and 12 connections are there, and without a change nothing is lost"
}

# That what is lost is seen: the kernel's own counts of what it drops are the same.
control() {
    begin_load "${hosts[@]}"
    on beta nft -f - <<'END'
table inet loss {
    counter dropped { }
    chain input {
        type filter hook input priority -200
        iifname "wg*" udp dport 7000 numgen inc mod 50 0 counter name dropped drop
    }
}
END
    pause 2
    on beta nft flush chain inet loss input
    end_load
    local dropped
    dropped=$(on beta nft list counters table inet loss | sed -n 's/.*packets \([0-9]*\) .*/\1/p')
    on beta nft delete table inet loss
    ((dropped > 10 && $(total lost) == dropped)) || fail "$dropped were dropped: $total"
    (($(grep '"flow"' $data/load.json | grep -v '> beta"' | grep -vc '"lost":0,') == 0)) || fail "others have lost too"
    echo "as many probes are missed as the kernel has dropped"
    begin_load "${hosts[@]}"
    on beta nft -f - <<END
table inet loss {
    chain input {
        type filter hook input priority -200
        ip saddr $(address alpha 4) tcp dport 7001 reject with tcp reset
    }
}
END
    pause 1
    on beta nft delete table inet loss
    end_load
    (($(total broken) == 1)) || fail "one connection was reset: $total"
    grep '"stream":"alpha > beta"' $data/load.json | grep -q '"state":"reset"' || fail "the wrong one is broken"
    echo "a connection that is reset is seen"
}

# What a reboot in the lab is, and that it does not touch others.
power_cut() {
    begin_load alpha gamma delta
    switch_off beta
    ! reach alpha beta >/dev/null || fail "beta answers without power"
    boot beta
    await 20 "the tunnels of beta" reach_all beta
    end_load
    untouched "while beta was off"
    echo "a host that was switched off is reachable when it comes back, and the others lost nothing"
}

in_place() {
    begin_load "${hosts[@]}"
    syncconf alpha 1
    end_load
    # The last host differs for three seconds: both ways and in both families, 1,200 probes, the one before it 800.
    (($(total lost) > 300 && $(total longestGap) > 1500)) || fail "that lost too little: $total"
    echo "a key that is changed in place loses packets for as long as the hosts differ"
}

scenes() {
    local scene
    for scene in $1; do $scene; done
}

# cell METHOD WHO SKEW RUNS
cell() {
    local run
    for ((run = 0; run < $4; run++)); do
        begin_load "${hosts[@]}"
        pause 1
        $1 $2 $3
        end_load
        printf '%s\t' "$1" "$2" "$3" "$(total lost)" "$(total longestGap)" "$(total broken)"
        printf '%s\n' "$(total longestStall)"
    done
}

stages() { scenes "$1"; }

case "$2 $3" in
"stages "* | "cell rotate" | "cell by_hand") bring_up "rotation: {}" ;;
*) bring_up ;;
esac
"${@:2:$#-2}"
