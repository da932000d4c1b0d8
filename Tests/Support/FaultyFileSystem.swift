import Glibc
import Synchronization
package import SystemAccess

/// The real files, with a fault at the k-th call that changes something.
///
/// Root may do everything, so that EACCES and EROFS cannot be had from real permissions in every test environment:
/// they are made here.
package final class FaultyFileSystem: FileSystem {
    package enum Loss: Sendable, CaseIterable {
        /// The process was killed; the kernel lives.
        case nothing
        /// Power failed: files that were not synced are empty.
        case contents
        /// Power failed: names that changed since their folder was synced are as they were then, too.
        case names
        /// As `names`, but the new lock file has reached the disk before the rest: names may get there in any order.
        case namesButLock

        func takesBack(_ name: String) -> Bool { self == .names || name != "mesh.lock" }
    }

    package enum Fault: Sendable {
        case fail(Int32)
        /// The k-th call and all that follow fail.
        case failFromThere(Int32)
        case crash(Loss)
    }

    private struct State {
        var calls = 0
        var isDown = false
        /// Open descriptors of files that were written and not synced, by inode.
        var unsynced: [UInt64: Int32] = [:]
        /// Open descriptors of what the watched folder held when it was synced last, by name.
        var durable: [String: Int32] = [:]
    }

    private let real = RealFileSystem()
    private let k: Int
    private let fault: Fault
    private let watched: String
    private let state = Mutex(State())

    /// - Parameter watched: the folder whose names a power failure takes back.
    package init(_ k: Int, _ fault: Fault, watching watched: String) {
        (self.k, self.fault, self.watched) = (k, fault, watched)
        remember()
    }

    deinit {
        state.withLock { state in
            for descriptor in state.unsynced.values { Glibc.close(descriptor) }
            for descriptor in state.durable.values { Glibc.close(descriptor) }
        }
    }

    /// How many calls changed something, or would have.
    package var calls: Int { state.withLock { $0.calls } }

    private enum Answer { case go, fail(Int32), crash(Loss) }

    private func change<Result>(
        _ operation: String, _ path: String, _ body: () throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        let answer = state.withLock { state -> Answer in
            if state.isDown { return .fail(EIO) }
            state.calls += 1
            switch fault {
            case .fail(let number) where state.calls == k: return .fail(number)
            case .failFromThere(let number) where state.calls >= k: return .fail(number)
            case .crash(let loss) where state.calls == k:
                state.isDown = true
                return .crash(loss)
            default: return .go
            }
        }
        switch answer {
        case .go: return try body()
        case .fail(let number): throw SystemError(operation, path, number)
        case .crash(let loss):
            // A write that is interrupted may have got half way.
            if operation == "write" { _ = try? body() }
            lose(loss)
            throw SystemError(operation, path, EIO)
        }
    }

    private func look(_ path: String) throws(SystemError) {
        if state.withLock({ $0.isDown }) { throw SystemError("read", path, EIO) }
    }

    private func lose(_ loss: Loss) {
        guard loss != .nothing else { return }
        state.withLock { state in
            for descriptor in state.unsynced.values { ftruncate(descriptor, 0) }
            guard loss != .contents else { return }
            for name in tree(watched) where loss.takesBack(name) { unlink("\(watched)/\(name)") }
            for (name, descriptor) in state.durable where loss.takesBack(name) {
                restore("\(watched)/\(name)", from: descriptor)
            }
        }
    }

    private func restore(_ path: String, from descriptor: Int32) {
        var record = stat()
        fstat(descriptor, &record)
        var bytes = [UInt8](repeating: 0, count: Int(record.st_size))
        pread(descriptor, &bytes, bytes.count, 0)
        let copy = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, record.st_mode & 0o777)
        Glibc.write(copy, bytes, bytes.count)
        futimens(copy, [record.st_atim, record.st_mtim])
        Glibc.close(copy)
    }

    private func remember() {
        state.withLock { state in
            for descriptor in state.durable.values { Glibc.close(descriptor) }
            state.durable = [:]
            for name in tree(watched) {
                state.durable[name] = Glibc.open("\(watched)/\(name)", O_RDONLY | O_CLOEXEC)
            }
        }
    }
}

extension FaultyFileSystem {
    package func open(_ place: Place, _ purpose: OpenPurpose) throws(SystemError) -> Handle {
        switch purpose {
        case .creating, .sharing:
            return try change("create", place.path) { () throws(SystemError) in try real.open(place, purpose) }
        default:
            try look(place.path)
            return try real.open(place, purpose)
        }
    }

    /// Also works after a crash: the kernel closes what a dead process held open.
    package func close(_ handle: Handle) { real.close(handle) }

    package func status(of handle: Handle) throws(SystemError) -> FileStatus {
        try look(handle.path)
        return try real.status(of: handle)
    }

    package func status(of place: Place) throws(SystemError) -> FileStatus? {
        try look(place.path)
        return try real.status(of: place)
    }

    package func read(_ handle: Handle, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        try look(handle.path)
        return try real.read(handle, into: buffer)
    }

    package func names(in folder: Handle) throws(SystemError) -> [String] {
        try look(folder.path)
        return try real.names(in: folder)
    }

    package func write(_ pieces: [UnsafeRawBufferPointer], to handle: Handle) throws(SystemError) {
        let inode = try real.status(of: handle).inode
        state.withLock { state in
            // Not dup(2): a copy of the descriptor would keep the lock file locked.
            if state.unsynced[inode] == nil {
                state.unsynced[inode] = Glibc.open("/proc/self/fd/\(handle.raw)", O_WRONLY | O_CLOEXEC)
            }
        }
        try change("write", handle.path) { () throws(SystemError) in
            let isLast = state.withLock { $0.isDown }
            let half = pieces.map { UnsafeRawBufferPointer(rebasing: $0[..<($0.count / 2)]) }
            try real.write(isLast ? half : pieces, to: handle)
        }
    }

    package func empty(_ handle: Handle) throws(SystemError) {
        try change("empty", handle.path) { () throws(SystemError) in try real.empty(handle) }
    }

    package func sync(_ handle: Handle, _ extent: SyncExtent) throws(SystemError) {
        try change("sync", handle.path) { () throws(SystemError) in try real.sync(handle, extent) }
        let status = try real.status(of: handle)
        state.withLock { state in
            if extent == .fileSystem {
                for descriptor in state.unsynced.values { Glibc.close(descriptor) }
                state.unsynced = [:]
            } else if let descriptor = state.unsynced.removeValue(forKey: status.inode) {
                Glibc.close(descriptor)
            }
        }
        if status.kind == .folder, handle.path == watched { remember() }
    }

    package func rename(_ old: Place, to new: Place, _ manner: RenameManner) throws(SystemError) {
        try change("rename to", new.path) { () throws(SystemError) in try real.rename(old, to: new, manner) }
    }

    package func removeFile(_ place: Place) throws(SystemError) {
        try change("remove", place.path) { () throws(SystemError) in try real.removeFile(place) }
    }

    package func removeFolder(_ place: Place) throws(SystemError) {
        try change("remove", place.path) { () throws(SystemError) in try real.removeFolder(place) }
    }

    package func makeFolder(_ place: Place, mode: UInt32) throws(SystemError) {
        try change("create", place.path) { () throws(SystemError) in try real.makeFolder(place, mode: mode) }
    }

    package func setMode(_ mode: UInt32, of handle: Handle) throws(SystemError) {
        try change("change the mode of", handle.path) { () throws(SystemError) in try real.setMode(mode, of: handle) }
    }

    package func unlock(_ handle: Handle) { real.unlock(handle) }

    package func lock(_ handle: Handle) throws(SystemError) -> Bool {
        try look(handle.path)
        return try real.lock(handle)
    }
}
