import Glibc
import Synchronization
import SystemAccess
import TestSupport

@testable import HauberkCommands

/// Changes a mesh many times: additions, removals and changes of one file, as a seed has it.
final class Writer: Sendable {
    private let place: (mesh: String, identity: String)
    private let writes: Int
    private let seed: UInt64
    private let state = Mutex((isDone: false, failure: String?.none))

    init(place: (mesh: String, identity: String), writes: Int, seed: UInt64) {
        (self.place, self.writes, self.seed) = (place, writes, seed)
    }

    var isDone: Bool { state.withLock { $0.isDone } }
    /// Nil when every change was made.
    var failure: String? { state.withLock { $0.failure } }

    func work() {
        var failure: String?
        do { try change() } catch { failure = "\(error)" }
        state.withLock { $0 = (true, failure) }
    }

    private func change() throws {
        var random = SeededRandom(seed: seed)
        let rest = ["--mesh", place.mesh, "--identity", place.identity]
        var peers: [String] = []
        for number in 0..<writes {
            switch random.next() % 5 {
            case 0...1 where !peers.isEmpty:
                let peer = peers.remove(at: Int(random.next() % UInt64(peers.count)))
                try run(["remove", peer] + rest)
            case 2:
                try run(["set", "first", "--public", "198.51.100.\(number % 250 + 1)"] + rest)
            default:
                try run(["add", "extra-\(number)", "--public", "198.18.0.\(number % 250 + 1)"] + rest)
                peers.append("extra-\(number)")
            }
        }
    }
}

/// A thread of its own, which does not take one from those that run tests.
struct Thread {
    private let handle: pthread_t

    struct NotStarted: Error { let number: Int32 }

    init(_ writer: Writer) throws {
        var handle = pthread_t()
        let number = pthread_create(
            &handle, nil,
            { argument in
                if let argument { Unmanaged<Writer>.fromOpaque(argument).takeRetainedValue().work() }
                return nil
            }, Unmanaged.passRetained(writer).toOpaque())
        guard number == 0 else { throw NotStarted(number: number) }
        self.handle = handle
    }

    func join() { pthread_join(handle, nil) }
}
