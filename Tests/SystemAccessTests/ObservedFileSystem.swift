import Synchronization

@testable import SystemAccess

/// The real files; before every call something else happens, as if another process ran.
final class ObservedFileSystem: FileSystem {
    private let real = RealFileSystem()
    private let meanwhile: @Sendable () -> Void
    private let calls = Mutex(0)

    init(_ meanwhile: @escaping @Sendable () -> Void) { self.meanwhile = meanwhile }

    var count: Int { calls.withLock { $0 } }

    private func tick() {
        calls.withLock { $0 += 1 }
        meanwhile()
    }

    func open(_ place: Place, _ purpose: OpenPurpose) throws(SystemError) -> Handle {
        tick()
        return try real.open(place, purpose)
    }

    func close(_ handle: Handle) { real.close(handle) }

    func status(of handle: Handle) throws(SystemError) -> FileStatus {
        tick()
        return try real.status(of: handle)
    }

    func status(of place: Place) throws(SystemError) -> FileStatus? {
        tick()
        return try real.status(of: place)
    }

    func read(_ handle: Handle, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        tick()
        return try real.read(handle, into: buffer)
    }

    func names(in folder: Handle) throws(SystemError) -> [String] { try real.names(in: folder) }

    func write(_ pieces: [UnsafeRawBufferPointer], to handle: Handle) throws(SystemError) {
        tick()
        try real.write(pieces, to: handle)
    }

    func empty(_ handle: Handle) throws(SystemError) { try real.empty(handle) }

    func sync(_ handle: Handle, _ extent: SyncExtent) throws(SystemError) {
        tick()
        try real.sync(handle, extent)
    }

    func rename(_ old: Place, to new: Place, _ manner: RenameManner) throws(SystemError) {
        tick()
        try real.rename(old, to: new, manner)
    }

    func removeFile(_ place: Place) throws(SystemError) { try real.removeFile(place) }

    func removeFolder(_ place: Place) throws(SystemError) { try real.removeFolder(place) }

    func makeFolder(_ place: Place, mode: UInt32) throws(SystemError) { try real.makeFolder(place, mode: mode) }

    func setMode(_ mode: UInt32, of handle: Handle) throws(SystemError) { try real.setMode(mode, of: handle) }

    func unlock(_ handle: Handle) { real.unlock(handle) }

    func lock(_ handle: Handle) throws(SystemError) -> Bool { try real.lock(handle) }
}
