import Addresses
import Diagnostics
import MeshFiles

/// Every overlay address, declared or allocated, lies in the mesh and in the block of the peer's first group.
enum MisplacedAddresses: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        let blocks = GroupBlocks(input)
        var findings: [Diagnostic] = []
        // A family that the mesh gives up takes its allocated addresses with it.
        let families = Set(input.mesh.prefixes.map(\.value.family))
        for peer in input.mesh.peers {
            let allocated = input.lock?.peers[peer.name]?.addresses ?? []
            let declared = Set(peer.addresses.map(\.value.family))
            for address in peer.addresses {
                findings += judge(address.value, of: peer, at: address.location, blocks, input)
            }
            for address in allocated
            where !declared.contains(address.family) && families.contains(address.family) {
                findings += judge(address, of: peer, at: peer.location, blocks, input)
            }
        }
        return findings
    }

    private static func judge(
        _ address: IPAddress, of peer: DeclaredPeer, at location: SourceLocation, _ blocks: GroupBlocks,
        _ input: RuleInput
    ) -> [Diagnostic] {
        var name: String { quoted(peer.name) }
        var redraw: String { "run `hauberk set \(peer.name) --address auto`" }
        guard let home = input.mesh.prefixes.first(where: { $0.value.contains(address) }) else {
            return [
                Diagnostic(
                    .addressOutsideMesh, at: location,
                    "the address \(address) of peer \(name) lies outside of the mesh's prefixes", hint: redraw)
            ]
        }
        if home.value.isReserved(address) {
            return [
                Diagnostic(
                    .unusableAddress, at: location,
                    "peer \(name) cannot have \(address), the first or last address of \(home.value)", hint: redraw)
            ]
        }
        let owner = blocks.owner(of: address)
        guard let group = peer.groups.first else {
            guard let owner else { return [] }
            return [
                Diagnostic(
                    .addressInForeignGroup, at: location,
                    "the address \(address) of peer \(name) lies in the block of the group "
                        + quoted(input.mesh.groups[owner].name), hint: redraw)
            ]
        }
        guard owner != group, let block = blocks.block(of: group, family: address.family) else { return [] }
        return [
            Diagnostic(
                .addressOutsideGroup, at: location,
                "the address \(address) of peer \(name) lies outside of \(block), the block of its group "
                    + quoted(input.mesh.groups[group].name),
                hint: "run `hauberk set \(peer.name) --group \(input.mesh.groups[group].name) --address auto`")
        ]
    }
}

/// The blocks of the groups, declared or allocated.
struct GroupBlocks {
    private var blocks: [(prefix: IPPrefix, group: Int)] = []

    init(_ input: RuleInput) {
        for (index, group) in input.mesh.groups.enumerated() {
            let declared = group.prefixes.map(\.value)
            let families = Set(declared.map(\.family))
            let allocated = input.lock?.groups[group.name]?.blocks ?? []
            for block in declared + allocated.filter({ !families.contains($0.family) }) {
                blocks.append((block, index))
            }
        }
        blocks.sort { $0.prefix < $1.prefix }
    }

    /// The group in whose block the address lies; nil for none. Blocks are disjoint.
    func owner(of address: IPAddress) -> Int? {
        blocks.first { $0.prefix.contains(address) }?.group
    }

    func block(of group: Int, family: IPFamily) -> IPPrefix? {
        blocks.first { $0.group == group && $0.prefix.family == family }?.prefix
    }
}

extension IPPrefix {
    /// Whether a host cannot have the address: the first of the prefix, and of IPv4 also the last (RFC 919,
    /// RFC 4291 section 2.6.1). Prefixes of one or two addresses reserve none (RFC 3021, RFC 6164).
    func isReserved(_ address: IPAddress) -> Bool {
        guard family.bits - length > 1 else { return false }
        return address == first || family == .v4 && address == last
    }
}
