import Glibc
import HostPlans
import SystemAccess

/// An artifact as the last render wrote it, from which sections are taken that would be derived to the same bytes.
///
/// A preshared key depends on the mesh's secret and epoch, and on both peers' keys and epochs. The first is what the
/// manifest's shared digest stands for; a host's own key and epoch stand in its header, another's in its section. So
/// a section whose text is the same has the same key, under the same header.
struct FormerArtifact {
    private let bytes: UnsafeRawBufferPointer
    /// Where the next section is looked for.
    private var position: Int
    private var misses = 0

    /// Sections that are not found cost a search of the file: after so many, everything is derived.
    private static let missLimit = 8

    /// Nil when the artifact does not begin with the header, secrets and all.
    init?(_ bytes: UnsafeRawBufferPointer, header: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, let expected = header.baseAddress, header.count <= bytes.count,
            memcmp(start, expected, header.count) == 0
        else { return nil }
        self.bytes = bytes
        position = header.count
    }

    /// The former bytes of a section; nil when there is none with the same text outside of its hole.
    ///
    /// - Parameter hole: where the preshared key belongs, from the section's start.
    mutating func take(_ section: UnsafeRawBufferPointer, hole: Int) -> UnsafeRawBufferPointer? {
        if let found = match(section, hole: hole, at: position) { return found }
        guard misses < Self.missLimit else { return nil }
        misses += 1
        guard let place = search(UnsafeRawBufferPointer(rebasing: section[..<hole])) else { return nil }
        return match(section, hole: hole, at: place)
    }

    private mutating func match(_ section: UnsafeRawBufferPointer, hole: Int, at place: Int) -> UnsafeRawBufferPointer?
    {
        let rest = hole + SecretRef.textLength
        guard place + section.count <= bytes.count, let text = section.baseAddress, let old = bytes.baseAddress,
            memcmp(old + place, text, hole) == 0, memcmp(old + place + rest, text + rest, section.count - rest) == 0
        else { return nil }
        position = place + section.count
        return UnsafeRawBufferPointer(start: old + place, count: section.count)
    }

    /// The next place where the text stands.
    private func search(_ text: UnsafeRawBufferPointer) -> Int? {
        ByteSearch.first(text, in: UnsafeRawBufferPointer(rebasing: bytes[position...])).map { position + $0 }
    }
}
