import Addresses
import ArgumentParser
import Diagnostics
import HostPlans
import MeshFiles
import MeshModel
import SystemAccess

/// `show NAME`
struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one peer: its interface, and whom it peers with and how.")

    @Argument(help: ArgumentHelp("The peer to show.", valueName: "peer"))
    var name: String

    @OptionGroup var mesh: MeshOptions
    @OptionGroup var format: FormatOptions

    func run() throws {
        let loaded = try LoadedMesh.read(try mesh.path(), .withoutKeyring)
        if loaded.tree != nil { try loaded.require([name]) }
        let mesh = try loaded.complete()
        guard let index = mesh.index(of: name) else {
            throw Failure(
                .no, .noPeers, "peer \(quoted(name)) is disabled", hint: "take it back with `hauberk enable \(name)`")
        }
        let detail = PeerDetail(MeshPlan(mesh).host(index), in: mesh)
        Result.print(format.json ? try JSONText.encode(detail) : detail.text)
    }
}

/// A peer as `show --json` has it; the names are stable.
struct PeerDetail: Encodable {
    struct Neighbour: Encodable {
        let name: String
        let endpoint: String?
        let allowedIPs: [String]
        /// Seconds.
        let keepalive: UInt16?
        let relayFor: [String]
    }

    let name: String
    let mesh: String
    let interface: String
    let addresses: [String]
    let port: UInt16
    let mtu: UInt16
    let publicKey: String
    let epoch: UInt32
    let privateKey: String
    let routes: [String]
    let forwards: Bool
    let peers: [Neighbour]

    init(_ plan: HostPlan, in mesh: Mesh) {
        let peer = mesh.peers[plan.host]
        name = peer.name
        self.mesh = mesh.name
        interface = plan.interface.name.description
        addresses = peer.addresses.map(\.description)
        port = plan.interface.port.number
        mtu = plan.interface.mtu
        publicKey = peer.publicKey
        epoch = peer.epoch
        privateKey = peer.holdsOwnKey ? "on the host alone" : "sealed in the keyring"
        routes = plan.interface.routes.map(\.description)
        forwards = plan.interface.forwards
        peers = plan.sections.map { section in
            Neighbour(
                name: mesh.peers[section.peer].name, endpoint: section.endpoint?.description,
                allowedIPs: section.allowedIPs.map(\.description), keepalive: section.keepalive,
                relayFor: section.relayed.map { mesh.peers[$0].name })
        }
    }

    var text: String {
        var facts = Table(["peer", name])
        facts.append(["mesh", mesh])
        facts.append(["addresses", addresses.joined(separator: ", ")])
        facts.append(["interface", "\(interface), port \(port), mtu \(mtu)\(forwards ? ", forwards" : "")"])
        facts.append(["public key", "\(publicKey), epoch \(epoch)"])
        facts.append(["private key", privateKey])
        facts.append(["routes", routes.joined(separator: ", ")])
        var table = Table(["PEER", "ENDPOINT", "ALLOWED IPS", "KEEPALIVE", "RELAYS FOR"])
        for peer in peers {
            table.append([
                peer.name, peer.endpoint ?? "", peer.allowedIPs.joined(separator: ", "),
                peer.keepalive.map { "\($0)s" } ?? "", peer.relayFor.joined(separator: ", "),
            ])
        }
        return facts.text + "\n" + table.text
    }
}
