package import Addresses

/// What an interface is, by the kernel's own word.
package struct ObservedInterface: Hashable, Sendable {
    package struct Peer: Hashable, Sendable {
        package var settings = DesiredInterface.Peer()
        /// Seconds since 1970; zero for never.
        package var handshake: Int64 = 0
        /// Bytes.
        package var received: UInt64 = 0

        package init() {}
    }

    package var privateKey: HiddenKey?
    package var port: UInt16?
    package var fwmark: UInt32 = 0
    package var mtu: UInt32?
    /// Nil when it is not known.
    package var reversePath: Int?
    package var addresses: Set<InterfaceAddress> = []
    package var routes: Set<InterfaceRoute> = []
    /// By public key in base64.
    package var peers: [String: Peer] = [:]

    package init() {}

    /// What the tools said of it.
    package struct Report: Sendable {
        /// `wg show INTERFACE dump`; holds secrets.
        package var dump: [UInt8]
        /// What ip(8) says of the link; of interest is `mtu BYTES`.
        package var link: String
        /// What ip(8) says of its addresses, a line for each: `inet ADDRESS/LENGTH`.
        package var addresses: String
        /// What `ip route show table all` says of routes through it, of IPv4 and of IPv6.
        package var routes: [String]
        /// Of `/proc/sys/net/ipv4/conf/INTERFACE/rp_filter`; empty when it cannot be read.
        package var reversePath: String

        package init(dump: [UInt8], link: String, addresses: String, routes: [String], reversePath: String = "") {
            self.reversePath = reversePath
            self.dump = dump
            self.link = link
            self.addresses = addresses
            self.routes = routes
        }
    }

    /// Nil for a report that is not one of an interface of WireGuard's.
    package init?(_ report: Report) {
        guard readDevice(report.dump) else { return nil }
        let words = report.link.split(separator: " ")
        mtu = words.firstIndex(of: "mtu").flatMap { UInt32(words[$0 + 1]) }
        reversePath = report.reversePath.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }
        for line in report.addresses.split(separator: "\n") { readAddress(line) }
        for (lines, everything) in zip(report.routes, [IPPrefix.everything(.v4), .everything(.v6)]) {
            for line in lines.split(separator: "\n") { readRoute(line, everything) }
        }
    }

    private mutating func readDevice(_ dump: [UInt8]) -> Bool {
        var lines = DumpLines(dump)
        guard lines.next(), lines.fields.count == 4 else { return false }
        privateKey = HiddenKey(lines.text(0))
        port = UInt16(lines.text(2))
        let mark = lines.text(3)
        fwmark = mark == "off" ? 0 : UInt32(mark.dropFirst(2), radix: 16) ?? 0
        // A line of a peer is about 200 bytes.
        peers.reserveCapacity(dump.count / 160)
        while lines.next() {
            guard lines.fields.count == 8 else { return false }
            var peer = Peer()
            peer.settings.presharedKey = HiddenKey(lines.text(1))
            let endpoint = lines.text(2)
            peer.settings.endpoint = endpoint == "(none)" ? nil : endpoint
            peer.settings.allowedIPs = lines.prefixes(3)
            peer.handshake = lines.number(4) ?? 0
            peer.received = lines.number(5) ?? 0
            peer.settings.keepalive = lines.number(7)
            peers[lines.text(0)] = peer
        }
        return true
    }

    /// Link-local addresses are the kernel's own.
    private mutating func readAddress(_ line: Substring) {
        let words = line.split(separator: " ")
        guard let family = words.firstIndex(where: { $0 == "inet" || $0 == "inet6" }), family + 1 < words.count,
            let address = try? InterfaceAddress(parsing: words[family + 1]), !address.address.isLinkLocal
        else { return }
        addresses.insert(address)
    }

    /// Routes that the kernel made with an address are left out.
    private mutating func readRoute(_ line: Substring, _ everything: IPPrefix) {
        let words = line.split(separator: " ").map(String.init)
        guard let first = words.first, !["local", "broadcast", "multicast", "anycast"].contains(first) else { return }
        if let proto = words.firstIndex(of: "proto"), words[proto + 1] == "kernel" { return }
        let table = words.firstIndex(of: "table").map { words[$0 + 1] } ?? "main"
        let host = first.contains("/") ? first : first + (everything.family == .v4 ? "/32" : "/128")
        guard let prefix = first == "default" ? everything : try? IPPrefix(parsing: host) else { return }
        let metric = words.firstIndex(of: "metric").flatMap { UInt32(words[$0 + 1]) } ?? 0
        routes.insert(InterfaceRoute(prefix, table: table, metric: metric))
    }
}

extension ObservedInterface {
    /// The peers, by public key, from which something has come since an earlier moment.
    ///
    /// - Parameter others: other interfaces of the host, then and now; nil while there is none. A peer of the same prefix
    ///   may answer by one of them, where it has another key.
    package func heard(
        since start: ObservedInterface, _ others: some Sequence<(ObservedInterface?, ObservedInterface?)>
    ) -> Set<String> {
        func louder(_ start: ObservedInterface?, _ now: ObservedInterface?) -> [String: Peer] {
            (now?.peers ?? [:]).filter { $1.received > start?.peers[$0]?.received ?? 0 }
        }
        let elsewhere = others.flatMap { louder($0, $1).values }.reduce(into: Set<IPPrefix>()) {
            $0.formUnion($1.settings.allowedIPs)
        }
        return Set(louder(start, self).keys).union(
            peers.filter { !$1.settings.allowedIPs.isDisjoint(with: elsewhere) }.keys)
    }
}
