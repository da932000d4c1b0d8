import Addresses
import HostPlans
import MeshModel

/// What the names of a template mean for a host.
struct HostValues {
    let mesh: Mesh
    let host: HostPlan

    func value(of name: TemplateName) -> TemplateValue {
        let interface = host.interface
        switch name {
        case .mesh: return .text(mesh.name)
        case .name: return .text(mesh.peers[host.host].name)
        case .publicKey: return .text(mesh.peers[host.host].publicKey)
        case .epoch: return .text("\(mesh.peers[host.host].epoch)")
        case .privateKey: return interface.holdsOwnKey ? .absent : .secret(.privateKey(host.host))
        case .peerHeld: return interface.holdsOwnKey ? .yes : .absent
        case .interface: return .text(interface.name.description)
        case .port: return .text("\(interface.port)")
        case .mtu: return .text("\(interface.mtu)")
        case .fwmark: return interface.fwmark.map { .text("\($0)") } ?? .absent
        case .addresses: return .list(interface.addresses.map(\.description))
        case .dns: return .list(interface.dns)
        case .forwards: return interface.forwards ? .yes : .absent
        case .linux: return interface.platform == .linux ? .yes : .absent
        case .app: return interface.platform == .app ? .yes : .absent
        default: return routingOrHook(name)
        }
    }

    private func routingOrHook(_ name: TemplateName) -> TemplateValue {
        let interface = host.interface
        switch name {
        case .table:
            if case .numbered(let number) = interface.table { return .text("\(number)") }
            return .absent
        case .exitTable: return interface.exit.map { .text("\($0.table)") } ?? .absent
        case .exitV4: return interface.exit?.families.contains(.v4) == true ? .yes : .absent
        case .exitV6: return interface.exit?.families.contains(.v6) == true ? .yes : .absent
        case .wireGuardPorts: return .list(interface.exit?.ports.map(\.description) ?? [])
        case .firewall: return interface.unload == nil ? .absent : .yes
        case .unloadsFirewall: return interface.unload == .withInterface ? .yes : .absent
        case .explicitRoutes: return interface.table == .automatic ? .absent : .yes
        case .routesV4: return .list(interface.routes.filter { $0.family == .v4 }.map(\.description))
        case .routesV6: return .list(interface.routes.filter { $0.family == .v6 }.map(\.description))
        case .rotates: return interface.rotating == nil ? .absent : .yes
        case .base: return .text(interface.rotating?.base.description ?? "%i")
        case .otherInterface: return interface.rotating.map { .text($0.other.description) } ?? .absent
        case .metric: return interface.metric.map { .text("\($0)") } ?? .absent
        case .keptRoutesV4: return .list(interface.keptRoutes.filter { $0.family == .v4 }.map(\.description))
        case .keptRoutesV6: return .list(interface.keptRoutes.filter { $0.family == .v6 }.map(\.description))
        case .preUp: return .list(interface.preUp.map(\.description))
        case .postUp: return .list(interface.postUp.map(\.description))
        case .preDown: return .list(interface.preDown.map(\.description))
        case .postDown: return .list(interface.postDown.map(\.description))
        default: return .absent
        }
    }
}

/// What the names of a template mean inside `{{#peers}}`.
struct PeerValues {
    let mesh: Mesh
    let viewer: Int
    let section: PeerSection

    func value(of name: TemplateName) -> TemplateValue {
        let peer = mesh.peers[section.peer]
        switch name {
        case .mesh: return .text(mesh.name)
        case .name: return .text(peer.name)
        case .publicKey: return .text(peer.publicKey)
        case .epoch: return .text("\(peer.epoch)")
        case .presharedKey:
            return mesh.wireGuard.presharedKeys == .off ? .absent : .secret(.presharedKey(viewer, section.peer))
        case .allowedIPs: return .list(section.allowedIPs.map(\.description))
        case .endpoint: return section.endpoint.map { .text($0.description) } ?? .absent
        case .keepalive: return section.keepalive.map { .text("\($0)") } ?? .absent
        default: return .absent
        }
    }
}
