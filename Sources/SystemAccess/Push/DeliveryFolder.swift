internal import Diagnostics
internal import Glibc

/// The record of deliveries in an output folder: a small file for each host, replaced whole.
///
/// It is no artifact, so that no render takes it away, and holds nothing secret.
package struct DeliveryFolder: Sendable {
    /// As the user would type it.
    package let path: String
    private let fileSystem: any FileSystem

    package init(out: String, mesh: String, fileSystem: any FileSystem = RealFileSystem()) {
        path = "\(out)/.hauberk/\(mesh)/delivered"
        self.fileSystem = fileSystem
    }

    /// Whose records there are, sorted.
    package func peers() throws -> [String] {
        try reported {
            let place = Place(path, in: .current)
            guard try fileSystem.status(of: place) != nil else { return [] }
            let folder = try fileSystem.open(place, .folderThroughLinks)
            defer { fileSystem.close(folder) }
            return try fileSystem.names(in: folder).filter { !$0.hasPrefix(".") }
        }
    }

    package func remove(_ peer: String) throws {
        try reported { try fileSystem.removeIfPresent(Place("\(path)/\(peer)", in: .current)) }
    }

    /// Nil if there is none.
    package func bytes(of peer: String) throws -> [UInt8]? {
        try reported { try fileSystem.contents(of: Place("\(path)/\(peer)", in: .current), limit: 1 << 20)?.bytes }
    }

    /// Replaces the file, durably; killed at any moment, it leaves the old one or the new one.
    package func write(_ bytes: [UInt8], of peer: String) throws {
        try reported {
            try fileSystem.makeFolders(path, mode: 0o700)
            let folder = try fileSystem.open(Place(path, in: .current), .folderThroughLinks)
            defer { fileSystem.close(folder) }
            let temporary = Place(TemporaryName.own(peer), in: folder)
            try fileSystem.removeIfPresent(temporary)
            try bytes.withUnsafeBytes { try fileSystem.create(temporary, .exactly(0o600), $0) }
            try fileSystem.rename(temporary, to: Place(peer, in: folder), .replacing)
            try fileSystem.syncFolder(folder)
        }
    }

    /// Removes what pushes that were killed have left.
    package func removeAbandoned() throws {
        try reported {
            guard try fileSystem.status(of: Place(path, in: .current)) != nil else { return }
            let folder = try fileSystem.open(Place(path, in: .current), .folderThroughLinks)
            defer { fileSystem.close(folder) }
            for name in try fileSystem.names(in: folder) where TemporaryName.isAbandoned(name) {
                try fileSystem.removeIfPresent(Place(name, in: folder))
            }
        }
    }
}

/// Names of what a push is writing: `.PEER~PROCESS`.
enum TemporaryName {
    static func own(_ peer: String) -> String { ".\(peer)~\(getpid())" }

    /// Whether it is such a name, of a process that is gone.
    static func isAbandoned(_ name: String) -> Bool {
        guard let process = process(of: name) else { return false }
        return kill(process, 0) != 0 && errno == ESRCH
    }

    /// Whether it is such a name, of a process that runs.
    static func isInUse(_ name: String) -> Bool { process(of: name) != nil && !isAbandoned(name) }

    private static func process(of name: String) -> pid_t? {
        guard name.hasPrefix("."), let end = name.lastIndex(of: "~") else { return nil }
        let digits = name[name.index(after: end)...]
        let isNumber = digits.utf8.allSatisfy { 0x30...0x39 ~= $0 }
        return isNumber ? pid_t(digits).flatMap { $0 > 0 ? $0 : nil } : nil
    }
}
