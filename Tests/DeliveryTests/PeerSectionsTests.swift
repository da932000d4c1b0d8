import Addresses
import Foundation
import HostPlans
import MeshFixtures
import Testing

@testable import Delivery

/// What is compared as text, against the same read as a whole.
@Suite struct PeerSectionsTests {
    @Test func `the steps are those of the whole configurations`() throws {
        var random = SeededRandom.replayable(21, for: "steps by differing peers alone")
        var (compared, changed) = (0, 0)
        for _ in 0..<1500 {
            var world = World(&random)
            let former = world.text(&random)
            let dump = world.dump(&random, drift: Int.random(in: 0..<3, using: &random))
            for _ in 0..<Int.random(in: 0..<4, using: &random) { world.change(&random) }
            let new = world.text(&random)
            let report = ObservedInterface.Report(
                dump: dump, link: "mtu 1420", addresses: "inet 10.88.0.1/32\n",
                routes: ["10.88.0.0/16 proto static\n", ""])
            let whole = TunnelChanges.Tunnel(
                "wg0", observed: ObservedInterface(report), desired: DesiredInterface(parsing: new),
                former: DesiredInterface(parsing: former))
            let steps = TunnelChanges([whole], firewall: .none).steps
            guard let sections = PeerSections(new), let before = PeerSections.former(former, of: sections) else {
                continue
            }
            let found = try #require(sections.compared(with: report, former: before, alive: World.alive))
            let part = TunnelChanges.Tunnel(
                "wg0", observed: found.observed, desired: found.desired, former: found.former)
            #expect(TunnelChanges([part], firewall: .none).steps == steps)
            // Who is alive is there, as in the whole.
            for (key, peer) in whole.observed?.peers ?? [:] where peer.handshake >= World.alive {
                #expect(found.observed.peers[key] == peer && found.desired.peers[key] == whole.desired?.peers[key])
            }
            compared += 1
            changed += steps.isEmpty ? 0 : 1
        }
        #expect(compared > 1000 && changed > 500 && compared - changed > 50, "\(changed) of \(compared)")
    }

    @Test func `what has a mistake or another form is read as a whole`() throws {
        var random = SeededRandom.replayable(22, for: "damaged configurations")
        var refused = 0
        for _ in 0..<2000 {
            let world = World(&random)
            let text = World.damaged(world.text(&random), &random)
            let (config, findings) = WireGuardConfig.parse(text, file: "")
            guard let sections = PeerSections(text) else {
                refused += 1
                continue
            }
            #expect(findings.isEmpty)
            let prefixes = config.peers.flatMap(\.allowedIPs)
            #expect(Set(config.peers.map(\.publicKey)).count == config.peers.count)
            #expect(Set(prefixes).count == prefixes.count)
            var head = config
            head.peers = []
            #expect(sections.config == head)
        }
        #expect((400..<1900).contains(refused), "\(refused)")
    }

    @Test func `a former configuration by the new one is what it is by itself`() throws {
        var random = SeededRandom.replayable(25, for: "former configurations")
        var read = 0
        for _ in 0..<2000 {
            var world = World(&random)
            let former = World.damaged(world.text(&random), &random)
            for _ in 0..<Int.random(in: 0..<4, using: &random) { world.change(&random) }
            guard let new = PeerSections(world.text(&random)) else { continue }
            let (config, findings) = WireGuardConfig.parse(former, file: "")
            let keys = Set(config.peers.map(\.publicKey))
            guard let found = PeerSections.former(former, of: new) else {
                #expect(PeerSections(former) == nil)
                continue
            }
            #expect(findings.isEmpty && keys.count == config.peers.count)
            // Every peer is found, and with its own settings.
            let whole = try #require(DesiredInterface(parsing: former))
            for key in keys {
                let dump = Array("(none)\tpublic\t0\toff\n\(key)\t(none)\t192.0.2.200:1\t(none)\t0\t0\t0\t77\n".utf8)
                let text = try #require(new.difference(dump: dump, former: found, alive: .max)?.former)
                #expect(DesiredInterface(parsing: text)?.peers[key] == whole.peers[key])
            }
            read += 1
        }
        #expect(read > 500, "\(read)")
    }

    @Test func `one peer more among many is one peer`() throws {
        var random = SeededRandom.replayable(23, for: "one peer more")
        var world = World(&random, count: 1000)
        let former = world.text(&random)
        let dump = world.dump(&random, drift: 0, noise: 1)
        world.add(&random)
        let new = world.text(&random)
        let texts = try #require(PeerSections(new)?.difference(dump: dump, former: PeerSections(former), alive: .max))
        #expect(DesiredInterface(parsing: texts.desired)?.peers.count == 1)
        #expect(texts.former.flatMap { DesiredInterface(parsing: $0) }?.peers.isEmpty == true)
        #expect(texts.dump.count { $0 == 0x0a } == 1)
    }

    @Test(arguments: ["", "short", "a\tb\t1\toff\nkey\tshort"])
    func `a dump in another form is nobody's`(dump: String) throws {
        var random = SeededRandom.replayable(24, for: "short dumps")
        let sections = try #require(PeerSections(World(&random, count: 3).text(&random)))
        #expect(sections.difference(dump: Array(dump.utf8), former: nil, alive: 0) == nil)
    }
}

/// A host's peers, as they are rendered and as wg(8) prints them.
private struct World {
    struct Peer {
        var key: String
        var presharedKey: String?
        var allowed: [String]
        var endpoint: String?
        var keepalive: Int?
    }

    static let alive: Int64 = 1_700_000_000

    private var peers: [Peer] = []
    private var port = 51820
    private var next = 0

    init(_ random: inout SeededRandom, count: Int? = nil) {
        for _ in 0..<(count ?? Int.random(in: 1..<12, using: &random)) { add(&random) }
    }

    private static func key(_ random: inout SeededRandom) -> String {
        Data((0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }).base64EncodedString()
    }

    mutating func add(_ random: inout SeededRandom) {
        next += 1
        var peer = Peer(key: Self.key(&random), allowed: ["10.88.\(next >> 8).\(next & 255)/32"])
        if Bool.random(using: &random) { peer.presharedKey = Self.key(&random) }
        if Bool.random(using: &random) { peer.allowed.append("fd5a::\(String(next, radix: 16))/128") }
        if Int.random(in: 0..<9, using: &random) == 0 { peer.allowed = [] }
        if Bool.random(using: &random) { peer.endpoint = "192.0.2.\(next & 255):51820" }
        if Int.random(in: 0..<3, using: &random) == 0 { peer.keepalive = 25 }
        peers.insert(peer, at: Int.random(in: 0...peers.count, using: &random))
    }

    mutating func change(_ random: inout SeededRandom) {
        let index = Int.random(in: 0..<max(1, peers.count), using: &random)
        guard index < peers.count else { return add(&random) }
        switch Int.random(in: 0..<9, using: &random) {
        case 0, 1: add(&random)
        case 2: peers.remove(at: index)
        case 3: peers[index].presharedKey = Bool.random(using: &random) ? nil : Self.key(&random)
        case 4: peers[index].keepalive = Bool.random(using: &random) ? nil : Int.random(in: 1...99, using: &random)
        case 5: peers[index].endpoint = Bool.random(using: &random) ? nil : "198.51.100.7:\(1 + index)"
        case 6: port += 1
        case 7: peers.shuffle(using: &random)
        default:
            // A successor with the addresses of another.
            let other = Int.random(in: 0..<peers.count, using: &random)
            guard other != index else { return }
            peers[other].allowed += peers[index].allowed
            if Bool.random(using: &random) { peers.remove(at: index) } else { peers[index].allowed = [] }
        }
    }

    func text(_ random: inout SeededRandom) -> [UInt8] {
        var lines = [
            "# host, key 1", "[Interface]", "PrivateKey = 4Ot6fDtBuK4WVuP68Z/EatoJjeucMrH9hmIFFl9JuBA=",
            "Address = 10.88.0.1/32", "ListenPort = \(port)", "Table = off",
            "PostUp = ip -4 route replace 10.88.0.0/16 dev %i",
        ]
        for peer in peers {
            lines += ["", "[Peer]", "# someone, key 1", "PublicKey = \(peer.key)"]
            if let key = peer.presharedKey { lines.append("PresharedKey = \(key)") }
            if !peer.allowed.isEmpty { lines.append("AllowedIPs = \(peer.allowed.joined(separator: ", "))") }
            if let endpoint = peer.endpoint { lines.append("Endpoint = \(endpoint)") }
            if let seconds = peer.keepalive { lines.append("PersistentKeepalive = \(seconds)") }
        }
        // Not every editor ends the last line.
        let end = Int.random(in: 0..<5, using: &random) == 0 ? "" : "\n"
        return Array((lines.joined(separator: "\n") + end).utf8)
    }

    /// The kernel's peers, some of which somebody has changed meanwhile; noise from 8 on adds what only looks different.
    func dump(_ random: inout SeededRandom, drift: Int, noise: Int = 8) -> [UInt8] {
        var drifted = self
        for _ in 0..<drift { drifted.change(&random) }
        var lines = ["4Ot6fDtBuK4WVuP68Z/EatoJjeucMrH9hmIFFl9JuBA=\tpublic\t51820\toff"]
        for peer in drifted.peers.shuffled(using: &random) {
            var endpoint = peer.endpoint ?? "(none)"
            if Int.random(in: 0..<noise, using: &random) == 7 { endpoint = "203.0.113.9:4000" }
            var allowed = peer.allowed
            if Int.random(in: 0..<noise, using: &random) == 7 { allowed.reverse() }
            let list = allowed.isEmpty ? "(none)" : allowed.joined(separator: ",")
            let handshake: Int64 = [0, Self.alive - 5, Self.alive, Self.alive + 5].randomElement(using: &random) ?? 0
            let keepalive = peer.keepalive.map { "\($0)" } ?? "off"
            let secret = peer.presharedKey ?? "(none)"
            let fields = [peer.key, secret, endpoint, list, "\(handshake)", "1", "2", keepalive]
            lines.append(fields.joined(separator: "\t"))
        }
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }

    /// The text with one thing in it otherwise: a line, a letter, or a section twice.
    static func damaged(_ text: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var lines = String(decoding: text, as: UTF8.self).components(separatedBy: "\n")
        let index = Int.random(in: 0..<lines.count, using: &random)
        let other = Int.random(in: 0..<lines.count, using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0: lines[index] = lines[index].lowercased()
        case 1: lines[index] += [" ", "\r", " # why", "\t", "=", "0", ", "].randomElement(using: &random) ?? ""
        case 2: lines.insert(lines[other], at: index)
        case 3: lines.remove(at: index)
        case 4: lines[index] = lines[index].replacingOccurrences(of: " = ", with: "=")
        case 5: lines.swapAt(index, other)
        case 6: lines.insert(["[peer]", "[Interface]", "Table = auto", "nonsense", "#"][other % 5], at: index)
        case 7:
            var bytes = text
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 1...126, using: &random)
            return bytes
        default: break
        }
        return Array(lines.joined(separator: "\n").utf8)
    }
}
