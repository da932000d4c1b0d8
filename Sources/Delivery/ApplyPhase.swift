/// Where a transaction on a host stands, by the marks in its folder.
///
/// ```
///   armed ──applied──▶ waiting ──confirm──▶ confirmed ──files switched──▶ (gone)
///     └───────┴── failed, overdue, asked ──▶ returning ──all as before──▶ (gone)
/// ```
/// `confirmed` and `returning` are the same file by two names: whoever renames it first has decided, once.
package enum ApplyPhase: String, Sendable, CaseIterable {
    /// Steps are being taken.
    case armed
    /// All steps are taken and verified; the files are still the former ones.
    case waiting
    /// The files are being switched.
    case confirmed
    /// Everything is being put back.
    case returning

    /// - Parameter marks: the names in the transaction's folder; nil when they are of no transaction.
    package init?(marks: Set<String>) {
        if marks.contains(Self.confirmed.rawValue) {
            self = .confirmed
        } else if marks.contains(Self.returning.rawValue) {
            self = .returning
        } else if marks.contains(Self.armed.rawValue) {
            self = marks.contains(Self.waiting.rawValue) ? .waiting : .armed
        } else {
            return nil
        }
    }

    /// What the one that watches sees beside the phase.
    package struct Surroundings: Sendable {
        package var isFirstAlive: Bool
        /// Whether the first process only waits, for somebody else to confirm.
        package var needsConfirmation: Bool
        package var isOverdue: Bool

        package init(isFirstAlive: Bool, needsConfirmation: Bool, isOverdue: Bool) {
            self.isFirstAlive = isFirstAlive
            self.needsConfirmation = needsConfirmation
            self.isOverdue = isOverdue
        }
    }

    package enum Duty: Sendable { case wait, decideToReturn, finish, putBack }

    /// What the watching process does.
    package func duty(_ seen: Surroundings) -> Duty {
        switch self {
        case .armed: seen.isFirstAlive && !seen.isOverdue ? .wait : .decideToReturn
        case .waiting:
            seen.isOverdue || !seen.isFirstAlive && !seen.needsConfirmation ? .decideToReturn : .wait
        case .confirmed: seen.needsConfirmation || !seen.isFirstAlive ? .finish : .wait
        case .returning:
            seen.needsConfirmation || !seen.isFirstAlive || seen.isOverdue ? .putBack : .wait
        }
    }
}
