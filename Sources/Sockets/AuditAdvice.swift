import Addresses
import MeshModel

/// What to change: the words of programs' own files, and the lines of the mesh file.
struct AuditAdvice: Sendable {
    static let loopback: [IPAddress] = [.v4(0x7f00_0001), .v6(1)]
    static let everywhere: [IPAddress] = [.v4(0), .v6(0)]

    private let mesh: Mesh
    private let peer: Int

    init(_ mesh: Mesh, _ peer: Int) {
        self.mesh = mesh
        self.peer = peer
    }

    /// How a program is told where to listen; in plain words for one that is not known, or for several.
    ///
    /// The settings are those of each program's own manual page or reference.
    func bind(_ programs: [String], _ addresses: [IPAddress], _ port: Port) -> String {
        let plain = addresses.map(\.description)
        let ported = addresses.map { $0.family == .v6 ? "[\($0)]:\(port)" : "\($0):\(port)" }
        let known = Set(programs.compactMap(Self.family))
        guard known.count == 1, let program = known.first else {
            return "bind it to \(plain.joined(separator: " and "))"
        }
        let settings = Self.settings(of: program, plain, ported, port).map { "`\($0)`" }
        return "\(program.rawValue): \(settings.joined(separator: " and "))"
    }

    private static func settings(of program: Program, _ plain: [String], _ ported: [String], _ port: Port) -> [String] {
        let list = plain.joined(separator: ",")
        return switch program {
        // A list since MariaDB 10.11 and MySQL 8.0.13.
        case .mysql: ["bind-address = \(list)"]
        case .redis: ["bind \(plain.joined(separator: " "))"]
        case .nginx: ported.map { "listen \($0);" }
        case .haproxy: ["bind \(ported.joined(separator: ","))"]
        case .sshd: plain.map { "ListenAddress \($0)" }
        case .postgres: ["listen_addresses = '\(list)'"]
        case .memcached: ["-l \(list)"]
        case .dnsmasq: ["listen-address=\(list)", "bind-interfaces"]
        case .unbound: plain.map { "interface: \($0)" }
        case .apache: ported.map { "Listen \($0)" }
        case .mongo: ["net.bindIp: \(list)"]
        case .rsyslog: plain.map { "input(type=… port=\"\(port)\" address=\"\($0)\")" }
        case .etcd: ["listen-client-urls: \(ported.map { "https://\($0)" }.joined(separator: ","))"]
        case .exporter: ported.map { "--web.listen-address=\($0)" }
        }
    }

    private enum Program: String {
        case mysql = "my.cnf"
        case redis = "redis.conf"
        case nginx = "nginx"
        case haproxy = "haproxy.cfg"
        case sshd = "sshd_config"
        case postgres = "postgresql.conf"
        case memcached = "memcached.conf"
        case dnsmasq = "dnsmasq.conf"
        case unbound = "unbound.conf"
        case apache = "ports.conf"
        case mongo = "mongod.conf"
        case rsyslog = "rsyslog.conf"
        case etcd = "etcd"
        case exporter = "its arguments"
    }

    /// By the name that the kernel keeps, which is cut at 15 characters (proc(5), `comm`).
    private static func family(_ name: String) -> Program? {
        switch name {
        case "mariadbd", "mysqld": .mysql
        case "redis-server", "valkey-server": .redis
        case "nginx": .nginx
        case "haproxy": .haproxy
        case "sshd": .sshd
        case "postgres", "postmaster": .postgres
        case "memcached": .memcached
        case "dnsmasq": .dnsmasq
        case "unbound": .unbound
        case "apache2", "httpd": .apache
        case "mongod": .mongo
        case "rsyslogd": .rsyslog
        case "etcd": .etcd
        case "node_exporter", "prometheus-node", "prometheus": .exporter
        default: nil
        }
    }

    // MARK: declarations

    /// The line of `services:` that declares the port on this peer: an existing service with one exposure more, or a
    /// new one.
    func declaration(_ transport: Transport, _ port: Port, _ programs: [String], _ exposure: Exposure) -> String {
        let services = mesh.declared.policy?.services ?? []
        if let service = services.first(where: { $0.ports.contains { $0.contains(port, of: transport) } }) {
            let place = service.isDeclared ? " (\(service.location))" : ""
            return "declare it under `services:`\(place): `\(line(service, exposure))`"
        }
        let taken = Set(services.map(\.name))
        let wanted = ServicePorts(transport, PortRange(port))
        let known = WellKnownServices.all.first { $0.ports == [wanted] && !taken.contains($0.name) }
        let name = known?.name ?? freeName(wanted, programs, taken)
        let ports = known == nil ? "ports: [\(wanted)], " : ""
        return "declare it under `services:`: `\(name): {\(ports)expose: {\(ownName): \(exposure.rawValue)}}`"
    }

    private var ownName: String { mesh.peers[peer].name }

    private func line(_ service: Service, _ exposure: Exposure) -> String {
        let isKnown = WellKnownServices.ports(of: service.name) == service.ports
        let ports = isKnown ? "" : "ports: [\(service.ports.map(\.description).joined(separator: ", "))], "
        var exposures = service.exposures.map { "\(name(of: $0.on)): \($0.exposure.rawValue)" }
        exposures.append("\(ownName): \(exposure.rawValue)")
        return "\(service.name): {\(ports)expose: {\(exposures.joined(separator: ", "))}}"
    }

    private func name(of selector: Selector) -> String {
        switch selector {
        case .all: "all"
        case .group(let group): mesh.groups[group].name
        case .peer(let peer): mesh.declared.peers[peer].name
        }
    }

    /// The program's own name if a service can have it, else `tcp-8080`.
    private func freeName(_ ports: ServicePorts, _ programs: [String], _ taken: Set<String>) -> String {
        let wellKnown = Set(WellKnownServices.all.map(\.name))
        let own = programs.first { name in
            NameRule.problem(of: name) == nil && !taken.contains(name) && !wellKnown.contains(name)
        }
        return own ?? "\(ports.transport.rawValue)-\(ports.range.lower)"
    }
}
