internal import CLinux
internal import Glibc

/// The kernel's own files, through Glibc.
package struct RealFileSystem: FileSystem {
    package init() {}

    package func open(_ place: Place, _ purpose: OpenPurpose) throws(SystemError) -> Handle {
        let (flags, mode, verb) = purpose.flags
        let path = place.path
        let raw = try call(verb, path) { openat(place.folder.raw, place.name, flags | O_CLOEXEC, mode_t(mode)) }
        return Handle(raw: raw, path: path)
    }

    package func close(_ handle: Handle) {
        // Linux frees the descriptor even when close(2) is interrupted, so it must not be repeated.
        _ = Glibc.close(handle.raw)
    }

    package func status(of handle: Handle) throws(SystemError) -> FileStatus {
        var record = stat()
        _ = try call("look at", handle.path) { fstat(handle.raw, &record) }
        return FileStatus(record)
    }

    package func status(of place: Place) throws(SystemError) -> FileStatus? {
        var record = stat()
        while fstatat(place.folder.raw, place.name, &record, AT_SYMLINK_NOFOLLOW) != 0 {
            switch errno {
            case EINTR: continue
            case ENOENT: return nil
            default: throw SystemError("look at", place.path, errno)
            }
        }
        return FileStatus(record)
    }

    package func read(_ handle: Handle, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        try call("read", handle.path) { Glibc.read(handle.raw, buffer.baseAddress, buffer.count) }
    }

    package func names(in folder: Handle) throws(SystemError) -> [String] {
        // A descriptor of its own, since fdopendir(3) takes it over and readdir(3) moves its position.
        let raw = try call("list", folder.path) { openat(folder.raw, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard let stream = fdopendir(raw) else {
            let number = errno
            _ = Glibc.close(raw)
            throw SystemError("list", folder.path, number)
        }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        if errno != 0 { throw SystemError("list", folder.path, errno) }
        return names.sorted()
    }

    package func empty(_ handle: Handle) throws(SystemError) {
        _ = try call("empty", handle.path) { ftruncate(handle.raw, 0) }
        _ = try call("empty", handle.path) { Int(lseek(handle.raw, 0, SEEK_SET)) }
    }

    package func sync(_ handle: Handle, _ extent: SyncExtent) throws(SystemError) {
        _ = try call("sync", handle.path) {
            switch extent {
            case .file: return fsync(handle.raw)
            case .data: return fdatasync(handle.raw)
            case .fileSystem: return syncfs(handle.raw)
            }
        }
    }

    package func rename(_ old: Place, to new: Place, _ manner: RenameManner) throws(SystemError) {
        _ = try call("rename to", new.path) {
            renameat2(old.folder.raw, old.name, new.folder.raw, new.name, manner.flag)
        }
    }

    package func removeFile(_ place: Place) throws(SystemError) {
        _ = try call("remove", place.path) { unlinkat(place.folder.raw, place.name, 0) }
    }

    package func removeFolder(_ place: Place) throws(SystemError) {
        _ = try call("remove", place.path) { unlinkat(place.folder.raw, place.name, AT_REMOVEDIR) }
    }

    package func makeFolder(_ place: Place, mode: UInt32) throws(SystemError) {
        _ = try call("create", place.path) { mkdirat(place.folder.raw, place.name, mode_t(mode)) }
    }

    package func setMode(_ mode: UInt32, of handle: Handle) throws(SystemError) {
        _ = try call("change the mode of", handle.path) { fchmod(handle.raw, mode_t(mode)) }
    }

    package func lock(_ handle: Handle) throws(SystemError) -> Bool {
        while flock(handle.raw, LOCK_EX | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK: return false
            default: throw SystemError("lock", handle.path, errno)
            }
        }
        return true
    }
}

extension RealFileSystem {
    package func unlock(_ handle: Handle) {
        _ = flock(handle.raw, LOCK_UN)
        close(handle)
    }

    package func write(_ pieces: [UnsafeRawBufferPointer], to handle: Handle) throws(SystemError) {
        if pieces.count == 1 { return try writeAll(pieces[0], to: handle) }
        var index = 0
        while index < pieces.count {
            let end = min(index + 1024, pieces.count)
            try writeGathered(pieces[index..<end], to: handle)
            index = end
        }
    }

    private func writeAll(_ bytes: UnsafeRawBufferPointer, to handle: Handle) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            rest = rest.dropFirst(
                try call("write", handle.path) { Glibc.write(handle.raw, part.baseAddress, part.count) })
        }
    }

    /// At most 1,024 pieces (IOV_MAX); a short write (disk nearly full, a signal) goes on piece by piece.
    private func writeGathered(
        _ pieces: ArraySlice<UnsafeRawBufferPointer>, to handle: Handle
    ) throws(SystemError) {
        let vectors = pieces.map {
            iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count)
        }
        var written = try call("write", handle.path) { writev(handle.raw, vectors, Int32(vectors.count)) }
        for piece in pieces {
            if written >= piece.count {
                written -= piece.count
            } else {
                try writeAll(UnsafeRawBufferPointer(rebasing: piece[written...]), to: handle)
                written = 0
            }
        }
    }
}

/// Repeats the call while a signal interrupts it; -1 becomes an error.
@inline(__always)
private func call<Number: SignedInteger>(
    _ operation: String, _ path: @autoclosure () -> String, _ body: () -> Number
) throws(SystemError) -> Number {
    while true {
        let result = body()
        if result != -1 { return result }
        let number = errno
        if number != EINTR { throw SystemError(operation, path(), number) }
    }
}

extension OpenPurpose {
    fileprivate var flags: (flags: Int32, mode: UInt32, verb: String) {
        switch self {
        case .reading: (O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, "open")
        case .readingThroughLinks: (O_RDONLY | O_NONBLOCK, 0, "open")
        case .creating(let mode): (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode, "create")
        case .sharing(let mode): (O_RDWR | O_CREAT | O_NOFOLLOW, mode, "open")
        case .folder: (O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, "open folder")
        case .folderThroughLinks: (O_RDONLY | O_DIRECTORY, 0, "open folder")
        }
    }
}

extension RenameManner {
    /// linux/fs.h: RENAME_NOREPLACE, RENAME_EXCHANGE.
    fileprivate var flag: UInt32 {
        switch self {
        case .replacing: 0
        case .keeping: 1
        case .exchanging: 2
        }
    }
}

extension FileStatus {
    fileprivate init(_ record: stat) {
        kind =
            switch record.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .folder
            case S_IFLNK: .symlink
            default: .other
            }
        mode = UInt32(record.st_mode) & 0o7777
        owner = record.st_uid
        size = Int64(record.st_size)
        modified = Int64(record.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(record.st_mtim.tv_nsec)
        changed = Int64(record.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(record.st_ctim.tv_nsec)
        inode = UInt64(record.st_ino)
        device = UInt64(record.st_dev)
    }
}

extension Handle {
    /// Where relative paths start: the current folder.
    package static let current = Handle(raw: AT_FDCWD, path: "")
}

extension RealFileSystem {
    package func map(_ handle: Handle, count: Int) -> UnsafeRawBufferPointer? {
        guard count > 0 else { return nil }
        let memory = mmap(nil, count, PROT_READ, MAP_PRIVATE | MAP_POPULATE, handle.raw, 0)
        guard let memory, memory != MAP_FAILED else { return nil }
        return UnsafeRawBufferPointer(start: memory, count: count)
    }

    package func unmap(_ bytes: UnsafeRawBufferPointer) {
        _ = munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    }
}
