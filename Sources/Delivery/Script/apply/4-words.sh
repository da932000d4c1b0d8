# What is said, and what is run.

id=
W=
# Set before this ends with 2, which a shell does as well that breaks off.
is_meant=

note() { echo "$*" >&2 || :; }

# fail STATUS ID MESSAGE [HINT]
fail() {
    note "error: $3 [$2]"
    [ -z "${4-}" ] || note "  hint: $4"
    exit "$1"
}
refuse() { fail 65 refused-tree "$@"; }

# need TOOL PACKAGE …
need() {
    while [ $# -gt 0 ]; do
        command -v "$1" >/dev/null || fail 78 missing-tool "there is no $1 on this host" "install the package $2"
        shift 2
    done
}

# A private folder in memory, which goes with this process; W is its path.
room() {
    W=/run/hauberk-apply.$$
    rm -rf "$W"
    mkdir "$W" || fail 74 input-output-error "cannot make $W"
    trap 'last=$?; rm -rf "$W"; if [ $last = 2 ] && [ -z "$is_meant" ]; then last=70; fi; exit $last' EXIT
    trap 'exit 129' HUP INT TERM
    # A reader that is gone must not end this.
    trap : PIPE
}
# Those of processes that were killed.
sweep() {
    set +f
    for old in /run/hauberk-apply.*; do
        if [ -d "$old" ] && [ ! -d "/proc/${old##*.}" ]; then rm -rf "$old"; fi
    done
    set -f
}

# tool WORD …: within two minutes, without the lock; what it says of errors is in W. Those of a killed process are found
# by the transaction in their environment.
tool() { HAUBERK_APPLY_ID=$id timeout 120 "$@" 2>"$W/error" 9>&-; }

# blame TOOL: what it said, without what could be a key.
blame() {
    echo "\"$1\" failed: $(awk '/^\[#\]/ { next } { last[++n] = $0 } END {
        for (i = n > 3 ? n - 2 : 1; i <= n; i++) {
            count = split(last[i], word, " ")
            for (j = 1; j <= count; j++) printf "%s%s", (length(word[j]) >= 40 ? "..." : word[j]), (j < count ? " " : "")
            if (i < n) printf "; "
        }
    }' "$W/error")"
}

# think MODE WORD …: the answer of the model; false when there is none, which must not count as an empty one.
think() {
    mode=$1
    shift
    awk -v mode="$mode" -v interfaces="$tunnels" "$@" "$model" 9>&-
}

# The lock is not for children: they may live longer than this process.
nap() { sleep 0.05 2>/dev/null 9>&- || sleep 1 9>&-; }
# Sets `moment`: seconds since the host was started.
tick() {
    read -r moment rest </proc/uptime
    moment=${moment%.*}
}
# Sets `deadline`, so many seconds from now.
within_time() {
    tick
    deadline=$((moment + $1))
}
is_over() {
    tick
    [ "$moment" -ge "$1" ]
}

# durable PATH …: files and folders are on the disk from then on.
durable() { sync "$@" 2>/dev/null 9>&- || sync 9>&-; }
mark() { : >"$pending/$1" && durable "$pending/$1" "$pending"; }
same_bytes() { [ "$(sha256sum <"$1")" = "$(sha256sum <"$2")" ]; }
is_file() { [ -f "$1" ] && [ ! -L "$1" ]; }

# A place at which a test has this process killed.
passed=0
fault() {
    passed=$((passed + 1))
    [ "$passed" != "${HAUBERK_APPLY_KILL_AT-}" ] || kill -KILL $$
}

# Lines as a JSON list.
listed() {
    awk 'BEGIN { printf "[" } { gsub(/["\\]/, "\\\\&"); printf "%s\n    \"%s\"", (NR > 1 ? "," : ""), $0 }
        END { print (NR ? "" : "\n") "\n  ]" }' "$@"
}

# The dialect of a firewall: the last word of the head of its script.
dialect() { awk '/^# Hauberk: / { print $NF; exit }' "$1" 2>/dev/null; }
# The interfaces of a list that are in a folder of theirs.
present() {
    for one in $1; do if [ -e "$2/$one" ] || [ -e "$2/$one.conf" ]; then echo "$one"; fi; done
}
