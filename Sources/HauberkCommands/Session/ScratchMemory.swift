import HostPlans
import Keys

/// Memory in which artifacts with secrets are put together, wiped when it goes.
final class ScratchMemory {
    typealias Use = ([UnsafeRawBufferPointer]) throws -> Void

    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var used = 0

    deinit {
        release()
    }

    /// Hands over the artifact's bytes in pieces: those with secrets from the scratch memory, others as they are.
    func assemble(_ artifact: Artifact, _ secrets: MeshSecrets, _ use: Use) throws {
        reserve(artifact.byteCount)
        // Blocks and artifact outlive the pieces that point into them.
        try withExtendedLifetime(artifact) {
            try use(
                artifact.pieces.map { piece in
                    if case .sections(let block, let range, _) = piece, block.holes.isEmpty {
                        return block.bytes(of: range)
                    }
                    return write(piece, secrets)
                })
        }
    }

    /// The same, with sections taken from the former artifact where they would not change.
    ///
    /// False, and nothing handed over, when the former artifact is of no use.
    func assemble(
        _ artifact: Artifact, after former: UnsafeRawBufferPointer, _ secrets: MeshSecrets, _ use: Use
    ) throws -> Bool {
        reserve(artifact.byteCount)
        guard let first = artifact.pieces.first, case .text = first else { return false }
        let header = write(first, secrets)
        guard var source = FormerArtifact(former, header: header) else { return false }
        var pieces = [header]
        for piece in artifact.pieces.dropFirst() {
            guard case .sections(let block, let range, let viewer) = piece else {
                pieces.append(write(piece, secrets))
                continue
            }
            for section in range {
                let taken = block.onlyHole(of: section).flatMap {
                    source.take(block.bytes(of: section..<section + 1), hole: $0)
                }
                let next = taken ?? write(.sections(block, range: section..<section + 1, viewer: viewer), secrets)
                Self.append(next, to: &pieces)
            }
        }
        try withExtendedLifetime(artifact) { try use(pieces) }
        return true
    }

    /// Joins pieces that follow each other in memory.
    private static func append(_ piece: UnsafeRawBufferPointer, to pieces: inout [UnsafeRawBufferPointer]) {
        if let last = pieces.last, let start = last.baseAddress, start + last.count == piece.baseAddress {
            pieces[pieces.count - 1] = UnsafeRawBufferPointer(start: start, count: last.count + piece.count)
        } else {
            pieces.append(piece)
        }
    }

    private func write(_ piece: ArtifactPiece, _ secrets: MeshSecrets) -> UnsafeRawBufferPointer {
        let part = UnsafeMutableRawBufferPointer(rebasing: memory[used..<(used + piece.byteCount)])
        piece.write(to: part, secrets)
        used += piece.byteCount
        return UnsafeRawBufferPointer(part)
    }

    private func reserve(_ count: Int) {
        used = 0
        guard count > memory.count else { return }
        release()
        memory = .allocate(byteCount: max(count, 65_536), alignment: 16)
    }

    private func release() {
        if memory.count > 0 { Sodium.wipe(memory) }
        memory.deallocate()
        memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }
}
