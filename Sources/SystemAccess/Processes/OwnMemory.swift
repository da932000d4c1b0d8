internal import CLinux

/// How this process takes memory from the kernel (mallopt(3)).
package enum OwnMemory {
    /// One heap for all threads, which grows by a megabyte: for a command that does one thing after another. The heap of
    /// a thread would grow by a page, each with a call of the kernel. Has no effect on threads that are there already.
    package static func keepTogether() {
        // malloc.h: M_ARENA_MAX, M_TOP_PAD, M_MMAP_THRESHOLD and M_TRIM_THRESHOLD.
        for (parameter, value) in [(-8, 1), (-2, 1 << 20), (-3, 16 << 20), (-1, 64 << 20)] {
            _ = mallopt(Int32(parameter), Int32(value))
        }
    }
}
