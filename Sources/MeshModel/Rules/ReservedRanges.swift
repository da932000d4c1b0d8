import Addresses
import Diagnostics

/// The mesh's prefixes stay clear of ranges that other systems use by default.
enum ReservedRanges: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        input.mesh.prefixes.flatMap { prefix in
            ReservedRange.overlapping(prefix.value).map { range in
                Diagnostic(
                    .reservedRange, at: prefix.location,
                    "\(prefix.value) overlaps \(range.prefix), which \(range.owner) uses",
                    hint: "choose another prefix, unless it never runs on these hosts")
            }
        }
    }
}
