import Glibc
import HostPlans
import Rendering

/// Two configurations of one host in memory, compared with as little parsing as their difference takes.
struct ConfigComparison {
    /// The name of a peer by its section.
    typealias Names = (WireGuardConfig.Peer) -> String

    private let old: UnsafeRawBufferPointer
    private let new: UnsafeRawBufferPointer

    /// The memory has to outlive the comparison.
    init(_ old: UnsafeRawBufferPointer, _ new: UnsafeRawBufferPointer) {
        let before = Self.sharedStart(old, new)
        let rest = min(old.count, new.count) - before
        let after = Self.sharedEnd(old, new, most: rest)
        self.old = UnsafeRawBufferPointer(rebasing: old[before..<old.count - after])
        self.new = UnsafeRawBufferPointer(rebasing: new[before..<new.count - after])
    }

    /// Notes in `change` what differs.
    func note(in change: inout HostChange, observed: Names, desired: Names) {
        let (before, after) = (ConcealedConfig(old), ConcealedConfig(new))
        change.compare(
            ObservedInterface(before.facts(observed)), DesiredInterface(after.facts(desired)),
            Secrets(old: (before, old), new: (after, new)))
    }

    private struct Secrets: SecretComparison {
        let old: (config: ConcealedConfig, text: UnsafeRawBufferPointer)
        let new: (config: ConcealedConfig, text: UnsafeRawBufferPointer)

        var privateKey: SecretChange? { old.config.privateKeyChange(old.text, to: new.config, new.text) }

        func presharedKey(observed: Int, desired: Int) -> SecretChange? {
            old.config.presharedKeyChange(observed, old.text, to: new.config, desired, new.text)
        }
    }

    // MARK: what is the same at both ends

    private static let sectionStart = UInt8(ascii: "[")
    private static let newline = UInt8(ascii: "\n")

    /// The length of the whole sections that both begin with.
    private static func sharedStart(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
        let most = min(a.count, b.count)
        var place = 0
        if let left = a.baseAddress, let right = b.baseAddress {
            while place + 4_096 <= most, memcmp(left + place, right + place, 4_096) == 0 { place += 4_096 }
        }
        while place < most, a[place] == b[place] { place += 1 }
        while place > 0 {
            if place < most, a[place] == sectionStart, b[place] == sectionStart, a[place - 1] == newline {
                return place
            }
            place -= 1
        }
        return 0
    }

    /// The length of the whole sections that both end with, `most` bytes at most.
    private static func sharedEnd(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer, most: Int) -> Int {
        var count = 0
        if let left = a.baseAddress, let right = b.baseAddress {
            let (ends) = (left + a.count, right + b.count)
            while count + 4_096 <= most, memcmp(ends.0 - count - 4_096, ends.1 - count - 4_096, 4_096) == 0 {
                count += 4_096
            }
        }
        while count < most, a[a.count - count - 1] == b[b.count - count - 1] { count += 1 }
        while count > 0 {
            let place = a.count - count
            if a[place] == sectionStart, place > 0, a[place - 1] == newline { return count }
            count -= 1
        }
        return 0
    }
}
