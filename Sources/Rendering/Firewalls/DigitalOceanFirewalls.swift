import Addresses
package import Diagnostics
package import HostPlans
import MeshModel

/// DigitalOcean Cloud Firewalls for a whole mesh: a second ring around the hosts' own firewalls, not a replacement.
///
/// Every peer with an underlay address that is no app is taken for a droplet. The files hang rules on tags, which are
/// given to the droplets by whoever creates them: `hauberk-<mesh>` to each, `hauberk-<mesh>-<group>` to the members of
/// a group, and `hauberk-<mesh>::<peer>` to a host that rules name alone (a `.` in a name is a `:` in a tag).
///
/// What the cloud can tell apart is less than what a host can: it sees no tunnels, knows only TCP, UDP and ICMP, has no
/// interfaces (what a host publishes on its public one is open on the VPC too, until the host's own firewall), and only
/// ever allows. So "all but members" on the way out, which keeps updates, name servers and metadata working, is written
/// as the list of all networks around the members' addresses.
package enum CloudFirewalls {
    /// `digitalocean/firewalls.json` (an array of bodies for `POST /v2/firewalls`), `digitalocean/firewalls.tf.json`
    /// and `digitalocean/create.sh`; sorted by path. Throws what does not fit, each with its place, and a policy whose
    /// guard does not refuse, since the cloud can do nothing else.
    package static func files(for plan: FirewallPlan) throws(Failure) -> [Artifact] {
        let firewalls = try CloudFirewallPlan(plan).firewalls()
        let texts: [(String, UInt32, String)] = [
            ("create.sh", 0o755, CloudFirewallText.script(firewalls, mesh: plan.mesh.name)),
            ("firewalls.json", 0o644, CloudFirewallText.bodies(firewalls)),
            ("firewalls.tf.json", 0o644, CloudFirewallText.terraform(firewalls)),
        ]
        return texts.map { path, mode, content in
            var text = SecretText()
            text.append(content)
            return Artifact(path: "digitalocean/\(path)", mode: mode, check: nil, pieces: [.text(text)])
        }
    }

    /// docs.digitalocean.com/products/networking/firewalls/details/limits: rules of both directions in a firewall, and
    /// sources or destinations in a rule.
    static let mostRules = 50
    static let mostEnds = 1_000
}

/// One Cloud Firewall, on one tag.
struct CloudFirewall: Hashable, Sendable {
    let tag: String
    /// Sorted.
    let rules: [CloudRule]

    /// Letters, digits, `.` and `-` alone, as the API's model says.
    var name: String { String(tag.map { $0 == "_" || $0 == ":" ? "." : $0 }) }
}

enum CloudDirection: String, CaseIterable, Comparable, Sendable {
    case inbound
    case outbound

    static func < (a: CloudDirection, b: CloudDirection) -> Bool { a.rawValue < b.rawValue }
}

/// What a rule of the cloud lets through.
enum CloudTraffic: Hashable, Comparable, Sendable {
    case ports(ServicePorts)
    case all(Transport)
    case icmp

    static func < (a: CloudTraffic, b: CloudTraffic) -> Bool { a.order < b.order }

    private var order: (Int, Transport, Int, Int) {
        switch self {
        case .all(let transport): return (0, transport, 0, 0)
        case .ports(let ports):
            return (1, ports.transport, Int(ports.range.lower.number), Int(ports.range.upper.number))
        case .icmp: return (2, .tcp, 0, 0)
        }
    }
}

/// The other side.
enum CloudEnd: Hashable, Comparable, Sendable {
    case tag(String)
    case network(IPPrefix)

    static let everywhere = IPFamily.allCases.map { CloudEnd.network(.everything($0)) }

    static func < (a: CloudEnd, b: CloudEnd) -> Bool {
        switch (a, b) {
        case (.tag(let a), .tag(let b)): return a < b
        case (.tag, .network): return true
        case (.network, .tag): return false
        case (.network(let a), .network(let b)): return a < b
        }
    }
}

struct CloudRule: Hashable, Comparable, Sendable {
    let direction: CloudDirection
    let traffic: CloudTraffic
    /// Sorted, at least one, at most ``CloudFirewalls/mostEnds``.
    let ends: [CloudEnd]

    static func < (a: CloudRule, b: CloudRule) -> Bool {
        if a.direction != b.direction { return a.direction < b.direction }
        return a.traffic == b.traffic ? a.ends.lexicographicallyPrecedes(b.ends) : a.traffic < b.traffic
    }
}
