internal import Delivery
internal import Diagnostics

/// Where a host's tree comes from: a folder, or a tar archive of one, which is a file or, for `-`, standard input.
struct TreeSource: Sendable {
    /// As the user has named it.
    let path: String
    /// Every file of it.
    let files: [HostFile]
    private let isFolder: Bool

    /// - Throws: `Failure`, or a `SystemError`; an archive that is a file has the keys of a host in it, and is refused
    ///   where others may read it.
    init(_ path: String, _ disk: HostDisk) throws {
        self.path = path
        let status = path == "-" ? nil : try disk.files.status(of: disk.place(path))
        isFolder = path != "-" && status?.kind != .regular
        if isFolder {
            files = try disk.tree(path)
        } else if let status {
            guard status.mode & 0o077 == 0 else {
                throw HostTree.refused(
                    "\(shown(path)) holds a private key, and others may read it", "chmod 600 \(path)")
            }
            try HostDisk.requireOwner(status, of: path)
            files = try TarArchive.files(in: try disk.bytes(path) ?? [], shown: path)
        } else {
            guard !Terminal.input.isTerminal else {
                throw HostTree.refused(
                    "standard input is a terminal, and no tar archive",
                    "tar -C OUT/PEER -cf - . | ssh PEER hauberk apply -")
            }
            files = try TarArchive.files(in: try Terminal.input.readAll(), shown: "standard input")
        }
    }

    /// Calls with a path of the file, which wg-quick(8) can read.
    func withFile<Result>(_ file: String, _ disk: HostDisk, _ body: (String) async throws -> Result) async throws
        -> Result
    {
        if isFolder { return try await body("\(path)/\(file)") }
        // In memory, and root's alone.
        let scratch = try TemporaryFolder(prefix: "hauberk-apply", in: "/run")
        defer { scratch.remove() }
        let place = "\(scratch.path)/\(BootUnits.name(of: file))"
        try reported { try disk.keep(place, files.first { $0.path == file }?.bytes ?? []) }
        return try await body(place)
    }
}
