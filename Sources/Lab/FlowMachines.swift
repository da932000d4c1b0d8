/// The machines that flows begin and end at, by name: hosts, machines behind them, strangers.
struct FlowMachines: Sendable {
    struct Machine: Sendable {
        let name: String
        let namespace: String
    }

    let list: [Machine]
    private let indices: [String: Int]

    init(_ topology: LabTopology) {
        var list: [Machine] = []
        for (number, host) in topology.hosts.enumerated() {
            list.append(Machine(name: host.name, namespace: Wiring.hostNamespace(number)))
            for (position, network) in host.routedNetworks.enumerated() {
                list.append(
                    Machine(
                        name: LabTopology.nodeName(host: host.name, prefix: network.prefix),
                        namespace: Wiring.lanNamespace(number, position)))
            }
        }
        for (number, stranger) in topology.strangers.enumerated() {
            list.append(Machine(name: stranger.name, namespace: Wiring.strangerNamespace(number)))
        }
        for (number, host) in topology.hosts.enumerated() where !host.containerPorts.isEmpty {
            list.append(
                Machine(
                    name: FlowMachines.container(of: host.name), namespace: Wiring.containerNamespace(number)))
        }
        self.list = list
        indices = Dictionary(list.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    static func container(of host: String) -> String { "the container on \(host)" }

    subscript(name: String) -> Int? { indices[name] }
}
