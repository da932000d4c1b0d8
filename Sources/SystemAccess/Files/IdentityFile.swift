internal import Diagnostics
internal import Glibc

/// The operator's identity: one file of secret bytes that only its owner may read.
package struct IdentityFile: Sendable {
    package let path: String
    let fileSystem: any FileSystem

    package init(_ path: String, fileSystem: any FileSystem = RealFileSystem()) {
        self.path = path
        self.fileSystem = fileSystem
    }

    /// `$XDG_CONFIG_HOME/hauberk/identity`, or `~/.config/hauberk/identity` if that variable is not an absolute path
    /// (XDG Base Directory Specification 0.8: relative ones are to be ignored).
    ///
    /// - Throws: `Failure` with status 64 if there is no `$HOME` either.
    package static func defaultPath(_ environment: [String: String]) throws -> String {
        if let base = environment["XDG_CONFIG_HOME"], base.hasPrefix("/") { return "\(base)/hauberk/identity" }
        if let home = environment["HOME"], home.hasPrefix("/") { return "\(home)/.config/hauberk/identity" }
        throw Failure(
            .usage, .noHome, "there is no $HOME to look for an identity in",
            hint: "name the identity with `--identity FILE` or $HAUBERK_IDENTITY")
    }

    /// True if there is something by that name.
    package var exists: Bool { get throws { try reported { try fileSystem.status(of: place) != nil } } }

    /// Hands the file's bytes over, and overwrites them in memory when the work is done.
    ///
    /// - Parameter owner: whose it has to be; root may look at another's.
    /// - Throws: `Failure`, status 66 if there is none, 77 if it belongs to somebody else or others may read it.
    package func withBytes<Result>(
        of owner: UInt32 = geteuid(), _ work: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result {
        try reported {
            let handle = try fileSystem.open(place, .readingThroughLinks)
            defer { fileSystem.close(handle) }
            let status = try fileSystem.regularStatus(of: handle, limit: 1 << 20)
            try refuseExposure(status, owner)
            return try fileSystem.withBytes(of: handle, status, work)
        }
    }

    private func refuseExposure(_ status: FileStatus, _ owner: UInt32) throws {
        guard status.owner == owner else {
            let who = owner == geteuid() ? "you" : "user \(owner)"
            throw Failure(
                .permission, .foreignIdentity,
                "the identity \(shown(path)) belongs to user \(status.owner), not to \(who)",
                hint: "use an identity of your own: --identity FILE")
        }
        guard status.mode & 0o077 == 0 else {
            throw Failure(
                .permission, .exposedIdentity, "other users of this machine may read the identity \(shown(path))",
                hint: "chmod 600 \(path)")
        }
    }

    /// Writes a new identity, 0600 in a folder that is created 0700: the whole file or nothing, and never over another.
    ///
    /// - Throws: `Failure` with status 74 if there is one already.
    package func create(_ bytes: UnsafeRawBufferPointer) throws {
        try reported {
            let cut = path.lastIndex(of: "/")
            let parent = cut.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
            let name = cut.map { String(path[path.index(after: $0)...]) } ?? path
            try fileSystem.makeFolders(parent, mode: 0o700)
            let folder = try fileSystem.open(Place(parent, in: .current), .folderThroughLinks)
            defer { fileSystem.close(folder) }
            let temporary = Place(".\(name).temp", in: folder)
            try fileSystem.removeIfPresent(temporary)
            try fileSystem.create(temporary, .exactly(0o600), bytes)
            do {
                try rename(temporary, to: Place(name, in: folder))
            } catch let error as SystemError {
                try? fileSystem.removeFile(temporary)
                guard error.number == EEXIST else { throw error }
                throw Failure(
                    .inputOutput, .identityExists, "there is an identity \(shown(path)) already",
                    hint: "use it, or name another file with `--identity FILE`")
            }
            try fileSystem.syncFolder(folder)
        }
    }

    private func rename(_ old: Place, to new: Place) throws {
        do {
            try fileSystem.rename(old, to: new, .keeping)
        } catch {
            // EINVAL: the file system (NFS) cannot do this in one step.
            guard error.number == EINVAL else { throw error }
            guard try fileSystem.status(of: new) == nil else { throw SystemError(error.operation, new.path, EEXIST) }
            try fileSystem.rename(old, to: new, .replacing)
        }
    }

    private var place: Place { Place(path, in: .current) }
}
