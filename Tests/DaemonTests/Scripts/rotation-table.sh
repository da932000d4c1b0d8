#!/usr/bin/env bash
# What new keys cost, by the way they are given: rotation-table.sh RUNS HAUBERK
#
# For each method, whole mesh or one peer, and each skew between hosts, so many runs of rotation.sh under full load; then
# a table with the least, the median and the most of lost probes and of the longest gap. $METHODS and $SKEWS choose.
set -euo pipefail
export LC_ALL=C
runs=$1
hauberk=$(realpath "$2")
read -ra methods <<<"${METHODS:-none restart syncconf rotate}"
read -ra skews <<<"${SKEWS:-0 1 5}"
script=$(dirname "$0")/rotation.sh
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

for method in "${methods[@]}"; do
    for who in all alpha; do
        [[ $method-$who != none-alpha ]] || continue
        for skew in "${skews[@]}"; do
            echo "rotation: $method, $who, $skew s" >&2
            "$script" "$folder" cell "$method" "$who" "$skew" "$runs" "$hauberk" | tee -a "$folder/runs" >&2
        done
    done
done

# Its input: method, who, skew, lost, gap, broken, stall; the runs of a cell one after the other.
awk -F '\t' -v nproc="$(nproc)" '
function sorted(values, n,    i, j, held) {
    for (i = 2; i <= n; i++) {
        held = values[i]
        for (j = i - 1; j >= 1 && values[j] > held; j--) values[j + 1] = values[j]
        values[j + 1] = held
    }
}
function spread(values, n) {
    sorted(values, n)
    return values[1] + 0 " / " (values[int((n + 1) / 2)] + values[int(n / 2) + 1]) / 2 " / " values[n] + 0
}
function flush_cell(    who) {
    if (n == 0) return
    who = cell[2] == "all" ? "whole mesh" : "one peer"
    if (cell[1] == "none") who = "nobody"
    printf "| %-8s | %-10s | %4s | %4d | %-22s | %-24s | %-22s | %6d |\n", cell[1], who, cell[3] " s", n,
        spread(lost, n), spread(gap, n), spread(stall, n), broken
    n = broken = 0
}
BEGIN {
    print "Four hosts, 24 flows of 100 probes a second and 12 TCP connections; least / median / most of the runs, times in"
    print "ms, on " nproc " processors."
    print ""
    row = "| %-8s | %-10s | %4s | %4s | %-22s | %-24s | %-22s | %6s |\n"
    printf row, "method", "new keys", "skew", "runs", "lost probes", "longest gap of a flow", "longest stall of TCP", "broken"
    printf row, "---", "---", "---", "---", "---", "---", "---", "---"
}
{
    if ($1 "\t" $2 "\t" $3 != name) flush_cell()
    name = $1 "\t" $2 "\t" $3
    split(name, cell, "\t")
    n++
    lost[n] = $4 + 0
    gap[n] = $5 + 0
    broken += $6
    stall[n] = $7 + 0
}
END { flush_cell() }
' "$folder/runs"
