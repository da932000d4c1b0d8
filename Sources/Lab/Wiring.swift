/// The lab's wires as commands: a pure function of the topology, so that it can be read and tested without a kernel.
///
/// ```
///   internet (router: every public address is a host route, strict reverse path)
///    │  │  │        └── n3 (NAT) ── h3 roaming laptop, invented private address
///    │  │  └── s0 (NAT) ─┐
///    │  └── h0 eth0      wires (one bridge a site)
///    └── h1 eth0          ├── h0 eth1, h1 eth1, h2 eth1 (private addresses)
///                     h1 lan0 ── l1x0 (a machine in a routed network)
/// ```
///
/// Every link is unnumbered toward its router: gateways are 169.254.0.1 and fe80::1, so that no invented prefix can
/// collide with a declared one.
struct Wiring: Sendable {
    /// What one network namespace gets, after its links are there.
    struct Namespace: Sendable {
        let name: String
        /// Lines for `ip -batch`.
        var lines: [String] = []
        /// Lines for `ip -6 -batch`.
        var lines6: [String] = []
        /// Settings below `/proc/sys`, written before the links are made.
        var settings: [(key: String, value: String)] = Wiring.quietSettings
        /// Lines for `nft -f -`; empty for none.
        var filter: String = ""
    }

    private(set) var namespaces: [Namespace] = []
    /// Lines for `ip -batch` that make every link at once.
    private(set) var links: [String] = []
    private var index: [String: Int] = [:]
    /// Whether anything has a public IPv6 address: only then is there an IPv6 internet.
    let hasPublicIPv6: Bool
    private var inventions: Inventions

    static let gateway4 = "169.254.0.1"
    static let gateway6 = "fe80::1"
    /// The host's own side toward the networks behind it.
    static let behind4 = "169.254.1.1"
    static let behind6 = "fe80::2"

    /// No duplicate address detection and no router advertisements: a lab need not wait for them. No reverse path
    /// filter, so that the rules have to do the work; refusals and pings at any rate, for whoever asks fast.
    private static let quietSettings: [(key: String, value: String)] = [
        ("net.ipv4.conf.all.rp_filter", "0"), ("net.ipv4.conf.default.rp_filter", "0"),
        ("net.ipv4.icmp_ratelimit", "0"), ("net.ipv6.icmp.ratelimit", "0"), ("net.ipv4.ping_group_range", "0 0"),
        ("net.ipv6.conf.default.accept_dad", "0"), ("net.ipv6.conf.all.accept_dad", "0"),
        ("net.ipv6.conf.default.accept_ra", "0"), ("net.ipv6.conf.default.router_solicitations", "0"),
    ]

    init(_ topology: LabTopology) {
        let publics = topology.hosts.flatMap(\.publicAddresses).compactMap { NumericAddress($0) }
        hasPublicIPv6 = publics.contains { $0.family == .ipv6 }
        inventions = Inventions(avoiding: topology)
        add("internet")
        add("wires")
        makeInternet(publics)
        for (number, site) in topology.sites.enumerated() {
            // A hub and no switch: whoever is on the wire sees every frame.
            edit("wires") {
                $0.lines += ["link add b\(number) type bridge ageing_time 0", "link set b\(number) up"]
            }
            makeSiteRouterIfNeeded(number, site, topology.hosts)
        }
        for (number, host) in topology.hosts.enumerated() { makeHost(number, host, topology.sites) }
        for (number, stranger) in topology.strangers.enumerated() { makeStranger(number, stranger, topology) }
    }

    static func hostNamespace(_ number: Int) -> String { "h\(number)" }
    static func lanNamespace(_ number: Int, _ network: Int) -> String { "l\(number)x\(network)" }

    mutating func add(_ name: String) {
        index[name] = namespaces.count
        namespaces.append(Namespace(name: name, lines: ["link set lo up"]))
    }

    mutating func edit(_ name: String, _ change: (inout Namespace) -> Void) {
        guard let position = index[name] else { return }
        change(&namespaces[position])
    }

    mutating func connect(_ a: String, _ interfaceA: String, _ b: String, _ interfaceB: String) {
        links.append("link add \(interfaceA) netns \(a) type veth peer name \(interfaceB) netns \(b)")
        edit(a) { $0.lines.append("link set \(interfaceA) up") }
        edit(b) { $0.lines.append("link set \(interfaceB) up") }
    }

    private mutating func makeInternet(_ publics: [NumericAddress]) {
        let declaresPrivate6 = publics.contains { $0.family == .ipv6 && $0.bytes[0] & 0xfe == 0xfc }
        edit("internet") {
            $0.settings += [
                ("net.ipv4.ip_forward", "1"), ("net.ipv6.conf.all.forwarding", "1"),
                ("net.ipv4.conf.all.rp_filter", "1"), ("net.ipv4.conf.default.rp_filter", "1"),
            ]
            // IPv6 has no rp_filter: private sources are dropped by name, and have no way back in any case.
            if !declaresPrivate6 { $0.lines6.append("rule add from fc00::/7 blackhole") }
        }
    }

    /// Ties `namespace`'s interface to the internet with the given addresses of its own.
    mutating func uplink(_ namespace: String, _ interface: String, _ addresses: [NumericAddress]) {
        let port = "to-\(namespace)"
        connect(namespace, interface, "internet", port)
        edit("internet") {
            $0.lines.append("addr add \(Wiring.gateway4)/32 dev \(port)")
            $0.lines6.append("addr add \(Wiring.gateway6)/64 dev \(port) nodad")
            for address in addresses {
                if address.family == .ipv4 {
                    $0.lines.append("route add \(address)/32 dev \(port)")
                } else {
                    $0.lines6.append("route add \(address)/128 dev \(port)")
                }
            }
        }
        number(namespace, interface, addresses)
        for family in Set(addresses.map(\.family)).sorted() { route(namespace, interface, family) }
    }

    /// Gives the interface its addresses, each alone on its link.
    mutating func number(_ namespace: String, _ interface: String, _ addresses: [NumericAddress]) {
        edit(namespace) {
            for address in addresses {
                if address.family == .ipv4 {
                    $0.lines.append("addr add \(address)/32 dev \(interface)")
                } else {
                    $0.lines6.append("addr add \(address)/128 dev \(interface) nodad")
                }
            }
        }
    }

    /// A default route through the router at the other end of the interface.
    mutating func route(_ namespace: String, _ interface: String, _ family: LabFamily) {
        edit(namespace) {
            if family == .ipv4 {
                $0.lines.append("route add default via \(Wiring.gateway4) dev \(interface) onlink")
            } else {
                $0.lines6.append("route add default via \(Wiring.gateway6) dev \(interface)")
            }
        }
    }

    /// A router that hides `lan` behind invented public addresses on `wan`.
    mutating func makeNATRouter(_ name: String) {
        add(name)
        let addresses =
            hasPublicIPv6 ? [inventions.nextPublic4(), inventions.nextPublic6()] : [inventions.nextPublic4()]
        uplink(name, "wan", addresses.compactMap { $0 })
        edit(name) {
            $0.settings += [("net.ipv4.ip_forward", "1"), ("net.ipv6.conf.all.forwarding", "1")]
            $0.filter = ["ip", "ip6"].map(Wiring.natTable).joined()
        }
    }

    /// A network behind a NAT router takes connections from inside only.
    private static func natTable(_ family: String) -> String {
        """
        table \(family) lab {
            chain hide {
                type nat hook postrouting priority 100;
                oifname "wan" masquerade
            }
            chain pass {
                type filter hook forward priority 0; policy drop;
                ct state established,related accept
                iifname "lan" accept
            }
        }

        """
    }

    mutating func inventedPrivate() -> [NumericAddress] {
        [inventions.private4, hasPublicIPv6 ? inventions.private6 : nil].compactMap { $0 }
    }
}
