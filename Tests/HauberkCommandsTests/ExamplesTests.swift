import Testing

/// Every example below `Mesh/`, completed in a copy and used with the built program exactly as a person would.
@Suite(.serialized) struct ExamplesTests {
    static let names = TranscriptFolder.names(inRepository: "Mesh")

    private func folder() throws -> TranscriptFolder {
        let folder = try TranscriptFolder()
        try folder.require("cp -r \"$REPOSITORY/Mesh\" Mesh && rm -f Mesh/*/mesh.lock Mesh/*/mesh.keys")
        return folder
    }

    @Test func `the examples are those that the README names`() {
        #expect(
            Self.names == [
                "dev", "nat-gateway", "peering-cloud", "peering-office", "prod", "staging", "tenants-a", "tenants-b",
                "two-sites", "wordpress",
            ])
    }

    @Test(arguments: names)
    func `an example is completed, checked, rendered and proved as declared`(name: String) throws {
        let folder = try folder()
        defer { folder.remove() }
        let hauberk = "HAUBERK_IDENTITY=identity HAUBERK_MESH=Mesh/\(name) hauberk"
        try folder.require("HAUBERK_IDENTITY=identity hauberk init Mesh/\(name)")
        let checked = try folder.require("\(hauberk) check")
        let found = try #require(checked.wholeMatch(of: #/(.+): (\d+) peers, nothing to report\n/#), "\(checked)")
        #expect(found.1 == name)
        let peers = found.2
        let first = try folder.require("\(hauberk) render --out out")
        let written = try #require(first.wholeMatch(of: #/out: (\d+) written, 0 unchanged, 0 removed\n/#), "\(first)")
        let count = try #require(Int(written.1))
        #expect(count > Int(peers) ?? .max, "every example has a policy, and so every host a firewall")
        let second = try folder.require("\(hauberk) render --out out")
        #expect(second == "out: 0 written, \(count) unchanged, 0 removed\n")
        let proved = try folder.run("\(hauberk) prove")
        #expect(proved.status == 0, "\(proved.output)")
        let verdict = try #require(
            proved.lastLine.wholeMatch(of: #/(\d+) of (\d+) probes as declared, (\d+) of (\d+) hosts sound, .*/#),
            "\(proved.output)")
        #expect(verdict.1 == verdict.2 && verdict.3 == verdict.4)
        #expect(verdict.4 == peers && verdict.2 != "0")
    }

    @Test(arguments: [("tenants-a", "tenants-b", 3), ("peering-office", "peering-cloud", 6), ("prod", "dev", 5)])
    func `meshes that share hosts are proved together`(mesh: String, other: String, hosts: Int) throws {
        let folder = try folder()
        defer { folder.remove() }
        for name in [mesh, other] { try folder.require("HAUBERK_IDENTITY=identity hauberk init Mesh/\(name)") }
        let proved = try folder.run("HAUBERK_IDENTITY=identity hauberk prove --mesh Mesh/\(mesh) --all")
        #expect(proved.status == 0, "\(proved.output)")
        #expect(proved.output.contains(", \(hosts) of \(hosts) hosts sound, "), "\(proved.output)")
        let crossing = proved.output.split(separator: "\n").filter { line in
            line.hasPrefix("forward ") && (line.contains("/tcp") || line.contains("echo"))
        }
        if mesh == "peering-office" {
            let asDeclared = #/forward +desk-1 10\.95\.1\.1 +web-1 10\.94\.1\.1 +443/tcp echo +\d+/#
            #expect(crossing.contains { $0.wholeMatch(of: asDeclared) != nil }, "\(proved.output)")
        } else {
            #expect(crossing.isEmpty, "\(crossing)")
        }
    }

    @Test func `three environments stand side by side on one host`() throws {
        let folder = try folder()
        defer { folder.remove() }
        for mesh in ["dev", "staging", "prod"] {
            try folder.require("HAUBERK_IDENTITY=identity hauberk init Mesh/\(mesh)")
        }
        for mesh in ["dev", "staging", "prod"] {
            try folder.require("HAUBERK_IDENTITY=identity hauberk render --mesh Mesh/\(mesh) --out out")
        }
        #expect(try folder.require("ls out/app-1/etc/wireguard") == "wg-dev.conf\nwg-prod.conf\nwg-staging.conf\n")
        try folder.require("sed -i s/wg-dev/wg-prod/ Mesh/dev/mesh.yaml")
        let clash = try folder.run("hauberk check --mesh Mesh/dev")
        #expect(clash.status == 65)
        #expect(clash.output.contains("[beside-clash]"))
    }
}
