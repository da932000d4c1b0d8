import HostPlans
import Keys

/// Memory in which artifacts with secrets are put together, wiped when it goes.
final class ScratchMemory {
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    deinit {
        release()
    }

    /// Hands over the artifact's bytes in pieces: those with secrets from the scratch memory, others as they are.
    func assemble(
        _ artifact: Artifact, _ secrets: MeshSecrets, _ use: ([UnsafeRawBufferPointer]) throws -> Void
    ) throws {
        reserve(artifact.byteCount)
        var pieces: [UnsafeRawBufferPointer] = []
        var offset = 0
        for piece in artifact.pieces {
            if case .sections(let block, let range, _) = piece, block.holes.isEmpty {
                // The block outlives the call: the artifact holds it.
                pieces.append(block.bytes(of: range))
                continue
            }
            let part = UnsafeMutableRawBufferPointer(rebasing: memory[offset..<(offset + piece.byteCount)])
            piece.write(to: part, secrets)
            pieces.append(UnsafeRawBufferPointer(part))
            offset += piece.byteCount
        }
        try withExtendedLifetime(artifact) { try use(pieces) }
    }

    private func reserve(_ count: Int) {
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
