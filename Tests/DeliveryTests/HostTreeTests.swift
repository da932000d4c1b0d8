import Diagnostics
import Testing

@testable import Delivery

/// The configurations of a host's tree: one, or the two that keys rotate between.
@Suite struct HostTreeTests {
    private static let key = "D7z1xddzqJBkSQ61IKcNnM5EoSUeJUGi4mm1QySQnRA="

    private func file(_ interface: String, rotates: Bool, mode: UInt32 = 0o600) -> HostFile {
        let hook = rotates ? "PostUp = sysctl -q -w net/ipv4/conf/%i/rp_filter=2\n" : ""
        let text = "[Interface]\nPrivateKey = \(Self.key)\nTable = off\n\(hook)"
        return HostFile(path: "etc/wireguard/\(interface).conf", mode: mode, bytes: Array(text.utf8))
    }

    @Test(arguments: [
        (["wg0"], false, "wg0", ["wg0"]), (["wg0-b"], false, "wg0-b", ["wg0-b"]),
        (["wg0"], true, "wg0", ["wg0", "wg0-b"]), (["wg0-b"], true, "wg0", ["wg0", "wg0-b"]),
        (["wg0-b", "wg0"], true, "wg0", ["wg0", "wg0-b"]),
    ])
    func `a tree is called by its first interface`(
        names: [String], rotates: Bool, base: String, interfaces: [String]
    ) throws {
        let tree = try HostTree(names.map { file($0, rotates: rotates) }, shown: "out/a")
        #expect(tree.interface == base && tree.interfaces == interfaces)
        #expect(tree.tunnels.map(\.interface) == names.sorted() && !tree.hasFirewall)
    }

    @Test(arguments: [["wg0", "wg1"], ["wg0", "wg0-c"], ["wg0", "wg0-b", "wg0-b-b"], []])
    func `others are refused`(names: [String]) {
        #expect(throws: Failure.self) { try HostTree(names.map { file($0, rotates: true) }, shown: "out/a") }
    }

    @Test func `two that do not rotate, and one that others can read, are refused`() {
        #expect(throws: Failure.self) {
            try HostTree([file("wg0", rotates: false), file("wg0-b", rotates: false)], shown: "out/a")
        }
        #expect(throws: Failure.self) {
            try HostTree([file("wg0", rotates: true), file("wg0-b", rotates: true, mode: 0o644)], shown: "out/a")
        }
    }

    @Test func `a second interface comes up without routes, and without another load of the rules`() {
        let text = """
            [Interface]
            PreUp = /etc/hauberk/wg0/firewall load
            PreUp = echo mine
            PostUp = ip -4 route replace 10.88.0.0/16 dev %i metric 2050
            PostUp = ip -4 route replace 10.88.0.3/32 dev %i
            PostUp = wg set %i private-key /etc/wireguard/wg0.key
            PostDown = test -e /sys/class/net/wg0 || /etc/hauberk/wg0/firewall remove
            [Peer]
            AllowedIPs = 10.88.0.2/32
            """
        let kept = text.split(separator: "\n").filter { !$0.contains("route") && !$0.contains("firewall load") }
        #expect(DesiredInterface.joining(text) == kept.joined(separator: "\n"))
    }
}
