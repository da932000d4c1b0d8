import ArgumentParser
import MeshModel

/// What `render --firewall` takes.
enum FirewallChoice: Equatable, ExpressibleByArgument {
    /// A dialect for every host that has a firewall, in place of the declared ones.
    case hosts(FirewallKind)
    /// The hosts' own as declared, and Cloud Firewalls for the whole mesh.
    case digitalOcean

    private static let cloud = "digitalocean"

    init?(argument: String) {
        if argument == Self.cloud {
            self = .digitalOcean
        } else if let kind = FirewallKind(rawValue: argument) {
            self = .hosts(kind)
        } else {
            return nil
        }
    }

    var defaultValueDescription: String {
        switch self {
        case .hosts(let kind): return kind.rawValue
        case .digitalOcean: return Self.cloud
        }
    }

    static var allValueStrings: [String] { FirewallKind.allCases.map(\.rawValue) + [cloud] }

    /// Nil where the hosts have what is declared.
    var kind: FirewallKind? {
        if case .hosts(let kind) = self { return kind }
        return nil
    }
}
