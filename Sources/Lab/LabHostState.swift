/// What the lab knows of one host while it runs.
struct LabHostState: Sendable {
    let number: Int
    let host: LabHost
    var upMilliseconds = 0
    /// The tunnels whose `wg-quick up` succeeded.
    var raised: [String] = []
    var problems: [String] = []
    var tunnels: [WireGuardInterface] = []
    /// By interface, link-local ones left out.
    var addresses: [String: [NumericAddress]] = [:]

    /// Whether every tunnel came up.
    var isUp: Bool { raised.count == host.interfaces.count && !raised.isEmpty }

    /// What is wrong with tunnels that did come up.
    var tunnelProblems: [String] {
        guard isUp else { return [] }
        var problems: [String] = []
        for name in host.interfaces where !tunnels.contains(where: { $0.name == name }) {
            problems.append("\(name) came up, but is gone after the probes")
        }
        let present = Set(host.interfaces.flatMap { addresses[$0] ?? [] })
        for text in host.overlayAddresses {
            guard let address = NumericAddress(text) else {
                problems.append("\(text) is not an address")
                continue
            }
            if !present.contains(address) { problems.append("the address \(text) is on no tunnel") }
        }
        return problems
    }

    func result(adding more: [String]) -> LabHostResult {
        let interfaces = host.interfaces.map { name in
            let tunnel = tunnels.first { $0.name == name }
            return LabInterfaceResult(
                name: name, listeningPort: tunnel?.listeningPort, peers: tunnel?.peers.count ?? 0,
                addresses: (addresses[name] ?? []).map(\.description).sorted())
        }
        return LabHostResult(
            name: host.name, interfaces: interfaces, upMilliseconds: upMilliseconds, problems: problems + more)
    }
}
