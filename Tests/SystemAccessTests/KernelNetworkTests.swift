import CLinux
import Delivery
import Diagnostics
import Foundation
import MeshFixtures
import Testing

@testable import SystemAccess

/// What the kernel says by rtnetlink(7), against what ip(8) prints of the same.
@Suite(.enabled(if: geteuid() == 0, "only root can make a network namespace for one thread"))
struct KernelNetworkTests {
    private static let name = "kn0"

    @Test func `addresses and routes of every kind are what ip says`() throws {
        var random = SeededRandom.replayable(11, for: "networks as ip prints them")
        for _ in 0..<5 {
            let lines = Self.network(&random)
            try Self.apart {
                for line in Self.links + lines { _ = try? Self.ip(line) }
                // Some are refused, as two default routes of one metric; most have to be there.
                let ours = try #require(try KernelNetwork.report(of: Self.name))
                #expect(ours.routes.joined().split(separator: "\n").count > 40)
                #expect(ours.addresses.split(separator: "\n").count > 8)
                #expect(try Self.observed(ours) == Self.observed(Self.printed()))
            }
        }
    }

    @Test func `what is not there is no interface, and another's routes are not this one's`() throws {
        try Self.apart {
            #expect(try KernelNetwork.report(of: Self.name) == nil && !KernelNetwork.has(Self.name))
            for line in Self.links { _ = try Self.ip(line) }
            _ = try Self.ip("route add 10.1.0.0/16 dev kn1")
            _ = try Self.ip("route add 10.2.0.0/16 nexthop dev kn0 nexthop dev kn1")
            let report = try #require(try KernelNetwork.report(of: Self.name))
            #expect(try Self.observed(report) == Self.observed(Self.printed()))
            #expect(report.link == "mtu 1400" && !report.routes.joined().contains("10."))
        }
    }

    @Test func `more than a buffer of routes is read to its end`() throws {
        try Self.apart {
            for line in Self.links { _ = try Self.ip(line) }
            let batch = (0..<5000).map { "route add 10.\($0 >> 8).\($0 & 255).0/24 dev kn\($0 % 5 == 0 ? 1 : 0)\n" }
            _ = try Self.ip("-batch -", batch.joined())
            let report = try #require(try KernelNetwork.report(of: Self.name))
            #expect(report.routes[0].split(separator: "\n").filter { $0.hasPrefix("10.") }.count == 4000)
            #expect(try Self.observed(report) == Self.observed(Self.printed()))
        }
    }

    @Test func `tables have the names of their files`() {
        let text = "# reserved\n255\tlocal\n0x64 uplink\n7 first\n7\tlast # why\nx y\n8\n"
        #expect(TableNames.name(of: 100, in: text) == "uplink" && TableNames.name(of: 7, in: text) == "last")
        #expect(TableNames.name(of: 8, in: text) == nil && TableNames.name(of: 254) == "main")
        #expect(TableNames.name(of: 4_000_000_000) == "4000000000")
    }

    private static let links = [
        "link set lo up", "link add kn0 type veth peer name kn1", "link set kn0 mtu 1400", "link set kn0 up",
        "link set kn1 up",
    ]

    /// Lines for ip(8) that fill the interface.
    private static func network(_ random: inout SeededRandom) -> [String] {
        var lines: [String] = []
        func number(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }
        for index in 0..<6 {
            lines.append("address add 10.\(index).\(number(256)).\(1 + number(250))/\(8 + number(25)) dev kn0")
            lines.append("address add 172.16.\(index).1 peer 172.17.\(index).\(number(255))/\(24 + number(9)) dev kn0")
            lines.append("address add fd00:\(index)::\(1 + number(9000))/\(64 + number(65)) dev kn0 nodad")
        }
        for index in 0..<60 {
            var words = "10.\(64 + index).\(number(256)).\(number(256))/32"
            var family = "-4"
            if number(3) == 0 { (words, family) = ("fd77:\(index)::/\(48 + number(60))", "-6") }
            if number(10) == 0 { words = "default" }
            if number(8) == 0, family == "-4" {
                words = ["local", "broadcast", "multicast", "throw"][number(4)] + " " + words
            }
            words += " dev kn0"
            if number(2) == 0 { words += " table \([7, 77, 255, 254, 1000, 70000][number(6)])" }
            if number(2) == 0 { words += " metric \([1, 5, 1024, 1000][number(4)])" }
            if number(3) == 0 { words += " proto \(["static", "boot", "kernel", "99"][number(4)])" }
            if number(4) == 0, family == "-4" { words += " scope link" }
            lines.append("\(family) route add \(words)")
        }
        return lines
    }

    private static func printed() throws -> KernelNetwork.Report {
        KernelNetwork.Report(
            link: try ip("-o link show dev kn0"), addresses: try ip("-o address show dev kn0"),
            routes: try ["-4", "-6"].map { try ip("\($0) route show table all dev kn0") })
    }

    private static func observed(_ report: KernelNetwork.Report) throws -> ObservedInterface {
        let dump = Array("(none)\t(none)\t0\toff\n".utf8)
        return try #require(
            ObservedInterface(
                ObservedInterface.Report(
                    dump: dump, link: report.link, addresses: report.addresses, routes: report.routes)))
    }

    /// What ip(8) answers; run from the calling thread, and so in its network namespace.
    @discardableResult private static func ip(_ words: String, _ input: String = "") throws -> String {
        var run = ToolRun("ip", words.split(separator: " ").map(String.init))
        run.input = Array(input.utf8)
        let result = try PlainRunner().result(of: run)
        guard result.succeeded else { throw Failure(.no, .applyFailed, "ip \(words): \(result.errorText)") }
        return result.outputText
    }

    /// Does the work on a thread with an empty network namespace of its own.
    private static func apart(_ work: @escaping @Sendable () throws -> Void) throws {
        let outcome = Outcome()
        let thread = Thread {
            outcome.take { () throws in
                // CLONE_NEWNET
                guard unshare(0x4000_0000) == 0 else { throw SystemError("unshare", "the network", errno) }
                try work()
            }
        }
        thread.start()
        try outcome.get()
    }

    private final class Outcome: @unchecked Sendable {
        private let done = DispatchSemaphore(value: 0)
        private var result: Result<Void, any Error> = .success(())

        func take(_ work: () throws -> Void) {
            result = Result(catching: work)
            done.signal()
        }

        func get() throws {
            done.wait()
            try result.get()
        }
    }
}
