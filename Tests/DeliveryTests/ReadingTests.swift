import Addresses
import HostPlans
import Testing

@testable import Delivery

@Suite struct ReadingTests {
    private static let secret = "D7z1xddzqJBkSQ61IKcNnM5EoSUeJUGi4mm1QySQnRA="

    @Test func `an interface is read from what the tools say`() throws {
        let report = ObservedInterface.Report(
            dump: Array(
                ("\(Self.secret)\tpublic\t51820\t0xca6c\n"
                    + "peer1\t\(Self.secret)\t192.0.2.1:51820\t10.88.0.2/32,fd5a::2/128\t1700000000\t12\t34\t25\n"
                    + "peer2\t(none)\t(none)\t(none)\t0\t0\t0\toff\n").utf8),
            link: "5: wg0: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1380 qdisc fq state UNKNOWN\\    link/none ",
            addresses: "5: wg0    inet 10.88.0.1/32 scope global wg0\\       valid_lft forever\n"
                + "5: wg0    inet6 fd5a::1/128 scope global \\       valid_lft forever\n"
                + "5: wg0    inet6 fe80::1/64 scope link \\       valid_lft forever\n",
            routes: [
                "10.88.0.0/16 scope link \n10.9.0.1 scope link \ndefault table 31000 scope link \n"
                    + "local 10.88.0.1 table local proto kernel scope host src 10.88.0.1 \n",
                "fd5a::/48 metric 1024 pref medium\nfe80::/64 proto kernel metric 256 pref medium\n"
                    + "multicast ff00::/8 table local proto kernel metric 256 pref medium\n",
            ])
        let found = try #require(ObservedInterface(report))
        #expect(found.port == 51820 && found.fwmark == 0xca6c && found.mtu == 1380)
        #expect(found.addresses.map(\.description).sorted() == ["10.88.0.1/32", "fd5a::1/128"])
        #expect(
            found.routes.map(\.description).sorted() == [
                "0.0.0.0/0 table 31000", "10.88.0.0/16", "10.9.0.1/32", "fd5a::/48",
            ])
        let peer = try #require(found.peers["peer1"])
        #expect(peer.settings.keepalive == 25 && peer.handshake == 1_700_000_000 && peer.received == 12)
        #expect(peer.settings.presharedKey?.text == Self.secret && peer.settings.endpoint == "192.0.2.1:51820")
        #expect(peer.settings.allowedIPs.count == 2)
        #expect(found.peers["peer2"]?.settings == DesiredInterface.Peer())
        var dumped = ""
        dump(found, to: &dumped)
        #expect(!dumped.contains(Self.secret) && !"\(found)".contains(Self.secret))
    }

    @Test(arguments: ["", "a\tb", "a\tb\t1\toff\npeer\tshort"])
    func `a report that is cut is none`(dump: String) {
        let report = ObservedInterface.Report(dump: Array(dump.utf8), link: "", addresses: "", routes: ["", ""])
        #expect(ObservedInterface(report) == nil)
    }

    @Test func `a configuration says what the interface is to be`() throws {
        let text = """
            [Interface]
            PrivateKey = \(Self.secret)
            Address = 10.88.0.1/32, fd5a::1/128
            ListenPort = 51820
            MTU = 1380
            Table = off
            PreUp = /etc/hauberk/%i/firewall load
            PostUp = ip -4 route replace 10.88.0.0/16 dev %i
            PostUp = ip -6 route replace fd5a::/48 dev %i table 7
            [Peer]
            PublicKey = \(Self.secret)
            PresharedKey = \(Self.secret)
            AllowedIPs = 10.88.0.2/32
            Endpoint = db.example.org:51820
            """
        let found = try #require(DesiredInterface(parsing: Array(text.utf8)))
        #expect(found.hooks == [])
        #expect(found.routes.map(\.description).sorted() == ["10.88.0.0/16", "fd5a::/48 table 7"])
        #expect(found.privateKey?.text == Self.secret && found.fwmark == 0)
        #expect(found.peers[Self.secret]?.presharedKey?.text == Self.secret)
        #expect(found.peers[Self.secret]?.endpoint == "db.example.org:51820")
        var dumped = ""
        dump(found.privateKey, to: &dumped)
        dump(found.peers[Self.secret]?.presharedKey, to: &dumped)
        #expect(!dumped.contains(Self.secret))
        let hooked = text.replacing("Table = off", with: "PostUp = ip rule add pref 1 table 7")
        let other = try #require(DesiredInterface(parsing: Array(hooked.utf8)))
        #expect(other.hooks.map(\.key) == ["postup", "table"])
        #expect(other.routes.map(\.description).contains("10.88.0.2/32"))
    }

    @Test func `whoever decides first has decided, and a killed process is put back`() {
        #expect(ApplyPhase(marks: ["journal"]) == nil)
        #expect(ApplyPhase(marks: ["armed", "waiting"]) == .waiting)
        #expect(ApplyPhase(marks: ["confirmed", "waiting"]) == .confirmed)
        func seen(_ alive: Bool, _ handed: Bool, _ overdue: Bool) -> ApplyPhase.Surroundings {
            ApplyPhase.Surroundings(isFirstAlive: alive, needsConfirmation: handed, isOverdue: overdue)
        }
        #expect(ApplyPhase.armed.duty(seen(true, false, false)) == .wait)
        #expect(ApplyPhase.armed.duty(seen(false, false, false)) == .decideToReturn)
        #expect(ApplyPhase.waiting.duty(seen(false, true, false)) == .wait)
        #expect(ApplyPhase.waiting.duty(seen(false, false, false)) == .decideToReturn)
        #expect(ApplyPhase.waiting.duty(seen(true, true, true)) == .decideToReturn)
        #expect(ApplyPhase.confirmed.duty(seen(true, false, false)) == .wait)
        #expect(ApplyPhase.confirmed.duty(seen(true, true, false)) == .finish)
        #expect(ApplyPhase.returning.duty(seen(false, false, false)) == .putBack)
        #expect(ApplyPhase.returning.duty(seen(true, true, false)) == .putBack)
    }
}
