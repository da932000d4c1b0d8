import ArgumentParser
import Diagnostics
import MeshFiles
import MeshModel

extension RotateCommand {
    /// `rotate status`
    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status",
            abstract: "Say how far the rotation is, how old each key is, and who is waited for.",
            discussion: "Ends with 0 while nothing rotates, and with 2 while a rotation runs.")

        @OptionGroup var mesh: MeshOptions
        @OptionGroup var format: FormatOptions

        func run() throws {
            let loaded = try LoadedMesh.read(try mesh.path(), .withoutKeyring)
            guard let declared = loaded.check?.declared, let lock = loaded.lock else {
                throw loaded.isRefused ? Failure(.meshInvalid, loaded.findings) : MeshEdit.incomplete(loaded)
            }
            let step = RotationStep(declared, lock, at: Moment.now)
            let status = RotationStatus(step, at: Moment.now)
            if format.json {
                Result.print(try JSONText.encode(status))
            } else {
                let words = RotationWords(step)
                Result.print(words.state)
                var table = Table(["NAME", "KEY", "AGE", "NEXT", "STATE"])
                for peer in status.peers {
                    table.append([
                        peer.name, "\(peer.epoch)", peer.ageSeconds.map(Self.age) ?? "unknown",
                        peer.nextEpoch.map(String.init) ?? "", peer.state,
                    ])
                }
                Result.print(table.text)
                if step.running != nil { words.printNext() }
            }
            if step.running != nil { throw ExitCode(ExitStatus.pending.rawValue) }
        }

        /// In the largest unit that it fills twice, or days.
        static func age(_ seconds: Int64) -> String {
            if seconds >= 2 * 86_400 { return "\(seconds / 86_400)d" }
            return seconds >= 2 * 3600 ? "\(seconds / 3600)h" : "\(seconds / 60)m"
        }
    }
}

/// What `rotate status --json` prints; the names are stable.
struct RotationStatus: Encodable {
    /// `first` or `second`: the interface that the present keys are on.
    let tunnel: String
    /// `idle`, `prepared`, `switched` or `retiring`.
    let stage: String
    let aborting: Bool
    let begun: String?
    let deadline: String?
    /// Whether the deadline has passed.
    let overdue: Bool
    /// Whether the preshared keys change as well.
    let presharedKeys: Bool
    let presharedEpoch: UInt32
    /// Nil when nobody knows.
    let presharedAgeSeconds: Int64?
    /// Whether every host is in the present stage or left behind.
    let complete: Bool
    /// What is to be done now; nil while nothing rotates.
    let next: String?
    let peers: [PeerRow]

    struct PeerRow: Encodable {
        let name: String
        let epoch: UInt32
        /// Nil when nobody knows.
        let ageSeconds: Int64?
        /// Whether it gets a new key.
        let rotates: Bool
        /// The number of the new key; nil while it gets none.
        let nextEpoch: UInt32?
        /// `ready`, `waiting` or `absent`; `-` while nothing rotates.
        let state: String
    }

    init(_ step: RotationStep, at now: UTCTime) {
        let (lock, running) = (step.lock, step.running)
        tunnel = (lock.rotation?.tunnel ?? .first).rawValue
        stage = running?.stage.rawValue ?? "idle"
        aborting = running?.isAborting ?? false
        begun = running?.begun.description
        deadline = running?.deadline.description
        overdue = running.map { $0.deadline <= now } ?? false
        presharedKeys = running?.rotatesPreshared ?? false
        presharedEpoch = lock.presharedEpoch
        presharedAgeSeconds = lock.presharedSince.map { now.seconds - $0.seconds }
        complete = running != nil && step.waitedFor.isEmpty
        next = RotationWords(step).next
        peers = step.hosts.compactMap { name in
            lock.peers[name].map { peer in
                PeerRow(
                    name: name, epoch: peer.epoch, ageSeconds: peer.since.map { now.seconds - $0.seconds },
                    rotates: peer.next != nil, nextEpoch: peer.next.map { _ in peer.nextEpoch },
                    state: running == nil ? "-" : peer.progress?.rawValue ?? "waiting")
            }
        }
    }
}
