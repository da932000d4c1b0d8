import Addresses
import HostPlans
import Lab
import MeshModel

/// What is asked through hosts that pass packets on: of networks behind them, from there, and of the Internet.
extension LabFlows {
    mutating func addForward() {
        let networks = chosen.flatMap { gateway in
            meshes.routes(part, gateway).map { (gateway: gateway, prefix: $0) }
        }
        for network in networks {
            let addresses = [places.testAddress(in: network.prefix)] + places.namedAddresses(in: network.prefix, mesh)
            for (peer, address) in chosen.flatMap({ peer in addresses.map { (peer, $0) } }) {
                addForward(peer, network.gateway, (network.prefix, address))
            }
            for other in networks where other.gateway != network.gateway && other.prefix.family == network.prefix.family
            {
                addBetween(network, other)
            }
        }
    }

    private mutating func addForward(
        _ peer: Int, _ gateway: Int, _ network: (prefix: IPPrefix, address: IPAddress)
    ) {
        let (prefix, address) = network
        guard let own = mesh.peers[peer].addresses.first(where: { $0.family == prefix.family }) else { return }
        let machine = LabTopology.nodeName(host: name(gateway), prefix: prefix.description)
        let member = end(peer)
        let all = subjects.all(without: [])
        let isReached = peer == gateway || mesh.topology[peer, gateway] != PeerRoute.none
        guard isReached, judges(gateway) || judges(peer), !places.isNear(peer, prefix, mesh) else { return }
        if peer != gateway {
            let answers = answered(
                (all + [.echo]).map { ($0, [Flow(.forward, from: member, to: .address(address), $0)]) })
            add(
                LabWay(
                    .forward, from: name(peer), to: machine, source: own.description, target: address.description,
                    subjects: answers))
        }
        let back = answered(
            (subjects.all(without: tunnelPorts(peer)) + [.echo]).map {
                ($0, [Flow(.forward, from: .address(address), to: member, $0)])
            })
        add(
            LabWay(
                .forward, from: machine, to: name(peer), source: address.description, target: own.description,
                subjects: back))
    }

    private mutating func addBetween(
        _ from: (gateway: Int, prefix: IPPrefix), _ to: (gateway: Int, prefix: IPPrefix)
    ) {
        guard mesh.topology[from.gateway, to.gateway] != PeerRoute.none, judges(from.gateway) || judges(to.gateway)
        else { return }
        let source = places.testAddress(in: from.prefix)
        let target = places.testAddress(in: to.prefix)
        let answers = answered(
            (subjects.all(without: []) + [.echo]).map {
                ($0, [Flow(.forward, from: .address(source), to: .address(target), $0)])
            })
        add(
            LabWay(
                .forward, from: LabTopology.nodeName(host: name(from.gateway), prefix: from.prefix.description),
                to: LabTopology.nodeName(host: name(to.gateway), prefix: to.prefix.description),
                source: source.description, target: target.description, subjects: answers))
    }

    // MARK: the Internet

    mutating func addExits() {
        for peer in chosen {
            guard let (_, gateway) = exit(of: peer), chosen.contains(gateway), judges(gateway) else { continue }
            let member = end(peer)
            for stranger in places.strangers {
                for target in stranger.addresses {
                    guard let own = mesh.peers[peer].addresses.first(where: { $0.family == target.family }) else {
                        continue
                    }
                    let outside = places.publicAddresses[gateway].first { $0.family == target.family }
                    if stranger.site == nil, outside != nil {
                        let answers = answered(
                            (subjects.all(without: []) + [.echo]).map {
                                ($0, [Flow(.forward, from: member, to: .anyone, $0)])
                            })
                        add(
                            LabWay(
                                .forward, from: name(peer), to: stranger.name, source: own.description,
                                target: target.description, seenAs: outside?.description, subjects: answers))
                    } else if let site = stranger.site, isOn(site, gateway), !isOn(site, peer) {
                        let refused = denied(
                            subjects.all(without: []), because: "an exit leads to the Internet, and to nobody's VPC")
                        add(
                            LabWay(
                                .forward, from: name(peer), to: stranger.name, source: own.description,
                                target: target.description, isControlled: false, subjects: refused))
                    }
                }
            }
        }
    }

    private func isOn(_ site: String, _ peer: Int) -> Bool {
        mesh.peers[peer].declared.site.map { mesh.sites[$0].name } == site
    }
}
