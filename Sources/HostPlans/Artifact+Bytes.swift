extension Artifact {
    /// The artifact's bytes with something else in place of each secret, as long as one or not: for people, tests and
    /// checks, never for a host.
    package func bytes(replacing substitute: (SecretRef) -> String) -> [UInt8] {
        pieces.reduce(into: []) { $0 += $1.bytes(replacing: substitute) }
    }
}

extension ArtifactPiece {
    fileprivate func bytes(replacing substitute: (SecretRef) -> String) -> [UInt8] {
        switch self {
        case .text(let text):
            return Self.fill(text.bytes, text.holes.map { ($0.offset, $0.secret) }, substitute)
        case .sections(let block, let range, let viewer):
            let start = block.starts[range.lowerBound]
            let holes = block.holes(in: range).map { hole in
                (hole.offset - start, SecretRef.presharedKey(viewer, block.peers[hole.section]))
            }
            return Self.fill(Array(block.bytes(of: range)), holes, substitute)
        }
    }

    private static func fill(
        _ bytes: [UInt8], _ holes: [(offset: Int, secret: SecretRef)], _ substitute: (SecretRef) -> String
    ) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var position = 0
        for hole in holes {
            result += bytes[position..<hole.offset]
            result += substitute(hole.secret).utf8
            position = hole.offset + SecretRef.textLength
        }
        return result + bytes[position...]
    }
}
