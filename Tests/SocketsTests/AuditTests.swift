import Addresses
import Diagnostics
import MeshFixtures
import MeshModel
import Sockets
import Testing

/// `PORT standing reach problems` of each row.
private func audit(
    _ lines: [String], of peer: String = "db-1", firewall: FirewallKind = .nftables,
    _ change: (String) -> String = { $0 }
) throws -> [String] {
    try rows(lines, of: peer, firewall: firewall, change).map { row in
        let words = [row.ports.description, row.service ?? row.standing.rawValue, row.reach.description]
        return (words + row.findings.map(\.problem.rawValue)).filter { !$0.isEmpty }.joined(separator: " ")
    }
}

private func rows(
    _ lines: [String], of peer: String, firewall: FirewallKind = .nftables, _ change: (String) -> String = { $0 }
) throws -> [AuditRow] {
    let mesh = try MeshPipeline.mesh(change(AuditTests.mesh))
    let index = try #require(mesh.index(of: peer))
    var input =
        "Netid State\n"
        + lines.map { "\($0.hasSuffix("u") ? "udp UNCONN" : "tcp LISTEN") 0 0 \($0.dropLast()) *:*\n" }.joined()
    if !lines.contains(where: { $0.contains(":51820") }) { input += "udp UNCONN 0 0 *:51820 *:*\n" }
    let list = try SocketList(parsing: Array(input.utf8), file: "ss.txt")
    return ExposureAudit(mesh, peer: index, firewall: firewall).rows(for: list).filter { row in
        row.standing != .wireGuard || !row.findings.isEmpty
    }
}

@Suite struct AuditTests {
    // Each port ends in t or u, for TCP or UDP.
    fileprivate static let mesh = """
        mesh: test
        prefixes: [10.88.0.0/16, 'fd88::/48']
        sites: {nyc3: {network: 10.132.0.0/16, interface: eth1, public-interface: eth0}}
        groups: {web: {prefix: [10.88.1.0/24, 'fd88:0:0:1::/64']}, db: {prefix: [10.88.2.0/24, 'fd88:0:0:2::/64']}}
        services:
          http: {expose: {web: public}}
          mysql: {expose: {db: private}}
          ssh: {expose: {all: private}}
          node-exporter: {expose: {db: internal}}
        allow:
          - {from: web, to: db, service: [mysql, ssh]}
        guard: {}
        peers:
          db-1: {groups: [db], site: nyc3, private: 10.132.0.2, address: [10.88.2.1, 'fd88:0:0:2::1']}
          web-1: {groups: [web], site: nyc3, private: 10.132.0.3, public: [203.0.113.3, '2001:db8::3']}
        """

    private static let good = ["10.88.2.1:22t", "[fd88:0:0:2::1]:22t", "127.0.0.1:9100t"]
    private static let mysql = ["10.88.2.1:3306t", "[fd88:0:0:2::1]:3306t"]

    /// The rows of the ports of the case alone.
    private func judged(_ lines: [String], of peer: String = "db-1") throws -> [String] {
        let others = peer == "db-1" ? ["22/tcp", "9100/tcp"] : ["22/tcp"]
        return try audit((peer == "db-1" ? Self.good : ["10.88.1.1:22t"]) + lines, of: peer).filter { row in
            !others.contains { row.hasPrefix($0) }
        }
    }

    @Test(arguments: [
        (["10.88.2.1:3306t", "[fd88:0:0:2::1]:3306t"], "3306/tcp mysql"),
        (["10.88.2.1:3306t", "[fd88:0:0:2::1]:3306t", "127.0.0.1:3306t"], "3306/tcp mysql"),
        (["0.0.0.0%wg0:3306t", "[::]%wg0:3306t"], "3306/tcp mysql"),
        (["*%wg0:3306t"], "3306/tcp mysql"),
        (["*:3306t"], "3306/tcp mysql closed exposed"),
        (["0.0.0.0:3306t", "[::]:3306t"], "3306/tcp mysql closed exposed"),
        (["0.0.0.0:3306t"], "3306/tcp mysql closed exposed one-family"),
        (["10.132.0.2:3306t"], "3306/tcp mysql closed exposed unreachable"),
        (["10.132.0.2:3306t", "10.88.2.1:3306t", "[fd88:0:0:2::1]:3306t"], "3306/tcp mysql closed exposed"),
        (["*%eth1:3306t"], "3306/tcp mysql closed exposed unreachable"),
        (["10.88.2.1:3306t"], "3306/tcp mysql one-family"),
        (["[fd88:0:0:2::1]:3306t"], "3306/tcp mysql one-family"),
        (["127.0.0.1:3306t"], "3306/tcp mysql unreachable"),
        (["[::ffff:127.0.0.1]:3306t", "[::1]:3306t"], "3306/tcp mysql unreachable"),
        (["10.88.2.9:3306t"], "3306/tcp mysql unreachable"),
        ([], "3306/tcp mysql not-listening"),
        (["10.88.2.1:3306u"], "3306/tcp mysql not-listening"),
    ])
    func `a private service`(lines: [String], row: String) throws {
        #expect(try judged(lines).first == row)
    }

    @Test(arguments: [
        (["*:80t"], "80/tcp http"), (["0.0.0.0:80t", "[::]:80t"], "80/tcp http"),
        (["203.0.113.3:80t", "[2001:db8::3]:80t"], "80/tcp http"),
        (["*%eth0:80t"], "80/tcp http"),
        (["0.0.0.0:80t"], "80/tcp http one-family"), (["[2001:db8::3]:80t"], "80/tcp http one-family"),
        (["127.0.0.1:80t"], "80/tcp http unreachable"), (["10.88.1.1:80t"], "80/tcp http unreachable"),
        (["10.132.0.3:80t"], "80/tcp http unreachable"), (["*%eth1:80t"], "80/tcp http unreachable"),
        ([], "80/tcp http not-listening"),
    ])
    func `a public service`(lines: [String], row: String) throws {
        #expect(try judged(lines, of: "web-1") == [row])
    }

    @Test(arguments: [
        (["127.0.0.1:9100t", "[::1]:9100t"], "9100/tcp node-exporter"),
        (["127.0.0.53%lo:9100t"], "9100/tcp node-exporter"),
        (["*%lo:9100t"], "9100/tcp node-exporter"),
        (["*:9100t"], "9100/tcp node-exporter closed internal-exposed"),
        (["10.88.2.1:9100t"], "9100/tcp node-exporter closed internal-exposed"),
        (["10.132.0.2:9100t"], "9100/tcp node-exporter closed internal-exposed"),
        ([], "9100/tcp node-exporter not-listening"),
    ])
    func `an internal service`(lines: [String], row: String) throws {
        let rows = try audit(["*:22t"] + Self.mysql + lines)
        #expect(rows.filter { $0.hasPrefix("9100") } == [row])
    }

    @Test(arguments: [
        (["127.0.0.1:8080t"], "8080/tcp loopback"), (["127.0.0.53%lo:53u"], "53/udp loopback"),
        (["*:8080t"], "8080/tcp undeclared closed undeclared"),
        (["10.88.2.1:8080t"], "8080/tcp undeclared closed undeclared"),
        (["*:80t"], "80/tcp undeclared closed undeclared"),
        (["0.0.0.0:68u"], "68/udp dhcp-client"), (["[fe80::1]%eth0:546u"], "546/udp dhcp-client"),
        (["*:40000u"], "40000/udp client closed"), (["*:40000t"], "40000/tcp undeclared closed undeclared"),
    ])
    func `what no service names`(lines: [String], row: String) throws {
        #expect(try judged(Self.mysql + lines).filter { !$0.hasPrefix("3306") } == [row])
    }

    @Test func `WireGuard is known by its port, and missed when it is not there`() throws {
        let mesh = try MeshPipeline.mesh(Self.mesh)
        let index = try #require(mesh.index(of: "web-1"))
        func problems(_ text: String, _ neighbors: [Port] = []) throws -> [String] {
            let list = try SocketList(parsing: Array(text.utf8), file: "ss.txt")
            return ExposureAudit(mesh, peer: index, firewall: .nftables, neighborPorts: neighbors).rows(for: list)
                .filter { $0.ports.transport == .udp }.flatMap { row in
                    row.findings.map { "\(row.ports) \($0.problem.rawValue)" }
                }
        }
        let kernel = "udp UNCONN 0 0 0.0.0.0:51820 0.0.0.0:*\nudp UNCONN 0 0 [::]:51820 [::]:*\n"
        #expect(try problems(kernel) == [])
        #expect(try problems("udp UNCONN 0 0 *:51820 *:* users:((\"wireguard-go\",pid=1,fd=2))") == [])
        #expect(try problems("tcp LISTEN 0 0 *:51820 *:*\n") == ["51820/udp not-listening"])
        #expect(
            try problems("udp UNCONN 0 0 *:51820 *:* users:((\"coredns\",pid=1,fd=2))") == ["51820/udp undeclared"])
        let two = kernel + "udp UNCONN 0 0 *:1194 *:*\n"
        #expect(try problems(two) == ["1194/udp undeclared"])
        #expect(try problems(two, [try #require(Port(1194))]) == [])
    }

    @Test func `a wide bind is said to be closed or open as the policy and the firewall make it`() throws {
        let wide = ["*:3306t"] + Self.good
        func mysql(_ firewall: FirewallKind, _ change: (String) -> String) throws -> [String] {
            try audit(wide, firewall: firewall, change).filter { $0.hasPrefix("3306") }
        }
        #expect(try mysql(.none) { $0 } == ["3306/tcp mysql open to anyone exposed"])
        for mode in ["off", "log"] {
            let found = try mysql(.nftables) { $0.replacing("guard: {}", with: "guard: {plaintext: \(mode)}") }
            #expect(found == ["3306/tcp mysql open to anyone exposed"])
        }
        let unruled = try mysql(.nftables) { text in
            let lines = text.split(separator: "\n")
            let start = lines.firstIndex { $0.hasPrefix("services:") } ?? 0
            let end = lines.firstIndex { $0.hasPrefix("peers:") } ?? 0
            return (lines[..<start] + lines[end...]).joined(separator: "\n")
        }
        #expect(unruled == ["3306/tcp undeclared open to anyone undeclared"])
    }

    @Test func `the rescue path and the guard's exceptions need a bind on the underlay`() throws {
        let wide = ["*:22t", "127.0.0.1:9100t"] + Self.mysql
        #expect(try audit(wide).first == "22/tcp ssh closed exposed")
        let rescued = try audit(wide) { $0.replacing("guard: {}", with: "guard: {rescue: {from: web-1}}") }
        #expect(rescued.first == "22/tcp ssh open to web-1")
        let excepted = try audit(wide) {
            $0.replacing(
                "guard: {}",
                with: "guard: {except: [{from: 198.51.100.0/24, to: db, ports: [22/tcp], reason: the office}]}")
        }
        #expect(excepted.first == "22/tcp ssh open to 198.51.100.0/24")
    }

    @Test func `of a service of many ports, one that listens is enough`() throws {
        func ranged(_ lines: [String]) throws -> [String] {
            try audit(Self.good + Self.mysql + lines) {
                $0.replacing("  http:", with: "  gluster: {expose: {db: private}}\n  http:")
            }.filter { $0.contains("gluster") }
        }
        #expect(
            try ranged([]) == ["24007-24008/tcp gluster not-listening", "49152-49160/tcp gluster not-listening"])
        #expect(
            try ranged(["10.88.2.1:24007t", "[fd88:0:0:2::1]:24007t", "10.88.2.1:49153t"]) == [
                "24007/tcp gluster", "49153/tcp gluster one-family",
            ])
    }

    @Test func `each finding says what to change, in the words of the program or of the mesh file`() throws {
        let lines = [
            "tcp LISTEN 0 0 *:3306 *:* users:((\"mariadbd\",pid=1,fd=2))",
            "tcp LISTEN 0 0 *:80 *:* users:((\"nginx\",pid=1,fd=2))",
            "tcp LISTEN 0 0 10.132.0.2:5432 *:* users:((\"postgres\",pid=1,fd=2))",
            "tcp LISTEN 0 0 *:7000 *:* users:((\"my-app\",pid=1,fd=2))",
            "tcp LISTEN 0 0 *:7001 *:*",
            "tcp LISTEN 0 0 *:9100 *:* users:((\"x\",pid=1,fd=2),(\"y\",pid=1,fd=2))",
        ]
        let mesh = try MeshPipeline.mesh(Self.mesh)
        let index = try #require(mesh.index(of: "db-1"))
        let list = try SocketList(parsing: Array(lines.joined(separator: "\n").utf8), file: "ss.txt")
        let rows = ExposureAudit(mesh, peer: index, firewall: .nftables).rows(for: list)
        func hints(_ port: String) -> [String] {
            rows.first { $0.ports.description == port }?.findings.flatMap(\.hints) ?? []
        }
        #expect(hints("3306/tcp") == ["my.cnf: `bind-address = 10.88.2.1,fd88:0:0:2::1`"])
        #expect(
            hints("80/tcp") == [
                "declare it under `services:` (mesh.yaml:6:3): `http: {expose: {web: public, db-1: private}}`",
                "or for the host alone: nginx: `listen 127.0.0.1:80;` and `listen [::1]:80;`",
            ])
        #expect(
            hints("5432/tcp").first == "declare it under `services:`: `postgresql: {expose: {db-1: private}}`")
        #expect(
            hints("7000/tcp").first
                == "declare it under `services:`: `my-app: {ports: [7000/tcp], expose: {db-1: private}}`")
        #expect(
            hints("7001/tcp") == [
                "declare it under `services:`: `tcp-7001: {ports: [7001/tcp], expose: {db-1: private}}`",
                "or for the host alone: bind it to 127.0.0.1 and ::1",
            ])
        #expect(hints("9100/tcp") == ["bind it to 127.0.0.1 and ::1"])
    }

    @Test func `the lines of services that hints give are read by the decoder as they stand`() throws {
        let mesh = try MeshPipeline.mesh(Self.mesh)
        let index = try #require(mesh.index(of: "db-1"))
        let input = "tcp LISTEN 0 0 *:5432 *:*\ntcp LISTEN 0 0 *:7001 *:*\nudp UNCONN 0 0 *:5000 *:*"
        let list = try SocketList(parsing: Array(input.utf8), file: "ss.txt")
        let before = ExposureAudit(mesh, peer: index, firewall: .nftables).rows(for: list)
        let hints = before.flatMap(\.findings).filter { $0.problem == .undeclared }.compactMap(\.hints.first)
        #expect(hints.count == 3)
        let lines = hints.compactMap { $0.split(separator: "`").last.map { "  \($0)\n" } }.joined()
        let after = try MeshPipeline.mesh(Self.mesh.replacing("  http:", with: lines + "  http:"))
        let rows = ExposureAudit(after, peer: index, firewall: .nftables).rows(for: list)
        #expect(!rows.contains { $0.standing == .undeclared })
    }
}
