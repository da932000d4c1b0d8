import MeshFiles
import MeshModel

/// What is said of a rotation: how far it is, and what comes next.
struct RotationWords {
    private let step: RotationStep

    init(_ step: RotationStep) { self.step = step }

    /// One line: the stage, who gets new keys, and how long absent hosts are waited for.
    var state: String {
        guard let running = step.running else {
            return "\(step.lock.name): no rotation runs; the keys are on the \(tunnel(step.lock.rotation)) interface"
        }
        return "\(step.lock.name): \(running.phrase); new keys for \(subjects(running)); begun \(running.begun), "
            + "deadline \(running.deadline)"
    }

    private func tunnel(_ rotation: LockedRotation?) -> String { (rotation?.tunnel ?? .first).rawValue }

    private func subjects(_ running: LockedRotation.Running) -> String {
        let names = step.lock.peers.filter { $0.value.next != nil }.keys.sorted()
        let peers = names.count > 5 ? "\(names.count) peers" : names.joined(separator: ", ")
        let parts = (names.isEmpty ? [] : [peers]) + (running.rotatesPreshared ? ["the preshared keys"] : [])
        return parts.isEmpty ? "nobody" : parts.joined(separator: " and ")
    }

    /// What is to be done now; nil when nothing is.
    var next: String? {
        guard let running = step.running else { return nil }
        let waited = step.waitedFor
        if running.stage == .retiring, !running.isAborting {
            let absent = step.absent.joined(separator: ", ")
            return step.absent.isEmpty
                ? "`hauberk rotate advance`"
                : "`hauberk render` and deliver; when they are back: `hauberk rotate acknowledge` for \(absent), "
                    + "or `hauberk rotate advance` after \(running.deadline)"
        }
        if waited.isEmpty { return "`hauberk rotate advance`" }
        return "`hauberk render`, deliver, `hauberk rotate acknowledge` for \(list(waited)), `hauberk rotate advance`"
    }

    private func list(_ names: [String]) -> String {
        names.count > 5 ? "\(names.count) hosts" : names.joined(separator: ", ")
    }

    /// Prints what is to be done now, as chatter; after the end, that the files have changed.
    func printNext() {
        Result.note("next: " + (next ?? "`hauberk render` and deliver, which takes the other interface away"))
    }

    /// Prints how the preshared keys change after a removal; nothing where they do not.
    static func note(_ update: LockUpdate) {
        let start = "the preshared key of the mesh was known to \(update.removed.joined(separator: ", "))"
        switch update.presharedRenewal {
        case nil: return
        case .begun:
            Result.note(
                "\(start): a rotation of it has begun\nnext: `hauberk render`, deliver, `hauberk rotate acknowledge`, "
                    + "`hauberk rotate advance`")
        case .joined: Result.note("\(start): the rotation that runs changes it as well, and all are asked anew")
        case .inPlace:
            Result.note(
                "\(start): it changes at once. \(InPlaceCost.presharedKeys)\nnext: `hauberk render`, and deliver to "
                    + "all hosts within 60 s")
        }
    }

    /// Prints what the rotation costs peers with one interface.
    func printApps() {
        guard !step.apps.isEmpty else { return }
        Result.note(
            "apps have one interface and cannot switch without a break: \(list(step.apps.sorted())). They keep their "
                + "former way until they import what `hauberk qr` prints from the stage switched on; from then until the "
                + "others are delivered to, they are cut off")
    }
}
