import Glibc

/// The inner half of the kernel's own judgement on a rule set: in a fresh network namespace, one host with an interface
/// for each side, and crafted packets through it.
///
///     unshare -nmpf packet-bench < order
///
///             far                          host under test (its rules loaded by `prepare`)
///     ┌──────────────────┐  veth  ┌────────────────────────────────────────┐
///     │ wg0  sends, sees ├────────┤ wg0    tunnel      raw sockets see what │
///     │ eth0     "       ├────────┤ eth0   public      passed the input     │
///     │ eth1     "       ├────────┤ eth1   private                          │
///     └──────────────────┘        └────────────────────────────────────────┘
///
/// The order, a line each: `interface NAME ADDRESS…`, `prepare COMMAND`, `packet ID HOOK IN OUT PROTOCOL SOURCE PORT
/// DESTINATION PORT FLAGS`, `go`. `go` sends the packets since the last one and answers `passed ID` for each that got
/// through, then `done`.
do {
    var bench = try Bench()
    while let line = readLine() {
        let words = line.split(separator: " ").map(String.init)
        switch words.first {
        case "interface"?: try bench.add(interface: words[1], addresses: Array(words.dropFirst(2)))
        case "prepare"?: try bench.prepare(String(line.dropFirst("prepare ".count)))
        case "packet"?: bench.packets.append(try CraftedPacket(words))
        case "go"?:
            for id in try bench.run() { print("passed \(id)") }
            print("done")
            fflush(nil)
        default: throw BenchError("there is no order \(line)")
        }
    }
} catch {
    print("failed \(error)")
    exit(1)
}

/// Why the bench cannot go on.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// With errno.
    init(failed action: String) { description = "cannot \(action): \(String(cString: strerror(errno)))" }
}
