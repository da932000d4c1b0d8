import MeshModel

/// The sections of a class of hosts, rendered once and joined, shared by all artifacts of the class.
package final class SectionBlock: @unchecked Sendable {
    // The memory is written before the initializer returns and never again, so that any thread may read it.
    private let memory: UnsafeMutableBufferPointer<UInt8>
    /// Where each section begins, and the end of the last.
    package let starts: [Int]
    /// The peer that each section is about.
    package let peers: [Int]
    /// Where preshared keys belong, ascending, each with the index of its section.
    package let holes: [(offset: Int, section: Int)]
    /// The index of each section's first hole or the next after it, and the number of holes.
    private let firstHoles: [Int]

    /// A preshared key in `sections[k]` is that of the viewer and `peers[k]`.
    package init(_ sections: [(peer: Int, text: SecretText)]) {
        let byteCount = sections.reduce(0) { $0 + $1.text.bytes.count }
        memory = .allocate(capacity: byteCount)
        var starts: [Int] = [0]
        var holes: [(offset: Int, section: Int)] = []
        var firstHoles: [Int] = [0]
        var offset = 0
        for (index, section) in sections.enumerated() {
            for hole in section.text.holes { holes.append((offset + hole.offset, index)) }
            _ = memory[offset...].initialize(from: section.text.bytes)
            offset += section.text.bytes.count
            starts.append(offset)
            firstHoles.append(holes.count)
        }
        self.starts = starts
        self.holes = holes
        self.firstHoles = firstHoles
        peers = sections.map(\.peer)
    }

    deinit {
        memory.deallocate()
    }

    /// The bytes of some sections, without what belongs into their holes; valid as long as the block is.
    package func bytes(of range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            UnsafeBufferPointer(rebasing: memory[starts[range.lowerBound]..<starts[range.upperBound]]))
    }

    /// Where in a section its one hole is, from the section's start; nil when it has none or several.
    package func onlyHole(of section: Int) -> Int? {
        let first = firstHoles[section]
        return firstHoles[section + 1] - first == 1 ? holes[first].offset - starts[section] : nil
    }

    /// The holes of some sections.
    package func holes(in range: Range<Int>) -> ArraySlice<(offset: Int, section: Int)> {
        holes[firstHoles[range.lowerBound]..<firstHoles[range.upperBound]]
    }
}
