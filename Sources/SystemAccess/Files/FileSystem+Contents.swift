internal import Diagnostics
internal import Glibc

/// The permissions of a new file.
enum CreationMode: Sendable {
    /// 0666 less the user's umask.
    case usual
    /// These bits, whatever the umask.
    case exactly(UInt32)

    var requested: UInt32 {
        switch self {
        case .usual: 0o666
        case .exactly(let bits): bits
        }
    }
}

/// A file's bytes and what it was when they were read.
struct FileContents: Sendable {
    let bytes: [UInt8]
    let status: FileStatus
}

extension FileSystem {
    /// The whole regular file, or nil if there is none; a symbolic link, anything irregular and more than `limit`
    /// bytes are refused.
    func contents(of place: Place, limit: Int) throws -> FileContents? {
        let handle: Handle
        do {
            handle = try open(place, .reading)
        } catch {
            guard error.number == ENOENT else { throw error }
            return nil
        }
        defer { close(handle) }
        let status = try regularStatus(of: handle, limit: limit)
        return FileContents(bytes: try allBytes(of: handle, status, limit: limit), status: status)
    }

    /// What the handle is, which must be a regular file of at most `limit` bytes.
    func regularStatus(of handle: Handle, limit: Int) throws -> FileStatus {
        let status = try status(of: handle)
        guard status.kind == .regular else {
            throw Failure(
                .inputOutput, .irregularFile, "\(shown(handle.path)) is not a regular file",
                hint: "put a regular file in its place")
        }
        guard status.size <= limit else { throw tooLarge(handle, limit) }
        return status
    }

    private func tooLarge(_ handle: Handle, _ limit: Int) -> Failure {
        Failure(
            .inputOutput, .oversizedFile, "\(shown(handle.path)) is larger than \(limit >> 20) MiB",
            hint: "look whether something else was written to it")
    }

    private func allBytes(of handle: Handle, _ status: FileStatus, limit: Int) throws -> [UInt8] {
        var problem: (any Error)?
        // One byte more than the size, so that the end is seen without a second buffer when nobody appends.
        var bytes = try chunk(of: handle, upTo: Int(status.size) + 1, &problem)
        while problem == nil, bytes.count > Int(status.size) {
            let more = try chunk(of: handle, upTo: 1 << 16, &problem)
            if more.isEmpty { break }
            bytes += more
            guard bytes.count <= limit else { throw tooLarge(handle, limit) }
        }
        if let problem { throw problem }
        return bytes
    }

    private func chunk(of handle: Handle, upTo count: Int, _ problem: inout (any Error)?) throws -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = 0
            do {
                while filled < count {
                    let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                    let got = try read(handle, into: rest)
                    if got == 0 { break }
                    filled += got
                }
            } catch {
                problem = error
            }
        }
    }

    /// Hands over all bytes of the open file, which may be secret: they are wiped from memory afterwards.
    func withBytes<Result>(
        of handle: Handle, _ status: FileStatus, _ work: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(status.size) + 1, alignment: 16)
        defer {
            if let start = buffer.baseAddress { explicit_bzero(start, buffer.count) }
            buffer.deallocate()
        }
        var filled = 0
        while filled < buffer.count {
            let got = try read(handle, into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            if got == 0 { break }
            filled += got
        }
        return try work(UnsafeRawBufferPointer(rebasing: buffer[..<filled]))
    }

    /// Creates the file, writes the bytes and makes them durable; a half written one is removed when a call fails.
    func create(
        _ place: Place, _ mode: CreationMode, _ bytes: UnsafeRawBufferPointer, durable: Bool = true
    ) throws {
        let handle = try open(place, .creating(mode: mode.requested))
        defer { close(handle) }
        do {
            try write([bytes], to: handle)
            if case .exactly(let bits) = mode, bits & 0o077 != 0 { try setMode(bits, of: handle) }
            if durable { try sync(handle, .file) }
        } catch {
            try? removeFile(place)
            throw error
        }
    }

    /// Makes the folder's entries durable; file systems that cannot (EINVAL) order them by themselves.
    func syncFolder(_ folder: Handle) throws {
        do {
            try sync(folder, .file)
        } catch {
            guard error.number == EINVAL else { throw error }
        }
    }

    /// Removes the file if it is there.
    func removeIfPresent(_ place: Place) throws {
        do {
            try removeFile(place)
        } catch {
            guard error.number == ENOENT else { throw error }
        }
    }

    /// Creates the folder and its missing parents, each made durable in its own parent; true for those that are new.
    ///
    /// - Returns: the paths that were created, outermost first.
    @discardableResult
    func makeFolders(_ path: String, mode: UInt32) throws -> [String] {
        // Mostly all but the last are there, so the way goes up first; what cannot be looked at cannot be made below.
        func isFolder(_ path: String) -> Bool { (try? status(of: Place(path, in: .current)))?.kind == .folder }
        if isFolder(path) { return [] }
        var components = path.split(separator: "/").filter { $0 != "." }[...]
        var prefix = path.hasPrefix("/") ? "/" : ""
        for count in stride(from: components.count - 1, to: 0, by: -1) {
            let above = prefix + components.prefix(count).joined(separator: "/")
            guard isFolder(above) else { continue }
            (prefix, components) = (above, components.dropFirst(count))
            break
        }
        var created: [String] = []
        do {
            for component in components {
                let parent = prefix.isEmpty ? "." : prefix
                prefix += prefix.isEmpty || prefix.hasSuffix("/") ? String(component) : "/\(component)"
                guard try makeFolderIfMissing(prefix, mode) else { continue }
                created.append(prefix)
                let folder = try open(Place(parent, in: .current), .folderThroughLinks)
                defer { close(folder) }
                try syncFolder(folder)
            }
            return created
        } catch {
            for path in created.reversed() { try? removeFolder(Place(path, in: .current)) }
            throw error
        }
    }

    /// False if there is something by that name.
    private func makeFolderIfMissing(_ path: String, _ mode: UInt32) throws -> Bool {
        do {
            try makeFolder(Place(path, in: .current), mode: mode)
            return true
        } catch {
            guard error.number == EEXIST else { throw error }
            return false
        }
    }
}
