import Addresses
import HostPlans
import MeshModel
import Testing

@testable import Rendering

@Suite struct IptablesTextTests {
    private func ports(_ texts: [String]) throws -> [ServicePorts] { try texts.map { try #require(ServicePorts($0)) } }

    @Test func `ports go together in one match, at most 15, where a range counts twice`() throws {
        let few = try ports(["80/tcp", "443/tcp", "100-200/tcp", "53/udp"])
        #expect(
            IptablesText.ports(few, .destination) == [
                "-p tcp -m multiport --dports 80,443,100:200", "-p udp -m udp --dport 53",
            ])
        #expect(IptablesText.ports(try ports(["100-200/udp"]), .source) == ["-p udp -m udp --sport 100:200"])
        let many = try ports((0..<8).map { "\($0 * 10 + 1)-\($0 * 10 + 2)/tcp" })
        let matches = IptablesText.ports(many, .destination)
        #expect(matches.count == 2)
        #expect(matches.last == "-p tcp -m tcp --dport 71:72")
        #expect(
            IptablesText.ports(few, .original).last == "-p udp -m conntrack --ctorigdstport 53"
                && IptablesText.ports(few, .original).count == 4)
    }

    /// The second that is named still matches, so it is the one before.
    @Test func `a rule ends in the second that its date names, in UTC`() {
        #expect(IptablesText.until(nil) == "")
        #expect(IptablesText.until(1_796_083_200) == "-m time --datestop 2026-11-30T23:59:59 ")
        #expect(IptablesText.until(951_782_401) == "-m time --datestop 2000-02-29T00:00:00 ")
        #expect(IptablesText.until(1) == "-m time --datestop 1970-01-01T00:00:00 ")
    }

    @Test func `what holds longer than iptables can count ends with its last second`() {
        let last = "-m time --datestop 2037-12-31T23:59:59 "
        #expect(IptablesText.until(IptablesText.latestStop + 1) == last)
        #expect(IptablesText.until(4_102_444_800) == last)
    }

    @Test func `the names of a plugin are those that run-parts takes, and no two are alike`() throws {
        let names = try ["wg0", "wg.0", "wg_0", "wg+0", "wg=0", "wg-0", "wg_2e0"].map { name in
            PersistentPlugin.path(try InterfaceName(parsing: name))
        }
        #expect(Set(names).count == names.count)
        for name in names {
            let last = name.split(separator: "/").last ?? ""
            #expect(last.hasPrefix("30-hauberk-"))
            #expect(last.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") })
        }
    }

    @Test func `a set's name follows from what is in it, and fits`() throws {
        let interface = try InterfaceName(parsing: "wireguard-abcde")
        let sets = try ["10.0.0.0/8", "10.0.0.0/9", "fd00::/8"].map { text in
            IptablesSet.name(try #require(PrefixSet([try IPPrefix(parsing: text)])), interface)
        }
        #expect(Set(sets).count == 3)
        #expect(sets.allSatisfy { $0.count == 31 && $0.hasPrefix("HAUBERK-wireguard-abcde-") })
    }
}
