import TestSupport
import Testing

/// Our rules on hosts that have a firewall of somebody else's already.
@Suite(.serialized) struct CoexistenceTests {
    // stranger ── box ── member; behind box a container with published ports, or ufw or firewalld on it
    @Test(
        .enabled(if: Script.coexist.isPossible, "packages are missing"),
        arguments: [
            ("dockerd", ["nftables", "iptables-nft", "iptables-legacy"]), ("docker", ["nftables", "iptables-nft"]),
            ("docker-nft", ["nftables", "iptables-nft"]), ("ufw", ["nftables", "iptables-nft", "ufw"]),
            ("firewalld", ["nftables", "iptables-nft", "firewalld"]),
        ])
    func `what is theirs stays as it is, the policy holds, and nothing of ours is left`(
        theirs: String, dialects: [String]
    ) throws {
        try withTemporaryFolder { folder in
            let end = try Script.coexist.run([folder, theirs, dialects.joined(separator: ",")], in: folder)
            #expect(end.status == 0, "\(end.output)\(end.errors)")
            // ufw's dialect leaves to ufw's own rules what strangers may begin beyond the mesh file.
            let expected = dialects.map { dialect in
                let denied = dialect == "ufw" ? "default deny for members" : "default deny"
                return "\(theirs) and \(dialect): untouched, \(denied), and as before"
            }
            #expect(end.output.split(separator: "\n").map(String.init) == expected)
        }
    }
}
