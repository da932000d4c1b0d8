import Addresses
package import HostPlans
import MeshModel
package import Rendering

/// Holds one host's rendered configuration against its plan, field by field.
package struct PlanCheck {
    private let host: HostPlan
    private let mesh: Mesh

    package init(_ host: HostPlan, in rendered: RenderedMesh) {
        self.host = host
        mesh = rendered.mesh
    }

    /// What a `wg-quick` file says otherwise than the plan.
    package func problems(_ config: WireGuardConfig) -> [String] {
        let plan = host.interface
        var problems = setconfProblems(config)
        if config.addresses.map({ IPPrefix.host($0.address) }) != plan.addresses { problems.append("addresses") }
        if config.addresses.contains(where: { $0.length != $0.address.family.bits }) { problems.append("lengths") }
        if config.mtu != plan.mtu { problems.append("mtu") }
        if config.settings.map({ "\($0.key) \($0.value)" }) != settings { problems.append("settings") }
        return problems
    }

    /// What a `wg setconf` file says otherwise than the plan.
    package func setconfProblems(_ config: WireGuardConfig) -> [String] {
        let plan = host.interface
        var problems: [String] = []
        if config.hasPrivateKey == plan.holdsOwnKey { problems.append("private key") }
        if config.port != plan.port { problems.append("port") }
        if config.fwmark != plan.fwmark { problems.append("fwmark") }
        let sections = host.sections
        guard config.peers.count == sections.count else { return problems + ["number of peers"] }
        for (peer, section) in zip(config.peers, sections) {
            let isSame =
                peer.publicKey == mesh.peers[section.peer].publicKey && peer.endpoint == section.endpoint
                && peer.allowedIPs == section.allowedIPs && peer.keepalive == section.keepalive
                && peer.hasPresharedKey == (mesh.wireGuard.presharedKeys != .off)
            if !isSame { problems.append("section of \(mesh.peers[section.peer].name)") }
        }
        return problems
    }

    private var settings: [String] {
        let plan = host.interface
        var lines = plan.dns.map { "dns \($0)" }
        if plan.table != .automatic { lines.append("table off") }
        if plan.unload != nil { lines.append("preup /etc/hauberk/%i/firewall load") }
        lines += plan.preUp.map { "preup \($0)" }
        if plan.platform == .linux {
            if plan.holdsOwnKey { lines.append("postup wg set %i private-key /etc/wireguard/%i.key") }
            if plan.forwards {
                lines.append("postup sysctl -q -e -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
            }
            for family in IPFamily.allCases {
                lines += plan.routes.filter { $0.family == family }.map { route($0, family) }
            }
        }
        lines += plan.postUp.map { "postup \($0)" } + plan.preDown.map { "predown \($0)" }
        lines += plan.postDown.map { "postdown \($0)" }
        if plan.unload == .withInterface { lines.append("postdown /etc/hauberk/%i/firewall remove") }
        return lines
    }

    private func route(_ prefix: IPPrefix, _ family: IPFamily) -> String {
        var line = "postup ip -\(family == .v4 ? 4 : 6) route replace \(prefix) dev %i"
        if case .numbered(let table) = host.interface.table { line += " table \(table)" }
        return line
    }
}
