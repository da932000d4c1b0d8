import Synchronization
import SystemAccess

/// A line of progress that several tasks may update.
final class ProgressLine: Sendable {
    private let state = Mutex(State())

    private struct State: ~Copyable {
        var line = Progress()
    }

    func update(_ text: String) {
        state.withLock { $0.line.update(text) }
    }

    func finish() {
        state.withLock { $0.line.finish() }
    }
}
