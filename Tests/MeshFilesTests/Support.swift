import Diagnostics
import MeshFiles

/// SplitMix64: small, seeded, the same everywhere.
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

func tree(_ text: String) throws -> YAMLTree { try YAMLTree(parsing: Array(text.utf8), file: "mesh.yaml") }

/// `id line:column` of every finding of a body that must fail.
func findings(_ body: () throws -> Void) -> [String] {
    do {
        try body()
        return []
    } catch let failure as Failure {
        return failure.diagnostics.map { "\($0.id) \($0.location.map { "\($0.line):\($0.column)" } ?? "-")" }
    } catch {
        return ["\(error)"]
    }
}

func messages(_ body: () throws -> Void) -> String {
    do {
        try body()
        return ""
    } catch let failure as Failure {
        return failure.diagnostics.map { "\($0.message) \($0.hint ?? "")" }.joined(separator: "\n")
    } catch {
        return "\(error)"
    }
}
