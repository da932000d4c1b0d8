import Addresses
import ArgumentParser
import Diagnostics
import MeshFiles
import MeshModel
import SystemAccess

/// `list`
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the peers with their addresses, groups and endpoints.")

    @OptionGroup var mesh: MeshOptions
    @OptionGroup var format: FormatOptions

    func run() throws {
        let loaded = try LoadedMesh.read(try mesh.path(), .withoutKeyring)
        guard let declared = loaded.check?.declared else { throw Failure(.meshInvalid, loaded.findings) }
        let rows = declared.peers.map { PeerRow($0, in: declared, loaded) }
        Findings.print(loaded.findings.filter { $0.severity == .error })
        if format.json {
            Result.print(try JSONText.encode(rows))
        } else {
            var table = Table(["NAME", "ADDRESS", "GROUPS", "SITE", "ENDPOINT", "KEY", "STATE"])
            for row in rows {
                table.append([
                    row.name, row.addresses.joined(separator: ","), row.groups.joined(separator: ","), row.site ?? "",
                    row.endpoints.joined(separator: ","), row.epoch.map { "\($0)" } ?? "", row.state,
                ])
            }
            Result.print(table.text)
        }
        if loaded.isRefused { throw ExitCode(ExitStatus.meshInvalid.rawValue) }
    }
}

/// A peer as `list --json` has it; the names are stable.
struct PeerRow: Encodable {
    let name: String
    /// Empty until they are allocated.
    let addresses: [String]
    let groups: [String]
    let site: String?
    /// Where others send to: `endpoint:`, then public, then private addresses.
    let endpoints: [String]
    let publicKey: String?
    let epoch: UInt32?
    /// `active`, `disabled`, or `pending` until the peer is allocated.
    let state: String

    init(_ peer: DeclaredPeer, in mesh: DeclaredMesh, _ loaded: LoadedMesh) {
        let entry = loaded.lock?.peers[peer.name]
        name = peer.name
        addresses = entry?.addresses.map(\.description) ?? []
        groups = peer.groups.map { mesh.groups[$0].name }
        site = peer.site.map { mesh.sites[$0].name }
        let declared = peer.endpoint.map { override in
            override.port.map { Endpoint(host: override.host, port: $0).description } ?? override.host.description
        }
        endpoints =
            (declared.map { [$0] } ?? []) + peer.publicAddresses.map(\.value.description)
            + peer.privateAddresses.map(\.value.description)
        publicKey = entry?.publicKey
        epoch = entry?.epoch
        state = peer.isDisabled ? "disabled" : entry == nil ? "pending" : "active"
    }
}
