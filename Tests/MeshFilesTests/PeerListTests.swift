import Diagnostics
import Testing

@testable import MeshFiles

private let secret = "QMARKERMARKERMARKERMARKERMARKERMARKERMARKEQ="
/// The header that wg-meshconf 2.5.1 writes.
private let header =
    #""Name","Address","Endpoint","AllowedIPs","ListenPort","PersistentKeepalive","FwMark","PrivateKey","DNS","MTU","#
    + #""Table","PreUp","PostUp","PreDown","PostDown","SaveConfig""# + "\r\n"

private func csv(_ text: String) throws -> PeerList {
    try PeerList(parsing: Array(text.utf8), file: "peers.csv", format: .csv)
}

private func yaml(_ text: String) throws -> PeerList {
    try PeerList(parsing: Array(text.utf8), file: "peers.yaml", format: .yaml)
}

/// `name: field=flow text …` of each peer.
private func summary(_ list: PeerList) -> [String] {
    list.entries.map { entry in
        ([entry.name.text] + entry.fields.map { "\($0.name)=\($0.flowText)" }).joined(separator: " ")
    }
}

@Suite struct PeerListTests {
    @Test func `wg-meshconf's own file is read, its key as a place only`() throws {
        let row =
            #""tokyo1","10.1.0.1/16,fd00::1/64","tokyo1.com","192.168.0.0/24,10.9.0.0/16","51820","25","0x1","\#(secret)","#
            + #""1.1.1.1,9.9.9.9","1420","off","","iptables -A ""x"", y","","","False""# + "\r\n"
        let row2 = #""b","10.1.0.2","[2001:db8::1]","","51820","","","","","","","","","","","""# + "\r\n"
        let text = "\u{feff}" + header + row + row2
        let list = try csv(text)
        #expect(
            summary(list) == [
                "tokyo1 endpoint=tokyo1.com port=51820 address=[10.1.0.1, \"fd00::1\"] ".replacing("\"", with: "")
                    + "routes=[192.168.0.0/24, 10.9.0.0/16] keepalive=25 dns=[1.1.1.1, 9.9.9.9] mtu=1420 "
                    + #"fwmark="0x1" table="off" post-up='iptables -A "x", y'"#,
                "b public=2001:db8::1 port=51820 address=10.1.0.2",
            ])
        let range = try #require(list.entries[0].privateKey)
        #expect(String(decoding: Array(text.utf8)[range], as: UTF8.self) == secret)
        #expect(list.entries[1].privateKey == nil)
        #expect(!"\(list)".contains("MARKER"))
        var dumped = ""
        dump(list, to: &dumped)
        #expect(!dumped.contains("MARKER"))
        #expect(list.entries[0]["address"]?.values[1].location.description == "peers.csv:2:23")
    }

    @Test func `columns stand in any order, case and number`() throws {
        let list = try csv(
            "SITE, Public-Key ,name,Groups,route,Pre Up\nnyc3,\(secret),a,www db;x,10.0.0.0/8,echo a\n,,b,,,\n\n")
        #expect(
            summary(list) == [
                "a site=nyc3 groups=[www, db, x] routes=[10.0.0.0/8] public-key=\(yamlScalar(secret)) pre-up=echo a",
                "b",
            ])
        #expect(list.entries[0].fields.map(\.location.column) == [1, 53, 62, 6, 73].map { $0 })
    }

    @Test(arguments: [
        ("", "missing-column 1:1"),
        ("site,public\nx,y\n", "missing-column 1:1"),
        ("name,colour\nx,y\n", "unknown-column 1:6"),
        ("name;site\nx;y\n", "unknown-column 1:1"),
        ("name,route,AllowedIPs\n", "duplicate-column 1:12"),
        ("name,site\na\nb,c,d\n", "row-length 2:1,row-length 3:5"),
        ("name,site\na,b\n\"c\nd\",e\na,f\n", "duplicate-peer 5:1"),
        ("name,site\na,\"b\n", "csv-syntax 2:3"),
        ("name,site\na,b\"c\n", "csv-syntax 2:3"),
        ("name,site\na,\"b\"c\n", "csv-syntax 2:6"),
        ("name,site\n,b\n", "invalid-cell 2:1"),
        ("name,site\né,b\0\n", "control-character 2:4"),
        ("name,SaveConfig\na,True\nb,x\n", "unsupported-column 2:3,invalid-cell 3:3"),
        ("name,Address,PrivateKey\na,10.0.0.1/33,x\n", "invalid-cell 2:3,invalid-cell 2:15"),
    ])
    func `each mistake in CSV has its place and id`(text: String, expected: String) {
        #expect(findings { _ = try csv(text) }.joined(separator: ",") == expected)
    }

    @Test(arguments: [
        "a,\(secret)\n", "name,PrivateKey\na,x\(secret)\n", "name,PrivateKey\na,\(secret),\(secret)\n",
        "name,PrivateKey\na,\"\(secret)\n", "name,PrivateKey\na,\(secret)\"\n", "name,PrivateKey\n\(secret),a\n",
        "PrivateKey,name\na,\(secret)\nb,\(secret)\n", "name,SaveConfig\na,\(secret)\n",
        "name,Address,ListenPort\na,\(secret),1\n",
    ])
    func `no message holds what could be a key`(text: String) {
        #expect(!messages { _ = try csv(text) }.contains("MARKER"))
    }

    @Test func `a list, a mapping and peers of a mesh are read alike`() throws {
        let expected = ["a site=nyc groups=[x, w] public=203.0.113.1", "b pre-up=[echo a, echo b]", "c"]
        let fields = "{public: 203.0.113.1, groups: [x, w], site: nyc}"
        let mapping = "a: \(fields)\nb:\n  pre-up: [echo a, echo b]\nc:\n"
        let items =
            "- {name: a, public: 203.0.113.1, groups: [x, w], site: nyc}\n- name: b\n  pre-up: [echo a, echo b]\n- {name: c}\n"
        #expect(summary(try yaml(mapping)) == expected)
        #expect(summary(try yaml(items)) == expected)
        #expect(summary(try yaml("peers:\n" + items)) == expected)
        #expect(summary(try yaml("peers: {a: \(fields), b: {pre-up: [echo a, echo b]}, c: }\n")) == expected)
    }

    @Test(arguments: [
        ("- a\n", "wrong-shape 1:3"), ("x", "wrong-shape 1:1"), ("a: x\n", "wrong-shape 1:4"),
        ("- {site: x}\n", "missing-field 1:3"), ("a: {colour: x}\n", "unknown-field 1:5"),
        ("a: {private-key: x}\n", "unknown-field 1:5"), ("a: {site: [x]}\n", "wrong-shape 1:11"),
        ("a: {route: x, routes: y}\n", "duplicate-column 1:23"),
        ("- {name: a}\n- {name: a}\n", "duplicate-peer 2:10"), ("a: &x {}\n", "yaml-anchor 1:4"),
    ])
    func `each mistake in YAML has its place and id`(text: String, expected: String) {
        #expect(findings { _ = try yaml(text) }.joined(separator: ",") == expected)
    }
}
