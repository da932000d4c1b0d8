# What the lines of the cases may use.

# One more peer at line 14 of mesh.yaml, with these fields.
peer() { printf '  x-1: {%s}\n' "$1" >> m/mesh.yaml; }

# Replaces text in a file of the mesh, which must have it.
change() { grep -q -- "$2" "m/$1" && sed -i -- "s|$2|$3|" "m/$1"; }

# The folder with everything in it belongs to an ordinary user, who then runs the command.
to_other() { if [ "$(id -u)" = 0 ]; then chown -R 65534:65534 .; fi; }
as_other() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; else "$@"; fi; }

# Runs a line of sh(1) where mounts are nobody else's; the command comes last in it.
with_mounts() {
    if [ "$(id -u)" = 0 ] && unshare --mount true 2> /dev/null; then
        unshare --mount --propagation private sh -euc "$1"
    else
        unshare --user --map-root-user --mount sh -euc "$1"
    fi
}

# The case is about machines that are not like this one.
skip() { exit 75; }

# Runs a command while another process holds the lock of the mesh.
while_locked() { flock m/.hauberk.lock "$@"; }
