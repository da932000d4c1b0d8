internal import Glibc
internal import Synchronization

/// SIGINT, SIGTERM and SIGHUP as a question to be asked, for work that is to end its children and say how far it came.
///
/// A second signal ends the process.
package enum Interruption {
    private static let flag = Atomic<Bool>(false)

    /// From now on the first of the signals is kept; one that is ignored stays ignored.
    package static func watch() {
        flag.store(false, ordering: .relaxed)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            var action = sigaction()
            var former = sigaction()
            sigaction(number, nil, &former)
            // SIG_IGN, which is 1: signal.h's is a cast that Swift does not import.
            if unsafeBitCast(former.__sigaction_handler.sa_handler, to: Int.self) == 1 { continue }
            action.__sigaction_handler.sa_handler = { _ in Interruption.flag.store(true, ordering: .relaxed) }
            // SA_RESETHAND, as an unsigned number.
            action.sa_flags = Int32(bitPattern: 0x8000_0000) | SA_RESTART
            sigaction(number, &action, nil)
        }
    }

    package static var hasCome: Bool { flag.load(ordering: .relaxed) }

    /// Returns when one has come, or the task is cancelled.
    package static func wait() async {
        while !hasCome, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(100)) }
    }
}
