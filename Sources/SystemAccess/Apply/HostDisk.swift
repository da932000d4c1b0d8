internal import Delivery
internal import Diagnostics
internal import Glibc

/// A host's files by their absolute paths below a root. Errors are `SystemError`s, or a `Failure` of what was read.
struct HostDisk: Sendable {
    /// Without a slash at its end; empty for `/`.
    let root: String
    let files: any FileSystem

    func place(_ path: String) -> Place { Place(path, in: .current) }

    func exists(_ path: String) throws -> Bool { try files.status(of: place(path)) != nil }

    /// Nil if there is none.
    func bytes(_ path: String) throws -> [UInt8]? { try files.contents(of: place(path), limit: 64 << 20)?.bytes }

    func text(_ path: String) throws -> String? {
        try bytes(path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Writes a new durable file.
    func create(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o600) throws {
        try bytes.withUnsafeBytes { try files.create(place(path), .exactly(mode), $0) }
    }

    /// Writes a new file for as long as the kernel runs: it does not wait for the disk.
    func keep(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o600) throws {
        try bytes.withUnsafeBytes { try files.create(place(path), .exactly(mode), $0, durable: false) }
    }

    func mark(_ path: String) throws {
        try create(path, [])
        try syncFolder(of: path)
    }

    func rename(_ old: String, to new: String) throws {
        try files.rename(place(old), to: place(new), .replacing)
    }

    func remove(_ path: String) throws { try files.removeIfPresent(place(path)) }

    /// What a symbolic link points to; nil where there is none.
    func link(_ path: String) throws -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &buffer, buffer.count)
        if count >= 0 { return String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self) }
        guard errno == ENOENT || errno == ENOTDIR || errno == EINVAL else { throw SystemError("read", path, errno) }
        return nil
    }

    func makeLink(_ path: String, to target: String) throws {
        guard symlink(target, path) == 0 || errno == EEXIST else { throw SystemError("make", path, errno) }
        try syncFolder(of: path)
    }

    func syncFolder(of path: String) throws {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let handle = try files.open(place(folder.isEmpty ? "/" : folder), .folderThroughLinks)
        defer { files.close(handle) }
        try files.syncFolder(handle)
    }

    /// Names in the folder, sorted; empty if there is none.
    func names(_ folder: String) throws -> [String] {
        guard try exists(folder) else { return [] }
        let handle: Handle
        do {
            handle = try files.open(place(folder), .folder)
        } catch let error where error.number == ENOENT {
            // Somebody has ended the transaction in between.
            return []
        }
        defer { files.close(handle) }
        return try files.names(in: handle)
    }

    /// Removes the folder with all that is in it; links are removed, not followed.
    func removeTree(_ path: String) throws {
        guard try exists(path) else { return }
        for name in try names(path) {
            let inner = "\(path)/\(name)"
            if try files.status(of: place(inner))?.kind == .folder { try removeTree(inner) } else { try remove(inner) }
        }
        try files.removeFolder(place(path))
    }

    /// Every file below the folder, which may hold nothing but files and folders; owned by root, the caller, or the
    /// one for whom sudo(8) runs it.
    func tree(_ folder: String) throws -> [HostFile] {
        let handle = try files.open(place(folder), .folderThroughLinks)
        files.close(handle)
        var result: [HostFile] = []
        try collect(folder, below: "", into: &result)
        return result
    }

    private func collect(_ folder: String, below prefix: String, into result: inout [HostFile]) throws {
        let handle = try files.open(place(folder), .folderThroughLinks)
        let names: [String]
        do {
            defer { files.close(handle) }
            names = try files.names(in: handle)
        }
        for name in names {
            let path = "\(folder)/\(name)"
            guard let status = try files.status(of: place(path)) else { continue }
            if status.kind == .folder {
                try collect(path, below: "\(prefix)\(name)/", into: &result)
                continue
            }
            guard status.kind == .regular else {
                throw HostTree.refused("\(shown(path)) is neither a file nor a folder", "render it again")
            }
            try Self.requireOwner(status, of: path)
            guard let bytes = try bytes(path) else { continue }
            result.append(HostFile(path: prefix + name, mode: status.mode, bytes: bytes))
        }
    }

    /// - Throws: `Failure` for a file of somebody else's than root's, the caller's, or the one's for whom sudo(8) runs it.
    static func requireOwner(_ status: FileStatus, of path: String) throws(Failure) {
        guard owners.contains(status.owner) else {
            throw HostTree.refused("\(shown(path)) belongs to somebody else", "chown it to root")
        }
    }

    private static var owners: Set<UInt32> {
        let sudo = getenv("SUDO_UID").flatMap { UInt32(String(cString: $0)) }
        return Set([0, geteuid()] + (sudo.map { [$0] } ?? []))
    }
}
