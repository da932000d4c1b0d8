import Addresses
import Glibc
import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import TestSupport
import Testing

/// A script in namespaces of its own, with a host's firewall files at hand.
enum FirewallShell {
    /// `same A B WHAT` compares two texts; `fails WORDS` fails when a command does not.
    private static let head = """
        set -eu
        fail() { echo "FAILED: $*" >&2; exit 1; }
        same() { [ "$1" = "$2" ] || { echo "$1" >"$TREE/one"; echo "$2" >"$TREE/two"; diff "$TREE/one" "$TREE/two" >&2; \
        fail "$3"; }; }
        fails() { if "$@" >"$TREE/out" 2>"$TREE/err"; then fail "worked: $*"; fi; }
        says() { grep -q -e "$1" "$TREE/err" || { cat "$TREE/err" >&2; fail "does not say $1"; }; }
        saved() { for v in '' 6; do "ip${v}tables-$1-save" | sed -e '/^#/d' -e 's/\\[[0-9]*:[0-9]*\\]//' -e 's/ *$//'; done; }

        """

    /// Runs the script; `$TREE` is the folder. Its messages are the test's issues.
    static func expect(
        _ script: String, in folder: String, location: SourceLocation = #_sourceLocation
    ) throws {
        try save("TREE='\(folder)'\n" + head + script + "\necho done\n", to: "\(folder)/script.sh")
        let flags = geteuid() == 0 ? "-nmpf" : "-Urnmpf"
        let end = try BuiltProgram("packet-bench").run(
            [], tracer: ["unshare", flags, "--mount-proc", "--kill-child", "sh", "\(folder)/script.sh"], in: folder)
        #expect(
            end.status == 0 && end.output.hasSuffix("done\n"), "\(end.output.suffix(2_000))\(end.errors.suffix(4_000))",
            sourceLocation: location)
    }

    /// Writes one host's files below a folder.
    static func write(
        _ yaml: String, _ peer: String, _ kind: FirewallKind, below folder: String, neighbors: [NeighborMesh] = []
    ) throws {
        let mesh = try MeshPipeline.mesh(yaml)
        let plan = try #require(FirewallPlan(mesh, at: nil))
        let host = try #require(mesh.index(of: peer))
        let artifacts = try Firewalls.artifacts(for: host, in: plan, kind: kind, neighbors: neighbors)
        #expect(!artifacts.isEmpty)
        try FirewallLoader.write(artifacts, below: folder)
    }
}
