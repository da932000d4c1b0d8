/// The family of the addresses of a probe.
package enum LabFamily: String, Hashable, Sendable, CaseIterable, Comparable {
    case ipv4
    case ipv6

    package static func < (a: LabFamily, b: LabFamily) -> Bool { a.rawValue < b.rawValue }
}

/// A private network that the hosts of one place share: one switch in the lab.
package struct LabSite: Hashable, Sendable {
    package let name: String
    /// Prefixes as text, for example `10.132.0.0/16`; they give the private addresses their length.
    package let networks: [String]

    package init(name: String, networks: [String]) {
        self.name = name
        self.networks = networks
    }
}

/// A network behind a host, with one machine in it that answers probes.
package struct LabRoutedNetwork: Hashable, Sendable {
    package let prefix: String
    /// An address inside `prefix` that no host of the mesh has.
    package let testAddress: String
    /// Further addresses of the same machine: those that rules speak of by themselves.
    package let moreAddresses: [String]

    package init(prefix: String, testAddress: String, moreAddresses: [String] = []) {
        self.prefix = prefix
        self.testAddress = testAddress
        self.moreAddresses = moreAddresses
    }
}

/// A host of the mesh as the lab builds it.
package struct LabHost: Hashable, Sendable {
    package let name: String
    /// The name of its ``LabSite``; nil for a host that stands alone.
    package let site: String?
    /// Addresses on the site's network. A host without a site has the first of each family behind its own NAT router.
    package let privateAddresses: [String]
    /// Addresses that the lab's internet routes to the host itself.
    package let publicAddresses: [String]
    package let reach: LabReach
    /// The tunnels to bring up, in order, each with its `etc/wireguard/<name>.conf` in the tree.
    package let interfaces: [String]
    /// Addresses inside the mesh, without a length; the first of each family is probed, all must be on an interface.
    package let overlayAddresses: [String]
    /// The folder that stands for the host's `/`; only its `etc` is used, and copied: nothing writes to it.
    package let tree: String
    /// Folders like ``tree`` whose files join its own: those of other meshes on the host.
    package let moreTrees: [String]
    package let routedNetworks: [LabRoutedNetwork]
    /// DNS names that endpoints use for it: in the lab they stand in every `/etc/hosts` with its first public
    /// addresses, else its private ones.
    package let dnsNames: [String]
    /// What its rules call its interfaces toward the Internet and toward its site.
    package let underlay: LabUnderlayNames
    /// The dialect of its firewall; nil for a host without one.
    package let firewall: LabFirewall?
    /// The names of the meshes that it is in: on the wire, hosts without one in common are strangers.
    package let meshes: [String]
    /// TCP ports that it publishes from a container behind it, as Docker does by IPv4; empty for no container.
    package let containerPorts: [UInt16]

    package init(
        name: String, site: String? = nil, privateAddresses: [String] = [], publicAddresses: [String] = [],
        reach: LabReach = .direct, interfaces: [String] = ["wg0"], overlayAddresses: [String], tree: String,
        moreTrees: [String] = [], routedNetworks: [LabRoutedNetwork] = [], dnsNames: [String] = [],
        underlay: LabUnderlayNames = .init(), firewall: LabFirewall? = nil, meshes: [String] = [""],
        containerPorts: [UInt16] = []
    ) {
        self.name = name
        self.site = site
        self.privateAddresses = privateAddresses
        self.publicAddresses = publicAddresses
        self.reach = reach
        self.interfaces = interfaces
        self.overlayAddresses = overlayAddresses
        self.tree = tree
        self.moreTrees = moreTrees
        self.routedNetworks = routedNetworks
        self.dnsNames = dnsNames
        self.underlay = underlay
        self.firewall = firewall
        self.meshes = meshes
        self.containerPorts = containerPorts
    }
}

/// The names of a host's interfaces outside of the mesh.
package struct LabUnderlayNames: Hashable, Sendable {
    /// Toward the Internet.
    package let `public`: String
    /// Toward the site.
    package let `private`: String

    package init(public: String = "eth0", private: String = "eth1") {
        self.public = `public`
        self.private = `private`
    }
}

/// Whose words a host's rules are in, and so what has to run on the host to load them.
package enum LabFirewall: String, Hashable, Sendable, CaseIterable {
    case nftables
    case iptablesNft = "iptables-nft"
    case iptablesLegacy = "iptables-legacy"
    case ufw
    case firewalld
}

/// How the internet reaches a host.
package enum LabReach: String, Hashable, Sendable {
    /// On its public addresses where it has them, else through its site's NAT router.
    case direct
    /// Roaming: behind a NAT router of its own, on an invented private network, also where it has public addresses.
    case natted
}

/// The way that packets of a pair must take.
package enum LabPath: Hashable, Sendable {
    /// One tunnel between the two.
    case direct
    /// Through the named host, which forwards.
    case relay(String)
    /// No way is declared.
    case none
}

/// What the mesh declares of one ordered pair.
package struct LabExpectation: Hashable, Sendable {
    /// The answer to "does `from` reach `to`?".
    package enum Answer: String, Hashable, Sendable {
        case reachable
        case unreachable
    }

    /// Names of hosts, or of machines behind them: ``LabTopology/nodeName(host:prefix:)``.
    package let from: String
    package let to: String
    package let family: LabFamily
    package let answer: Answer
    package let path: LabPath

    package init(from: String, to: String, family: LabFamily, answer: Answer, path: LabPath) {
        self.from = from
        self.to = to
        self.family = family
        self.answer = answer
        self.path = path
    }
}

/// Everything that the lab builds and what it must then see; plain values, nothing of the model.
package struct LabTopology: Hashable, Sendable {
    package let sites: [LabSite]
    package let hosts: [LabHost]
    package let expectations: [LabExpectation]
    package let strangers: [LabStranger]
    /// Nil for a mesh without a policy: then only the expectations are asked.
    package let flows: LabFlowPlan?

    package init(
        sites: [LabSite], hosts: [LabHost], expectations: [LabExpectation], strangers: [LabStranger] = [],
        flows: LabFlowPlan? = nil
    ) {
        self.sites = sites
        self.hosts = hosts
        self.expectations = expectations
        self.strangers = strangers
        self.flows = flows
    }

    /// The name by which an expectation means the machine in a routed network: `hub:192.168.50.0/24`.
    package static func nodeName(host: String, prefix: String) -> String { "\(host):\(prefix)" }
}

extension LabFirewall {
    /// The programs that it needs on this machine, with the Debian package of each.
    var tools: [(program: String, package: String)] {
        switch self {
        case .nftables: return [("nft", "nftables")]
        case .iptablesNft: return [("iptables-nft", "iptables")]
        case .iptablesLegacy: return [("iptables-legacy", "iptables")]
        case .ufw: return [("ufw", "ufw"), ("iptables", "iptables")]
        case .firewalld:
            return [("firewalld", "firewalld"), ("firewall-cmd", "firewalld"), ("dbus-daemon", "dbus-daemon")]
        }
    }

    /// Whether this machine has what it needs.
    package var isInstalled: Bool { tools.allSatisfy { LabMachine.find($0.program) != nil } }
}
