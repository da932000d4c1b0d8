internal import Glibc

/// What time it is, and how to let it pass; tests bring their own.
package struct SystemClock: Sendable {
    /// Seconds since 1970, UTC.
    package let wall: @Sendable () -> Int64
    /// Nanoseconds since some moment; never goes back.
    package let monotonic: @Sendable () -> Int64
    /// Blocks the thread for so many nanoseconds.
    package let pause: @Sendable (Int64) -> Void

    package init(
        wall: @escaping @Sendable () -> Int64, monotonic: @escaping @Sendable () -> Int64,
        pause: @escaping @Sendable (Int64) -> Void
    ) {
        self.wall = wall
        self.monotonic = monotonic
        self.pause = pause
    }

    /// The kernel's clocks.
    package static let system = SystemClock(
        wall: { nanoseconds(CLOCK_REALTIME) / 1_000_000_000 },
        monotonic: { nanoseconds(CLOCK_MONOTONIC) },
        pause: { time in
            var span = timespec(tv_sec: Int(time / 1_000_000_000), tv_nsec: Int(time % 1_000_000_000))
            _ = nanosleep(&span, nil)
        })
}

private func nanoseconds(_ clock: clockid_t) -> Int64 {
    var now = timespec()
    _ = clock_gettime(clock, &now)
    return Int64(now.tv_sec) &* 1_000_000_000 &+ Int64(now.tv_nsec)
}
