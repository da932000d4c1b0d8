extension Wiring {
    static func strangerNamespace(_ number: Int) -> String { "x\(number)" }

    /// The host's link-local address on its site's wire.
    static func linkLocal(_ number: Int) -> String { "fe80::6c61:\(String(number + 1, radix: 16))" }

    /// A machine of nobody's mesh, on a site's wire or on the Internet.
    mutating func makeStranger(_ number: Int, _ stranger: LabStranger, _ topology: LabTopology) {
        let name = Wiring.strangerNamespace(number)
        add(name)
        let addresses = stranger.addresses.compactMap { NumericAddress($0) }
        guard let site = topology.sites.firstIndex(where: { $0.name == stranger.site }) else {
            uplink(name, "eth0", addresses)
            return
        }
        connect(name, "eth0", "wires", "x\(number)")
        edit("wires") { $0.lines.append("link set x\(number) master b\(site)") }
        let prefixes = topology.sites[site].networks.compactMap { NumericPrefix($0) }
        edit(name) {
            for address in addresses {
                let length = prefixes.first { $0.contains(address) }?.length ?? address.bytes.count * 8
                let line = "addr add \(address)/\(length) dev eth0"
                if address.family == .ipv4 { $0.lines.append(line) } else { $0.lines6.append(line + " nodad") }
            }
        }
        for detour in stranger.detours { add(detour, of: name, topology) }
    }

    private mutating func add(_ detour: LabDetour, of name: String, _ topology: LabTopology) {
        guard let address = NumericAddress(detour.address),
            let host = topology.hosts.firstIndex(where: { $0.name == detour.host })
        else { return }
        let gateways = topology.hosts[host].privateAddresses.compactMap { NumericAddress($0) }
        edit(name) {
            if address.family == .ipv6 {
                $0.lines6.append("route add \(address)/128 via \(Wiring.linkLocal(host)) dev eth0")
            } else if let gateway = gateways.first(where: { $0.family == .ipv4 }) {
                $0.lines.append("route add \(address)/32 via \(gateway) dev eth0 onlink")
            }
        }
    }
}
