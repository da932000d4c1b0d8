/// One machine that probes and answers: a host, or the machine in a network behind one.
struct LabNode: Sendable {
    let name: String
    /// The host itself, or the one that is its gateway.
    let host: Int
    let namespace: String
    let addresses: [NumericAddress]
    /// Whether it stands in a routed network, one hop behind its host.
    let place: Place

    enum Place: Sendable {
        case host
        case behind
    }

    func address(_ family: LabFamily) -> NumericAddress? { addresses.first { $0.family == family } }

    /// How many forwarding hops stand between the machine and its tunnel.
    var hops: Int {
        switch place {
        case .host: 0
        case .behind: 1
        }
    }
}

/// Every machine of the lab by name, and every host's state.
struct LabMap: Sendable {
    let topology: LabTopology
    let hosts: [LabHostState]
    /// In the order of the hosts, each followed by the machines behind it.
    let list: [LabNode]
    let nodes: [String: LabNode]
    /// The host that has the private half of each public key.
    let owners: [String: String]

    init(topology: LabTopology, hosts: [LabHostState]) {
        self.topology = topology
        self.hosts = hosts
        var list: [LabNode] = []
        for (number, host) in topology.hosts.enumerated() {
            let addresses = host.overlayAddresses.compactMap { NumericAddress($0) }
            let namespace = Wiring.hostNamespace(number)
            list.append(
                LabNode(name: host.name, host: number, namespace: namespace, addresses: addresses, place: .host))
            for (position, network) in host.routedNetworks.enumerated() {
                list.append(
                    LabNode(
                        name: LabTopology.nodeName(host: host.name, prefix: network.prefix), host: number,
                        namespace: Wiring.lanNamespace(number, position),
                        addresses: [NumericAddress(network.testAddress)].compactMap { $0 }, place: .behind))
            }
        }
        self.list = list
        nodes = Dictionary(list.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var owners: [String: String] = [:]
        for state in hosts {
            for tunnel in state.tunnels { owners[tunnel.publicKey] = state.host.name }
        }
        self.owners = owners
    }

    func isUp(_ node: LabNode) -> Bool { hosts[node.host].isUp }

    /// The tunnel and peer to which the node's host sends the address; nil where no peer allows it.
    ///
    /// Where two tunnels have such a peer (a rotation in its middle), the one by which the answer came.
    func way(
        from node: LabNode, to address: NumericAddress, seen interface: String? = nil
    ) -> (tunnel: String, peer: WireGuardPeer)? {
        let tunnels = hosts[node.host].tunnels
        for tunnel in tunnels.filter({ $0.name == interface }) + tunnels {
            if let peer = tunnel.peer(for: address) { return (tunnel.name, peer) }
        }
        return nil
    }
}
