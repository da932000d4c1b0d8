internal import Diagnostics

/// 16 bytes that stand for everything an artifact's bytes depend on: equal digests mean equal bytes.
package struct InputDigest: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    /// - Parameter bytes: the first 16 count; shorter ones are padded with zeros.
    package init(_ bytes: [UInt8]) {
        var words: (UInt64, UInt64) = (0, 0)
        for (index, byte) in bytes.prefix(16).enumerated() {
            if index < 8 {
                words.0 |= UInt64(byte) << (56 - 8 * index)
            } else {
                words.1 |= UInt64(byte) << (120 - 8 * index)
            }
        }
        (high, low) = words
    }

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// A file that belongs into the output tree.
package struct OutputEntry: Sendable {
    /// Relative to the tree's root, components separated by `/`, for example `web-1/etc/wireguard/wg0.conf`.
    package let path: String
    /// Permission bits, for example `0o600`.
    package let mode: UInt32
    package let inputs: InputDigest

    package init(path: String, mode: UInt32, inputs: InputDigest) {
        self.path = path
        self.mode = mode
        self.inputs = inputs
    }
}

/// Which recorded files count as stale when they are not in the plan.
package enum OutputScope: Sendable {
    /// The plan is the whole tree.
    case everything
    /// The plan covers these first path components (peers); what is recorded below others stays as it is.
    case folders(Set<String>)

    func contains(_ path: String) -> Bool {
        switch self {
        case .everything: true
        case .folders(let names): names.contains(String(path.prefix { $0 != "/" }))
        }
    }
}

/// Whether the bytes have reached the disk when `write` returns.
package enum Durability: Sendable {
    /// One syncfs(2) after the last file, then the manifest: a power cut loses nothing.
    case synced
    /// The kernel writes when it likes; a power cut may leave short files, which the next render notices and mends.
    case unsynced
}

/// What a render did; every list is sorted.
package struct OutputReport: Sendable, Equatable {
    /// New files, and files whose inputs have changed.
    package var written: [String] = []
    /// Files that were ours and as wanted.
    package var unchanged: Int = 0
    /// Files that others had changed or made unreadable to us since they were written: now as wanted again.
    package var repaired: [String] = []
    /// Stale files of ours that are gone now.
    package var removed: [String] = []

    package init() {}

    /// True if nothing at all was done.
    package var isQuiet: Bool { written.isEmpty && repaired.isEmpty && removed.isEmpty }
}

/// Refuses a path that could leave the tree or confuse a terminal, shell or archive: only printable ASCII, no empty,
/// `.` or `..` component, not absolute, at most 1,024 bytes, and not one of our own names (`.hauberk-…`).
func checkOutputPath(_ path: String) throws(Failure) {
    var isSafe = !path.isEmpty && path.utf8.count <= 1024 && !path.hasPrefix(".hauberk-")
    var dots = 0
    var length = 0
    func isSafeComponent() -> Bool { length > 0 && length <= 255 && !(dots == length && dots <= 2) }
    for byte in path.utf8 {
        if byte == 0x2f {
            isSafe = isSafe && isSafeComponent()
            (dots, length) = (0, 0)
        } else {
            isSafe = isSafe && (0x20...0x7e).contains(byte)
            length += 1
            if byte == 0x2e { dots += 1 }
        }
    }
    guard isSafe && isSafeComponent() else {
        throw Failure(
            .usage, .unsafeOutputPath, "\(quoted(path)) is not a path inside the output folder",
            hint: "use a relative path of printable ASCII without empty, \".\" and \"..\" components")
    }
}

/// Refuses a mesh name that cannot be part of a file name.
func checkOutputName(_ mesh: String) throws(Failure) {
    let isSafe = mesh.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
        default: false
        }
    }
    guard isSafe, (1...128).contains(mesh.utf8.count) else {
        throw Failure(
            .usage, .unsafeOutputPath, "the mesh name \(quoted(mesh)) cannot be part of a file name",
            hint: "use letters, digits, \"-\", \"_\" and \".\"")
    }
}
