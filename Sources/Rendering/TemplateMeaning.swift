import Addresses
package import Diagnostics
package import HostPlans
import MeshModel

/// Holds the WireGuard configurations that a mesh's own templates render against what was planned, before anything is
/// written: a template that loses a peer, a key, an address or an endpoint would cut hosts off.
///
/// What a template may well want otherwise (MTU, DNS, hooks, keepalives, routes) is not held against it; but that the
/// host's rules are loaded before its interface is up.
package enum TemplateMeaning {
    /// The template of each target that renders what wg(8) reads.
    private static let configurations = ["wg-quick": "interface.conf", "wg-setconf": "peers.conf"]

    /// What the targets that are not built in would say otherwise than the plan, on the first and the last host of each
    /// class; of each target only what is wrong on the first host where something is.
    package static func findings(_ targets: [Target], _ plan: MeshPlan) -> [Diagnostic] {
        targets.filter { !$0.isBuiltIn }.flatMap { target -> [Diagnostic] in
            guard let file = configurations[target.name],
                let template = target.templates.firstIndex(where: { $0.file.hasSuffix("/\(file)") })
            else { return [] }
            return findings(target, template: template, plan)
        }
    }

    private static func findings(_ target: Target, template: Int, _ plan: MeshPlan) -> [Diagnostic] {
        for number in 0..<plan.classCount {
            let view = plan.view(number)
            let renderer = HostRenderer(target, for: view, in: plan)
            for host in Set([view.hosts.first, view.hosts.last].compactMap { $0 }).sorted() {
                let hostPlan = plan.host(host, in: view)
                guard let artifact = renderer.artifact(template, for: hostPlan) else { continue }
                let file = target.templates[template].file
                let check = ConfigurationCheck(
                    hostPlan, mesh: plan.mesh, file: file, hasAddresses: target.name == "wg-quick")
                let findings = check.findings(artifact)
                if !findings.isEmpty { return findings }
            }
        }
        return []
    }
}

/// One host's rendered configuration against its plan.
private struct ConfigurationCheck {
    /// As long as a key and shaped like one.
    private static let placeholder = String(repeating: "hauberk+", count: 5) + "keg="
    private let host: HostPlan
    private let mesh: Mesh
    private let file: String
    private let hasAddresses: Bool

    init(_ host: HostPlan, mesh: Mesh, file: String, hasAddresses: Bool) {
        self.host = host
        self.mesh = mesh
        self.file = file
        self.hasAddresses = hasAddresses
    }

    func findings(_ artifact: Artifact) -> [Diagnostic] {
        let bytes = artifact.bytes { _ in Self.placeholder }
        let (config, mistakes) = WireGuardConfig.parse(bytes, file: artifact.path)
        if !mistakes.isEmpty {
            return mistakes.map { finding("wrong in line \($0.location?.line ?? 1): \($0.message)") }
        }
        return interface(config) + peers(config)
    }

    private func interface(_ config: WireGuardConfig) -> [Diagnostic] {
        var findings: [Diagnostic] = []
        if config.hasPrivateKey == host.interface.holdsOwnKey {
            findings.append(
                finding(config.hasPrivateKey ? "with a private key that the host keeps" : "without its private key"))
        }
        if config.port != host.interface.port { findings.append(finding("without its port \(host.interface.port)")) }
        let addresses = Set(host.interface.addresses.map(\.network))
        if hasAddresses, Set(config.addresses.map(\.address)) != addresses {
            findings.append(finding("without its addresses, or with others"))
        }
        let script = host.interface.rotating.map { "/etc/hauberk/\($0.base)/firewall load" } ?? "/firewall load"
        let loads = config.settings.contains { $0.key == "preup" && $0.value.hasSuffix(script) }
        let metric = host.interface.metric.map { " metric \($0)" }
        if hasAddresses, let metric, !config.settings.contains(where: { $0.value.hasSuffix(metric) }) {
            findings.append(finding("without the metric that keeps packets on the other interface (`{{metric}}`)"))
        }
        if hasAddresses, host.interface.unload != nil, !loads {
            findings.append(finding("without the rules of its firewall, which `{{#firewall}}` loads before it is up"))
        }
        return findings
    }

    private func peers(_ config: WireGuardConfig) -> [Diagnostic] {
        var findings: [Diagnostic] = []
        var rendered: [String: WireGuardConfig.Peer] = [:]
        for peer in config.peers where rendered.updateValue(peer, forKey: peer.publicKey) != nil {
            findings.append(finding("with the public key \(peer.publicKey) twice"))
        }
        for section in host.sections {
            let peer = mesh.peers[section.peer]
            guard let found = rendered.removeValue(forKey: peer.publicKey) else {
                findings.append(finding("without peer \(quoted(peer.name)) and its key"))
                continue
            }
            findings += self.section(section, found, of: quoted(peer.name))
        }
        return findings + rendered.keys.sorted().map { finding("with a peer of the public key \($0) that is not its") }
    }

    private func section(_ section: PeerSection, _ found: WireGuardConfig.Peer, of peer: String) -> [Diagnostic] {
        var findings: [Diagnostic] = []
        if found.hasPresharedKey == (mesh.wireGuard.presharedKeys == .off) {
            findings.append(finding("with\(found.hasPresharedKey ? " a" : "out the") preshared key with peer \(peer)"))
        }
        if Set(found.allowedIPs) != Set(section.allowedIPs) {
            findings.append(finding("without the allowed IPs of peer \(peer), or with others"))
        }
        if found.endpoint != section.endpoint {
            findings.append(finding("without the endpoint of peer \(peer), or with another"))
        }
        return findings
    }

    private func finding(_ what: String) -> Diagnostic {
        Diagnostic(
            .templateMeaning, at: SourceLocation(file: file),
            "the template renders the configuration of peer \(quoted(mesh.peers[host.host].name)) \(what)",
            hint: "correct the template, or remove it to have the built-in one")
    }
}
