import Addresses
package import Diagnostics

/// Where a service may be reached. Of several that hold for a host, the widest counts.
package enum Exposure: String, CaseIterable, Comparable, Sendable {
    /// From the host itself only, on its loopback interface.
    case `internal`
    /// By those that a rule allows, through the mesh only.
    case `private`
    /// By anyone, on the host's public interface; by those that a rule allows, through the mesh too.
    case `public`

    private var rank: Int { Exposure.allCases.firstIndex(of: self) ?? 0 }

    package static func < (a: Exposure, b: Exposure) -> Bool { a.rank < b.rank }
}

/// Named ports, with where each host exposes them.
package struct Service: Sendable {
    package var name: String
    package var location: SourceLocation
    /// Merged and not empty.
    package var ports: [ServicePorts]
    /// Who exposes it, as written; empty when nobody does.
    package var exposures: [ServiceExposure]
    /// Whether the file declares it; false for a well-known one that rules merely name.
    package var isDeclared: Bool

    /// The widest exposure on a peer, by its index in the mesh file; nil when the peer does not offer the service.
    package func exposure(on peer: Int, in mesh: DeclaredMesh) -> Exposure? {
        exposures.lazy.filter { $0.covers(peer, in: mesh) }.map(\.exposure).max()
    }
}

/// One line of `expose:`.
package struct ServiceExposure: Sendable {
    package var on: Selector
    package var exposure: Exposure
    package var location: SourceLocation

    /// Whether it speaks of a peer, by its index in the mesh file.
    package func covers(_ peer: Int, in mesh: DeclaredMesh) -> Bool {
        PeerSelection.matches(on, peer, mesh.peers[peer])
    }
}

/// Services whose ports everybody knows (IANA, Service Name and Transport Protocol Port Number Registry; gluster and
/// the Prometheus node exporter from their own manuals). `services:` may name them without `ports:`.
package enum WellKnownServices {
    /// Sorted by name.
    package static let all: [(name: String, ports: [ServicePorts])] = [
        named("cassandra", "9042/tcp"),
        named("consul", "8300-8302/tcp", "8301-8302/udp", "8500/tcp", "8600/tcp", "8600/udp"),
        named("dns", "53/tcp", "53/udp"), named("elasticsearch", "9200/tcp", "9300/tcp"),
        named("etcd", "2379-2380/tcp"), named("galera", "4444/tcp", "4567-4568/tcp", "4567/udp"),
        named("gluster", "24007-24008/tcp", "49152-49160/tcp"), named("http", "80/tcp"), named("https", "443/tcp"),
        named("http3", "443/udp"), named("imaps", "993/tcp"), named("kafka", "9092-9093/tcp"),
        named("kubernetes-api", "6443/tcp"), named("ldap", "389/tcp"), named("ldaps", "636/tcp"),
        named("memcached", "11211/tcp"), named("mongodb", "27017/tcp"), named("mqtt", "1883/tcp"),
        named("mysql", "3306/tcp"), named("nats", "4222/tcp", "6222/tcp"), named("nfs", "2049/tcp"),
        named("node-exporter", "9100/tcp"), named("ntp", "123/udp"), named("postgresql", "5432/tcp"),
        named("prometheus", "9090/tcp"), named("rabbitmq", "5671-5672/tcp"), named("rdp", "3389/tcp", "3389/udp"),
        named("redis", "6379/tcp"), named("rsync", "873/tcp"), named("smb", "445/tcp"), named("smtp", "25/tcp"),
        named("smtps", "465/tcp"), named("snmp", "161/udp"), named("ssh", "22/tcp"), named("submission", "587/tcp"),
        named("syslog", "514/udp"), named("syslog-tls", "6514/tcp"), named("vnc", "5900-5909/tcp"),
        named("zookeeper", "2181/tcp", "2888/tcp", "3888/tcp"),
    ].sorted { $0.name < $1.name }

    /// Nil for a name that is not well known.
    package static func ports(of name: String) -> [ServicePorts]? { all.first { $0.name == name }?.ports }

    private static func named(_ name: String, _ ports: String...) -> (name: String, ports: [ServicePorts]) {
        (name, ports.compactMap { ServicePorts($0) }.merged)
    }
}
