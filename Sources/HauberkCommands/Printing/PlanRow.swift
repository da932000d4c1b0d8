import Addresses
import Diagnostics
import HostPlans
import MeshModel

/// A plan as `plan --json` has it; the names and words are stable.
struct PlanRow: Encodable {
    struct Setting: Encodable {
        let name: String
        /// Empty where it is not set.
        let from: [String]
        let to: [String]
    }

    struct Peer: Encodable {
        let name: String
        /// `added`, `removed` or `changed`.
        let change: String
        /// `added`, `removed` or `changed`; nil where it stays.
        let presharedKey: String?
        let settings: [Setting]
    }

    struct File: Encodable {
        let path: String
        /// `added`, `removed`, `changed` or `mode`.
        let change: String
        /// `interface`, `firewall` or `other`.
        let role: String
    }

    struct Host: Encodable {
        let name: String
        /// `added`, `removed`, `changed` or `unknown`.
        let change: String
        /// Why it is not known what the host has; nil where it is.
        let message: String?
        let privateKey: String?
        let settings: [Setting]
        let peers: [Peer]
        let files: [File]
    }

    struct Party: Encodable {
        let name: String
        let peers: [String]
        let networks: [String]
        /// Whether hosts that are not of the mesh are meant.
        let anyone: Bool

        init(_ party: FlowParty) {
            name = party.words(3)
            peers = party.peers
            networks = party.networks.map(\.description)
            anyone = party.includesStrangers
        }
    }

    struct Flow: Encodable {
        /// `opens` or `closes`.
        let change: String
        let plane: String
        /// `public` or `private`; nil for both, and on other planes than the underlay.
        let side: String?
        let from: Party
        let to: Party
        let ports: [String]
        let ping: Bool
        /// The word of `can --json` for what allows it, or allowed it.
        let reason: String
        /// In the mesh file that allows it; nil for a default.
        let line: Int?
    }

    struct Cut: Encodable {
        let host: String?
        let cause: String
        let words: String
    }

    let mesh: String
    /// The dialect that a render was given in place of the mesh file's; nil without.
    let firewall: String?
    let compared: Int
    let online: Int
    let hosts: [Host]
    /// Nil when they cannot be told.
    let flows: [Flow]?
    /// Why flows cannot be told; nil when they are.
    let flowsUnknown: String?
    let cuts: [Cut]
    /// What the hosts have told; nil where they were not asked.
    var live: [LivePlan.Host]?
}

extension PlanRow {
    init(_ changes: ChangeSet, of mesh: String, firewall: FirewallChoice?) {
        self.mesh = mesh
        self.firewall = firewall?.defaultValueDescription
        compared = changes.compared
        online = changes.online
        hosts = changes.hosts.map(Host.init)
        switch changes.flows {
        case .told(let list):
            flows = list.map(Flow.init)
            flowsUnknown = nil
        case .unknown(let why):
            flows = nil
            flowsUnknown = why
        }
        cuts = changes.cuts.map { Cut(host: $0.host, cause: $0.cause.rawValue, words: $0.words) }
    }
}

extension PlanRow.Host {
    fileprivate init(_ host: HostChange) {
        name = host.name
        change = host.kind.rawValue
        message = host.message
        privateKey = host.privateKey?.rawValue
        settings = host.settings.map { PlanRow.Setting(name: $0.field.rawValue, from: $0.from, to: $0.to) }
        peers = host.peers.map { peer in
            PlanRow.Peer(
                name: peer.name, change: peer.kind.rawValue, presharedKey: peer.presharedKey?.rawValue,
                settings: peer.settings.map { PlanRow.Setting(name: $0.field.rawValue, from: $0.from, to: $0.to) })
        }
        files = host.files.map { PlanRow.File(path: "/\($0.path)", change: $0.kind.rawValue, role: $0.role.rawValue) }
    }
}

extension PlanRow.Flow {
    fileprivate init(_ flow: FlowChange) {
        change = flow.direction.rawValue
        plane = flow.plane.rawValue
        side = flow.side?.rawValue
        from = PlanRow.Party(flow.from)
        to = PlanRow.Party(flow.to)
        ports = flow.ports.map(\.description)
        ping = flow.withEcho
        reason = flow.reason
        line = flow.location?.line
    }
}
