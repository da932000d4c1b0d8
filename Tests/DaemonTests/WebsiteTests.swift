import TestSupport
import Testing

/// Real daemons on the hosts of `Mesh/wordpress`, with the trees that hauberk renders for them.
@Suite struct WebsiteTests {
    // client ── haproxy-www ══ wordpress-1, -2 ══ mysql-1 ══ mysql-2; the stranger hears every frame of the VPC
    @Test(.enabled(if: Script.website.isPossible, "packages are missing"))
    func `a website runs over the mesh, and who listens sees WireGuard alone`() throws {
        try withTemporaryFolder { folder in
            let end = try Script.website.run([folder], in: folder)
            #expect(end.status == 0, "\(end.output)\(end.errors)")
            #expect(
                end.output.split(separator: "\n") == [
                    "without the mesh the stranger reads the query",
                    "client to HAProxy to nginx to MariaDB: 2 wordpress-1 2 wordpress-2",
                    "replicated to mysql-2: 4 posts",
                    "refused: SQL beside the mesh, SQL from haproxy-www, HTTP from the stranger",
                    "the stranger sees WireGuard alone, and no marker",
                ])
        }
    }
}
