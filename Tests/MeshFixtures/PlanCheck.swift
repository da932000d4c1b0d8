import Addresses
package import HostPlans
import MeshModel

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
            for family in plan.exit?.families ?? [] { lines += leaving(family) }
        }
        lines += plan.postUp.map { "postup \($0)" }
        for family in plan.exit?.families ?? [] { lines += staying(family) }
        lines += plan.preDown.map { "predown \($0)" }
        lines += plan.postDown.map { "postdown \($0)" }
        if plan.unload == .withInterface { lines.append("postdown /etc/hauberk/%i/firewall remove") }
        return lines
    }

    /// The rules of one family that send what is for the Internet into the tunnel, the last first.
    private func rules(_ family: IPFamily) -> [String] {
        guard let exit = host.interface.exit, let mark = host.interface.fwmark else { return [] }
        return ["pref 31003 not fwmark \(mark) table \(exit.table)"]
            + ["pref 31002 not fwmark \(mark) table main suppress_prefixlength 0"]
            + exit.ports.map { "pref 31001 ipproto udp sport \($0) table main" }
    }

    private func leaving(_ family: IPFamily) -> [String] {
        let ip = "ip -\(family == .v4 ? 4 : 6)"
        let table = host.interface.exit?.table ?? 0
        let sysctl = family == .v4 ? ["postup sysctl -q -w net.ipv4.conf.all.src_valid_mark=1"] : []
        let ports = rules(family).dropFirst(2)
        return sysctl + ["postup \(ip) route replace default dev %i table \(table)"]
            + (ports + rules(family).prefix(2).reversed()).map {
                "postup \(ip) rule del \($0) 2>/dev/null || true; \(ip) rule add \($0)"
            }
    }

    private func staying(_ family: IPFamily) -> [String] {
        rules(family).map { "predown ip -\(family == .v4 ? 4 : 6) rule del \($0) || true" }
    }

    private func route(_ prefix: IPPrefix, _ family: IPFamily) -> String {
        var line = "postup ip -\(family == .v4 ? 4 : 6) route replace \(prefix) dev %i"
        if case .numbered(let table) = host.interface.table { line += " table \(table)" }
        return line
    }
}
