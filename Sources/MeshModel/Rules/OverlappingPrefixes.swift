import Addresses
import Diagnostics
import MeshFiles

/// The mesh's prefixes do not overlap each other; blocks of groups lie inside them and are disjoint, also from those that
/// were allocated.
enum OverlappingPrefixes: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        let prefixes = input.mesh.prefixes
        var findings = overlaps(prefixes.map { ($0, "the mesh") })
        var blocks: [(Located<IPPrefix>, String)] = []
        for group in input.mesh.groups {
            for block in group.prefixes {
                blocks.append((block, "the group \(quoted(group.name))"))
                if prefixes.contains(where: { $0.value.contains(block.value) }) { continue }
                findings.append(
                    Diagnostic(
                        .overlappingPrefix, at: block.location,
                        "the block \(block.value) of the group \(quoted(group.name)) lies outside of the mesh's prefixes",
                        hint: "choose a block inside \(prefixes.map(\.value.description).joined(separator: " or "))"))
            }
        }
        return findings + overlaps(blocks + allocated(input))
    }

    /// The blocks that the lock file keeps for groups that declare none.
    private static func allocated(_ input: RuleInput) -> [(Located<IPPrefix>, String)] {
        input.mesh.groups.flatMap { group in
            let declared = Set(group.prefixes.map(\.value.family))
            return (input.lock?.groups[group.name]?.blocks ?? []).filter { !declared.contains($0.family) }
                .map { (Located($0, group.location), "the group \(quoted(group.name))") }
        }
    }

    private static func overlaps(_ items: [(prefix: Located<IPPrefix>, owner: String)]) -> [Diagnostic] {
        let entries = items.map { PrefixConflict.Entry($0.prefix.value, $0) }
        return PrefixConflict.among(entries).map { conflict in
            let (first, second) = (conflict.earlier.label, conflict.later.label)
            return Diagnostic(
                .overlappingPrefix, at: max(first.prefix.location, second.prefix.location),
                "\(second.prefix.value) of \(second.owner) overlaps \(first.prefix.value) of \(first.owner)")
        }
    }
}
