import Addresses
import Diagnostics
import MeshFixtures
import MeshModel
import Sockets
import Testing

/// Lists drawn at random, written as both tools write them.
@Suite struct RandomSocketTests {
    private static func address(_ random: inout SeededRandom) -> BoundAddress {
        let interface = random.chance(20) ? ["lo", "eth0", "wg0", "br-1a2b3c4d"].randomElement(using: &random) : nil
        switch Int.random(in: 0..<5, using: &random) {
        case 0: return BoundAddress(.every(.v4), on: interface)
        case 1: return BoundAddress(.every(.v6), on: interface)
        case 2: return BoundAddress(.everyOfBoth, on: interface)
        case 3: return BoundAddress(.one(.v4(UInt32.random(in: 1...UInt32.max, using: &random))), on: interface)
        default:
            let high = UInt128(UInt64.random(in: 1...UInt64.max, using: &random)) << 64
            return BoundAddress(.one(.v6(high | UInt128(random.next() >> 48))), on: interface)
        }
    }

    private static func socket(_ random: inout SeededRandom) throws -> ListeningSocket {
        let port = try #require(Port(Int.random(in: 1...65_535, using: &random)))
        let names = ["nginx", "a b", "x\"y", "(sd-pam)", "é", "k,l", "\",pid=", "users:(("]
        return ListeningSocket(
            random.chance(50) ? .tcp : .udp, address(&random), port, programs: random.some(names, at: 3))
    }

    private static func ssLine(_ socket: ListeningSocket, _ random: inout SeededRandom) -> String {
        let users = socket.programs.map { "(\"\($0)\",pid=\(random.next() >> 48),fd=\(random.next() >> 60))" }
        let gap = String(repeating: " ", count: Int.random(in: 1...9, using: &random))
        let state = socket.transport == .tcp ? "LISTEN" : "UNCONN"
        let process = users.isEmpty ? "" : "users:(\(users.joined(separator: ",")))\(gap)"
        return "\(socket.transport)\(gap)\(state) 0 128\(gap)\(socket.bound):\(socket.port) *:*\(gap)\(process)"
    }

    @Test func `whatever ss writes is read as it was`() throws {
        var random = SeededRandom.replayable(2026, for: "whatever ss writes is read as it was")
        for _ in 0..<300 {
            let count = Int.random(in: 1...20, using: &random)
            let sockets = try (0..<count).map { _ in try Self.socket(&random) }
            let end = random.chance(30) ? "\r\n" : "\n"
            let text = sockets.map { Self.ssLine($0, &random) }.joined(separator: end)
            let read = try SocketList(parsing: Array(text.utf8), file: "ss.txt").sockets
            #expect(read == SocketList(sockets).sockets, "\(text)")
        }
    }

    @Test func `a damaged list is refused or read, and never stops the program`() throws {
        var random = SeededRandom.replayable(7, for: "a damaged list is refused or read")
        let good = """
            Netid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess
            tcp   LISTEN 0      511    [fd88::1]:6379 [::]:* users:(("redis-server",pid=1,fd=2))
            udp   UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:*
            tcp6       0      0 :::80                   :::*                    LISTEN      12/nginx: master
            udp        0      0 0.0.0.0:68              0.0.0.0:*                           1/dhclient
            """
        var refused = 0
        for _ in 0..<3000 {
            var bytes = Array(good.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
                }
            }
            do throws(Failure) {
                #expect(try SocketList(parsing: bytes, file: "ss.txt").sockets.count <= 6)
            } catch {
                refused += 1
                #expect(error.status == .meshInvalid)
                for finding in error.diagnostics {
                    #expect((1...8).contains(finding.location?.line ?? 0))
                    #expect(!finding.message.utf8.contains(0x0a) && finding.hint != nil)
                }
            }
        }
        #expect(refused > 1000)
    }

    @Test func `every row has a socket or a finding, and every socket a row`() throws {
        var random = SeededRandom.replayable(11, for: "every row has a socket or a finding")
        let mesh = try MeshPipeline.mesh(
            """
            mesh: test
            prefixes: [10.88.0.0/16, 'fd88::/48']
            services: {http: {expose: {a: public}}, mysql: {expose: {a: private}}, redis: {expose: {a: internal}}}
            allow: [{from: b, to: a, service: mysql}]
            peers: {a: {public: 192.0.2.1}, b: {public: 192.0.2.2}}
            """)
        for _ in 0..<200 {
            let sockets = try (0..<Int.random(in: 0...30, using: &random)).map { _ in try Self.socket(&random) }
            let list = SocketList(sockets)
            let rows = ExposureAudit(mesh, peer: 0, firewall: .nftables).rows(for: list)
            #expect(rows.flatMap(\.sockets).sorted() == list.sockets)
            #expect(rows.allSatisfy { !$0.sockets.isEmpty || $0.findings.map(\.problem) == [.notListening] })
            #expect(rows.flatMap(\.findings).allSatisfy { !$0.hints.isEmpty && !$0.message.isEmpty })
        }
    }
}
