import Addresses
import ArgumentParser
import Diagnostics
import MeshFiles
import MeshModel

/// `services`
struct ServicesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "services",
        abstract: "List the services of the mesh and the well-known ones: ports, who offers them, who may reach them.",
        discussion: """
            A service that the mesh file names is listed with the groups and peers that expose it, how many hosts that \
            are, and what its rules allow. After them stand the well-known services, whose names need no ports.
            """)

    @OptionGroup var mesh: MeshOptions
    @OptionGroup var format: FormatOptions

    func run() throws {
        let loaded = try LoadedMesh.read(try mesh.path(), .withoutKeyring)
        let declared = try loaded.declaredPolicy()
        let rows = ServiceRow.all(in: declared)
        if format.json {
            Result.print(try JSONText.encode(rows))
            return
        }
        var table = Table(["SERVICE", "PORTS", "EXPOSED", "HOSTS", "FROM"])
        for row in rows {
            table.append([
                row.name, row.ports.joined(separator: ", "),
                row.exposed.map { "\($0.on): \($0.exposure)" }.joined(separator: ", "),
                row.isUsed ? "\(row.offeredBy.count)" : "", row.reachableFrom.joined(separator: "; "),
            ])
        }
        Result.print(table.text)
    }
}

/// A service as `services --json` has it; the names are stable.
struct ServiceRow: Encodable {
    struct Exposed: Encodable {
        let on: String
        let exposure: String
    }

    let name: String
    let ports: [String]
    /// Whether the name has ports without a declaration.
    let isWellKnown: Bool
    /// Whether the mesh file declares it.
    let isDeclared: Bool
    /// Whether the mesh file declares it or a rule names it.
    let isUsed: Bool
    /// As written, in the order of the file.
    let exposed: [Exposed]
    /// Enabled peers, sorted by name.
    let offeredBy: [String]
    /// Who may reach it through the mesh, a set for each rule, in the order of the file.
    let reachableFrom: [String]

    /// Those that the mesh file names, then the other well-known ones, each sorted by name.
    static func all(in mesh: DeclaredMesh) -> [ServiceRow] {
        let services = (mesh.policy?.services ?? []).enumerated().sorted { $0.element.name < $1.element.name }
        let used = services.map { ServiceRow($0.element, $0.offset, in: mesh) }
        let names = Set(used.map(\.name))
        return used + WellKnownServices.all.filter { !names.contains($0.name) }.map { ServiceRow($0.name, $0.ports) }
    }

    private init(_ name: String, _ ports: [ServicePorts]) {
        self.name = name
        self.ports = ports.map(\.description)
        (isWellKnown, isDeclared, isUsed) = (true, false, false)
        (exposed, offeredBy, reachableFrom) = ([], [], [])
    }

    private init(_ service: Service, _ index: Int, in mesh: DeclaredMesh) {
        name = service.name
        ports = service.ports.map(\.description)
        isWellKnown = WellKnownServices.ports(of: service.name) != nil
        isDeclared = service.isDeclared
        isUsed = true
        exposed = service.exposures.map { Exposed(on: $0.on.text(in: mesh), exposure: $0.exposure.rawValue) }
        let peers = mesh.peers.indices.filter {
            !mesh.peers[$0].isDisabled && service.exposure(on: $0, in: mesh) != nil
        }
        offeredBy = peers.map { mesh.peers[$0].name }
        reachableFrom = (mesh.policy?.rules ?? []).filter { $0.services.contains(index) }.map { rule in
            let until = rule.until.map { " until \(MomentText.text($0.value))" } ?? ""
            return "\(rule.from.value.text(in: mesh)) to \(rule.to.value.text(in: mesh))\(until)"
        }
    }
}
