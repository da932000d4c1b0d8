import CNamespaces
import Diagnostics
import Glibc

/// The hidden half of the lab: what this program does when it has started itself again inside namespaces.
package enum LabAgent {
    /// Runs one of the agent's modes with the arguments that follow ``LabAgentCommand/leading``; the result is the
    /// exit status. `inside` builds and probes the lab, `enter` becomes a command of one of its hosts.
    package static func run(_ arguments: [String]) async -> Int32 {
        switch arguments.first {
        case "inside" where arguments.count == 2: return await inside(outerNetwork: arguments[1])
        case "enter" where arguments.count > 2: return enter(arguments[1], Array(arguments.dropFirst(2)))
        default: return ExitStatus.usage.rawValue
        }
    }

    /// Becomes `command` as host `number`: its network, its `/etc`, its `/run`. Returns only on failure.
    ///
    /// A mesh's hooks run there as they would on the host, and whoever proves a mesh has not read them all: of the
    /// machine's files they can change none, and `/tmp` is empty and the command's own.
    private static func enter(_ number: String, _ command: [String]) -> Int32 {
        guard let number = Int(number) else { return ExitStatus.usage.rawValue }
        let network = open(LabNetwork.path(of: Wiring.hostNamespace(number)), O_RDONLY | O_CLOEXEC)
        let home = LabBuilder.home(number)
        guard network >= 0, lab_enter_network(network) == 0, lab_private_mounts() == 0,
            lab_bind(home + "/etc", "/etc") == 0, lab_bind("/run/lab/etc", home + "/run/lab/etc") == 0,
            lab_bind("/run/lab/bin", home + "/run/lab/bin") == 0, lab_bind(home + "/run", "/run") == 0,
            lab_freeze() == 0, lab_thaw("/etc") == 0, lab_thaw("/run") == 0, lab_thaw("/proc") == 0,
            lab_mount_memory("/tmp") == 0, lab_mount_memory("/var/log") == 0
        else {
            complain("\(PosixError("enter the lab's host \(number)"))")
            return ExitStatus.inputOutput.rawValue
        }
        var words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
        words.append(nil)
        execvp(command[0], words)
        complain("\(PosixError("run \(quoted(command[0]))"))")
        return 127
    }

    private static func complain(_ text: String) {
        try? PosixFiles.writeAll(Array("\(text)\n".utf8), to: STDERR_FILENO, naming: "standard error")
    }

    /// Reads an order on standard input, runs the lab, and writes messages on standard output.
    private static func inside(outerNetwork: String) async -> Int32 {
        do {
            try refuseOutside(outerNetwork)
            let order = try readOrder()
            endWithParent()
            let run = LabRun(order: order) { progress in send(.progress(progress)) }
            send(.report(try await run.run()))
            return ExitStatus.done.rawValue
        } catch {
            let first = error.diagnostics.first ?? Diagnostic(.labBroken, at: nil, "no reason given")
            send(.failure(error.status, first))
            return error.status.rawValue
        }
    }

    /// The law of every lab: nothing is built where the machine's own network is.
    private static func refuseOutside(_ outerNetwork: String) throws(Failure) {
        let own = PosixFiles.link("/proc/self/ns/net")
        guard let own, own != outerNetwork, outerNetwork.hasPrefix("net:["), getpid() == 1 else {
            throw Failure(
                .bug, .labOutsideRefused,
                "the lab is about to be built in a network that is not its own (\(own ?? "unknown"))")
        }
    }

    private static func readOrder() throws(Failure) -> LabOrder {
        var frames = WireFrames()
        var chunk = [UInt8](repeating: 0, count: 65_536)
        do {
            while true {
                if let wire = try frames.next() { return try LabOrder(wire: wire) }
                let count = read(STDIN_FILENO, &chunk, chunk.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw WireError() }
                frames.append(Array(chunk[..<count]))
            }
        } catch {
            throw Failure(.bug, .labBroken, "the lab's order is unreadable")
        }
    }

    /// Standard input stays open as long as the outer process lives: its end is ours, and with us, as first process
    /// of the namespace, every other process of the lab ends (pid_namespaces(7)). This holds for SIGKILL too.
    private static func endWithParent() {
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { _ in
                var byte: UInt8 = 0
                while true {
                    let count = read(STDIN_FILENO, &byte, 1)
                    if count == 0 || (count < 0 && errno != EINTR) { _exit(ExitStatus.no.rawValue) }
                }
            }, nil)
    }

    private static func send(_ message: LabMessage) {
        // A reader that is gone ends this process through standard input.
        try? PosixFiles.writeAll(message.wire.frame, to: STDOUT_FILENO, naming: "standard output")
    }
}
