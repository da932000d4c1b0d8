import Glibc

/// Why the load cannot be put on.
struct LoadError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// With errno.
    init(failed action: String) { description = "cannot \(action): \(String(cString: strerror(errno)))" }
}

/// The time since some moment of the past, in nanoseconds; it never goes back.
var now: Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

let millisecond = 1_000_000
let second = 1_000_000_000
