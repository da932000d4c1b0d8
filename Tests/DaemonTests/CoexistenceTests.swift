import TestSupport
import Testing

/// Our rules on hosts that have a firewall of somebody else's already.
@Suite(.serialized) struct CoexistenceTests {
    // stranger ── box ── member; behind box a container with published ports, or ufw or firewalld on it
    @Test(
        .enabled(if: Script.coexist.isPossible, "packages are missing"),
        arguments: [
            ("dockerd", ["nftables"]), ("docker", ["nftables"]), ("docker-nft", ["nftables"]), ("ufw", ["nftables"]),
            ("firewalld", ["nftables"]),
        ])
    func `what is theirs stays as it is, the policy holds, and nothing of ours is left`(
        theirs: String, dialects: [String]
    ) throws {
        try withTemporaryFolder { folder in
            let end = try Script.coexist.run([folder, theirs, dialects.joined(separator: ",")], in: folder)
            #expect(end.status == 0, "\(end.output)\(end.errors)")
            #expect(
                end.output.split(separator: "\n")
                    == dialects.map { "\(theirs) and \($0): untouched, default deny, and as before" })
        }
    }
}
