import Diagnostics
import HostPlans
import Keys
import MeshModel

/// The opened secrets of a mesh, as the text of its artifacts needs them.
final class MeshSecrets: SecretSource {
    /// Changes with the preshared secret, its epoch and mode; says nothing about it.
    let fingerprint: [UInt8]
    private let privateKeys: [PrivateKey?]
    private let peers: [PresharedKeyDerivation.Peer]
    private let derivation: PresharedKeyDerivation?
    private let mode: PresharedKeyMode
    private let exchange: PairKeyExchange

    /// `standIns` are private keys, by the index of their peers, that the keyring does not have.
    init(_ mesh: Mesh, _ keyring: UnlockedKeyring, standIns: [Int: PrivateKey]) throws {
        let peers: [PresharedKeyDerivation.Peer] = try mesh.peers.map {
            (try PublicKey(parsing: $0.publicKey), $0.epoch)
        }
        let kept = mesh.peers.indices.filter { !mesh.peers[$0].holdsOwnKey && standIns[$0] == nil }
        let keys = try keyring.privateKeys(
            of: kept.map {
                KeyringEntry(peer: mesh.peers[$0].name, epoch: peers[$0].epoch, publicKey: peers[$0].publicKey)
            })
        var byPeer = [PrivateKey?](repeating: nil, count: peers.count)
        for (index, key) in zip(kept, keys) { byPeer[index] = key }
        for (index, key) in standIns { byPeer[index] = key }
        mode = mesh.wireGuard.presharedKeys
        derivation =
            mode == .off
            ? nil
            : PresharedKeyDerivation(
                secret: try keyring.presharedSecret(epoch: mesh.presharedEpoch), epoch: mesh.presharedEpoch)
        fingerprint = Self.fingerprint(derivation, mesh)
        exchange = PairKeyExchange(peerCount: mode == .pair ? peers.count : 0)
        privateKeys = byPeer
        self.peers = peers
    }

    func write(_ secret: SecretRef, to target: UnsafeMutableRawPointer) {
        switch secret {
        case .privateKey(let peer): privateKeys[peer]?.writeBase64(to: target)
        case .presharedKey(let a, let b): writePresharedKey(a, b, to: target)
        }
    }

    /// Writes the 44 characters of the key that the two peers share.
    func writePresharedKey(_ viewer: Int, _ other: Int, to target: UnsafeMutableRawPointer) {
        guard let derivation else { return }
        if mode == .mesh {
            derivation.deriveMeshBase64(into: target)
        } else if !exchange.take(viewer, other, into: target) {
            derivation.deriveBase64(peers[viewer], peers[other], into: target)
            exchange.leave(for: other, by: viewer, UnsafeRawPointer(target))
        }
    }

    private static func fingerprint(_ derivation: PresharedKeyDerivation?, _ mesh: Mesh) -> [UInt8] {
        var input = Array("\(mesh.wireGuard.presharedKeys.rawValue) \(mesh.presharedEpoch) ".utf8)
        guard let derivation else { return Digest.blake2b128(input) }
        var key = [UInt8](repeating: 0, count: 32)
        key.withUnsafeMutableBytes { memory in
            if let start = memory.baseAddress { derivation.deriveMesh(into: start) }
        }
        input += key
        defer {
            Sodium.wipe(&key)
            Sodium.wipe(&input)
        }
        return Digest.blake2b128(input)
    }
}
