/// One file for one host.
package struct Artifact: Sendable {
    /// Relative to the host's `/`, without a leading slash.
    package let path: String
    /// Permission bits, at most 0o777; 0o600 when the file holds a secret.
    package let mode: UInt32
    /// The command that checks the file on a machine with the real tools, with `{{file}}` for its path; nil for none.
    package let check: String?
    package let pieces: [ArtifactPiece]

    package init(path: String, mode: UInt32, check: String?, pieces: [ArtifactPiece]) {
        self.path = path
        self.mode = mode
        self.check = check
        self.pieces = pieces
    }

    package var byteCount: Int { pieces.reduce(0) { $0 + $1.byteCount } }
}

/// A part of an artifact: text of its own, or a run of sections that many artifacts share.
package enum ArtifactPiece: Sendable {
    case text(SecretText)
    /// The sections `range` of a block, as the peer `viewer` has them.
    case sections(SectionBlock, range: Range<Int>, viewer: Int)

    package var byteCount: Int {
        switch self {
        case .text(let text): return text.bytes.count
        case .sections(let block, let range, _): return block.starts[range.upperBound] - block.starts[range.lowerBound]
        }
    }
}

/// Text with holes, each as long as the secret that belongs there.
package struct SecretText: Hashable, Sendable {
    package struct Hole: Hashable, Sendable {
        package let offset: Int
        package let secret: SecretRef
    }

    package private(set) var bytes: [UInt8] = []
    package private(set) var holes: [Hole] = []

    package init() {}

    package mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    package mutating func append(_ text: ArraySlice<UInt8>) { bytes.append(contentsOf: text) }

    package mutating func append(_ secret: SecretRef) {
        holes.append(Hole(offset: bytes.count, secret: secret))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "*"), count: SecretRef.textLength))
    }
}
