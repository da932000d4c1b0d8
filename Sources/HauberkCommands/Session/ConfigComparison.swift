import Glibc
import HostPlans
import Rendering

/// Two configurations of one host in memory, compared with as little parsing as their difference takes: sections that
/// both have, secrets and all, are not read.
struct ConfigComparison {
    /// The name of a peer by its section.
    typealias Names = (WireGuardConfig.Peer) -> String

    private let old: ConcealedConfig
    private let new: ConcealedConfig

    /// The memory has to outlive the comparison.
    init(_ old: UnsafeRawBufferPointer, _ new: UnsafeRawBufferPointer) {
        let (before, after) = (Self.sections(old), Self.sections(new))
        let digests = (before.map(Self.digest), after.map(Self.digest))
        let shared = Set(digests.0).intersection(digests.1)
        func own(_ sections: [UnsafeRawBufferPointer], _ digests: [Int]) -> [UnsafeRawBufferPointer] {
            zip(sections, digests).filter { !shared.contains($1) }.map(\.0)
        }
        self.old = ConcealedConfig(own(before, digests.0))
        self.new = ConcealedConfig(own(after, digests.1))
    }

    /// Notes in `change` what differs.
    func note(in change: inout HostChange, _ names: Names) {
        change.compare(
            WrittenInterface(old.facts(names)), RenderedInterface(new.facts(names)), Secrets(old: old, new: new))
    }

    private struct Secrets: SecretComparison {
        let old: ConcealedConfig
        let new: ConcealedConfig

        var privateKey: SecretChange? { old.privateKeyChange(to: new) }

        func presharedKey(observed: Int, desired: Int) -> SecretChange? {
            old.presharedKeyChange(observed, to: new, desired)
        }
    }

    // MARK: sections

    /// Of this process alone: the hash is keyed at random.
    private static func digest(_ section: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: section)
        return hasher.finalize()
    }

    /// The text cut before each line that begins with a bracket.
    private static func sections(_ text: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer] {
        guard let base = text.baseAddress else { return [] }
        var starts = [0]
        var place = 1
        while place < text.count, let found = memchr(base + place, Int32(UInt8(ascii: "[")), text.count - place) {
            let start = UnsafeRawPointer(found) - base
            if text[start - 1] == UInt8(ascii: "\n") { starts.append(start) }
            place = start + 1
        }
        return zip(starts, starts.dropFirst() + [text.count]).map {
            UnsafeRawBufferPointer(rebasing: text[$0..<$1])
        }
    }
}
