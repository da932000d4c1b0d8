extension Wiring {
    /// The site's way to the internet for members without an address there.
    mutating func makeSiteRouterIfNeeded(_ number: Int, _ site: LabSite, _ hosts: [LabHost]) {
        guard hosts.contains(where: { $0.site == site.name && Wiring.usesSiteRouter($0) }) else { return }
        let name = "s\(number)"
        makeNATRouter(name)
        connect(name, "lan", "wires", "r\(number)")
        edit("wires") { $0.lines.append("link set r\(number) master b\(number)") }
        edit(name) {
            $0.lines.append("addr add \(Wiring.gateway4)/32 dev lan")
            $0.lines6.append("addr add \(Wiring.gateway6)/64 dev lan nodad")
            for prefix in site.networks.compactMap({ NumericPrefix($0) }) {
                let line = "route add \(prefix.address)/\(prefix.length) dev lan"
                if prefix.address.family == .ipv4 { $0.lines.append(line) } else { $0.lines6.append(line) }
            }
        }
    }

    private static func usesSiteRouter(_ host: LabHost) -> Bool {
        host.reach == .direct && host.publicAddresses.isEmpty
    }

    mutating func makeHost(_ number: Int, _ host: LabHost, _ sites: [LabSite]) {
        let name = Wiring.hostNamespace(number)
        add(name)
        let siteNumber = sites.firstIndex { $0.name == host.site }
        if let siteNumber { joinSite(number, host, siteNumber, sites[siteNumber]) }
        let publics = host.publicAddresses.compactMap { NumericAddress($0) }
        if host.reach == .direct, !publics.isEmpty {
            uplink(name, host.underlay.public, publics)
        } else if host.reach == .natted || siteNumber == nil {
            makeHome(
                number, host.underlay.public,
                siteNumber == nil ? host.privateAddresses.compactMap { NumericAddress($0) } : [])
        }
        for (position, network) in host.routedNetworks.enumerated() { makeLAN(number, position, network) }
        if !host.containerPorts.isEmpty { makeContainer(number, host.containerPorts) }
    }

    private mutating func joinSite(_ number: Int, _ host: LabHost, _ siteNumber: Int, _ site: LabSite) {
        let name = Wiring.hostNamespace(number)
        let port = host.underlay.private
        connect(name, port, "wires", "p\(number)")
        edit("wires") { $0.lines.append("link set p\(number) master b\(siteNumber)") }
        let prefixes = site.networks.compactMap { NumericPrefix($0) }
        let addresses = host.privateAddresses.compactMap { NumericAddress($0) }
        edit(name) {
            // Whoever is on the same wire reaches a host so, whatever addresses the site has.
            $0.lines6.append("addr add \(Wiring.linkLocal(number))/64 dev \(port) nodad")
            for address in addresses {
                let length = prefixes.first { $0.contains(address) }?.length ?? address.bytes.count * 8
                let line = "addr add \(address)/\(length) dev \(port)"
                if address.family == .ipv4 { $0.lines.append(line) } else { $0.lines6.append(line + " nodad") }
            }
        }
        guard Wiring.usesSiteRouter(host) else { return }
        for family in Set(addresses.map(\.family)).sorted() where family == .ipv4 || hasPublicIPv6 {
            route(name, port, family)
        }
    }

    /// A router of the host's own, as at home or in a hotel, with the given or invented addresses behind it.
    private mutating func makeHome(_ number: Int, _ port: String, _ declared: [NumericAddress]) {
        let name = Wiring.hostNamespace(number)
        let router = "n\(number)"
        let addresses = declared.isEmpty ? inventedPrivate() : declared
        makeNATRouter(router)
        connect(router, "lan", name, port)
        edit(router) {
            $0.lines.append("addr add \(Wiring.gateway4)/32 dev lan")
            $0.lines6.append("addr add \(Wiring.gateway6)/64 dev lan nodad")
            for address in addresses {
                if address.family == .ipv4 {
                    $0.lines.append("route add \(address)/32 dev lan")
                } else {
                    $0.lines6.append("route add \(address)/128 dev lan")
                }
            }
        }
        self.number(name, port, addresses)
        for family in Set(addresses.map(\.family)).sorted() where family == .ipv4 || hasPublicIPv6 {
            route(name, port, family)
        }
    }

    /// One machine in a network behind the host, which is its gateway.
    private mutating func makeLAN(_ number: Int, _ position: Int, _ network: LabRoutedNetwork) {
        guard let prefix = NumericPrefix(network.prefix), let address = NumericAddress(network.testAddress) else {
            return
        }
        let host = Wiring.hostNamespace(number)
        let lan = Wiring.lanNamespace(number, position)
        let port = "lan\(position)"
        add(lan)
        connect(host, port, lan, "eth0")
        self.number(lan, "eth0", [address] + network.moreAddresses.compactMap { NumericAddress($0) })
        let toPrefix = "route add \(prefix.address)/\(prefix.length) dev \(port)"
        if address.family == .ipv4 {
            edit(host) { $0.lines += ["addr add \(Wiring.behind4)/32 dev \(port)", toPrefix] }
            edit(lan) { $0.lines.append("route add default via \(Wiring.behind4) dev eth0 onlink") }
        } else {
            edit(host) { $0.lines6 += ["addr add \(Wiring.behind6)/64 dev \(port) nodad", toPrefix] }
            edit(lan) { $0.lines6.append("route add default via \(Wiring.behind6) dev eth0") }
        }
    }
}

/// Addresses that the lab makes up, none of them declared by the mesh.
struct Inventions: Sendable {
    private let taken: Set<NumericAddress>
    private var publics4 = 0
    private var publics6 = 0
    let private4: NumericAddress?
    let private6: NumericAddress?

    init(avoiding topology: LabTopology) {
        var texts = topology.strangers.flatMap(\.addresses)
        for host in topology.hosts {
            texts += host.privateAddresses + host.publicAddresses + host.overlayAddresses
            texts += host.routedNetworks.flatMap { [$0.testAddress] + $0.moreAddresses }
        }
        let taken = Set(texts.compactMap { NumericAddress($0) })
        self.taken = taken
        private4 = (2..<250).lazy.compactMap { NumericAddress("192.168.77.\($0)") }.first { !taken.contains($0) }
        private6 = (2..<250).lazy.compactMap { NumericAddress("fd6c:6162::\(String($0, radix: 16))") }
            .first { !taken.contains($0) }
    }

    /// In 198.18.0.0/15, the range for tests of networks (RFC 2544).
    mutating func nextPublic4() -> NumericAddress? {
        while publics4 < 60_000 {
            publics4 += 1
            let address = NumericAddress("198.18.\(publics4 / 250).\(publics4 % 250 + 1)")
            if let address, !taken.contains(address) { return address }
        }
        return nil
    }

    /// In 2001:db8::/32, the prefix for documentation (RFC 3849).
    mutating func nextPublic6() -> NumericAddress? {
        while publics6 < 60_000 {
            publics6 += 1
            let address = NumericAddress("2001:db8:6c61:6200::\(String(publics6, radix: 16))")
            if let address, !taken.contains(address) { return address }
        }
        return nil
    }
}
