/// An open file or folder, with the path it was opened by, for messages.
package struct Handle: Sendable {
    package let raw: Int32
    package let path: String

    package init(raw: Int32, path: String) {
        self.raw = raw
        self.path = path
    }

    /// The path of `name` inside this folder, as a message shows it.
    package func path(of name: String) -> String {
        path.isEmpty || name.hasPrefix("/") ? name : "\(path)/\(name)"
    }
}

/// A name inside an open folder.
package struct Place: Sendable {
    package let name: String
    package let folder: Handle

    package init(_ name: String, in folder: Handle) {
        self.name = name
        self.folder = folder
    }

    package var path: String { folder.path(of: name) }
}

/// What the kernel knows about a file without opening it.
package struct FileStatus: Sendable, Hashable {
    package enum Kind: Sendable, Hashable { case regular, folder, symlink, other }

    package let kind: Kind
    /// Permission bits, `07777`.
    package let mode: UInt32
    /// User id.
    package let owner: UInt32
    /// Bytes.
    package let size: Int64
    /// Nanoseconds since 1970.
    package let modified: Int64
    /// Nanoseconds since 1970; nobody can set it back.
    package let changed: Int64
    package let inode: UInt64
    package let device: UInt64

    /// True if both are the same file with the same contents, as far as the kernel tells; a rename keeps it true.
    package func isSameFile(as other: FileStatus) -> Bool {
        inode == other.inode && device == other.device && size == other.size && modified == other.modified
    }
}

/// Why a file is opened; each implies close-on-exec, and never to follow a symbolic link in the last component
/// unless it says so.
package enum OpenPurpose: Sendable {
    /// To read; does not block on a named pipe.
    case reading
    /// To read, following symbolic links.
    case readingThroughLinks
    /// To write a file that must not exist yet.
    case creating(mode: UInt32)
    /// To read and write a file that may exist; its contents stay.
    case sharing(mode: UInt32)
    /// A folder.
    case folder
    /// A folder named by the user, through symbolic links.
    case folderThroughLinks
}

package enum SyncExtent: Sendable { case file, data, fileSystem }

package enum RenameManner: Sendable {
    /// The target is replaced if it exists.
    case replacing
    /// EEXIST if the target exists.
    case keeping
    /// Both names must exist and change places.
    case exchanging
}

/// The seam between this program and the kernel's files: every read and write of a mesh or an output tree passes here.
///
/// One call is one system call (repeated after EINTR and short writes), so that tests can fail or stop each of them.
package protocol FileSystem: Sendable {
    func open(_ place: Place, _ purpose: OpenPurpose) throws(SystemError) -> Handle
    func close(_ handle: Handle)
    func status(of handle: Handle) throws(SystemError) -> FileStatus
    /// Nil if there is nothing by that name; a symbolic link is described, not followed.
    func status(of place: Place) throws(SystemError) -> FileStatus?
    /// The number of bytes read; 0 at the end.
    func read(_ handle: Handle, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int
    /// Names in the folder without `.` and `..`, sorted by bytes.
    func names(in folder: Handle) throws(SystemError) -> [String]
    /// Writes all pieces in order at the handle's position, with one `writev` for each 1,024 of them.
    func write(_ pieces: [UnsafeRawBufferPointer], to handle: Handle) throws(SystemError)
    /// The first `count` bytes of the file as memory, until ``unmap(_:)``; nil where that cannot be had. The file must
    /// not get shorter meanwhile.
    func map(_ handle: Handle, count: Int) -> UnsafeRawBufferPointer?
    /// Gives mapped memory back.
    func unmap(_ bytes: UnsafeRawBufferPointer)
    /// Empties the file and moves to its start.
    func empty(_ handle: Handle) throws(SystemError)
    func sync(_ handle: Handle, _ extent: SyncExtent) throws(SystemError)
    func rename(_ old: Place, to new: Place, _ manner: RenameManner) throws(SystemError)
    func removeFile(_ place: Place) throws(SystemError)
    func removeFolder(_ place: Place) throws(SystemError)
    func makeFolder(_ place: Place, mode: UInt32) throws(SystemError)
    func setMode(_ mode: UInt32, of handle: Handle) throws(SystemError)
    /// Takes the exclusive lock flock(2) without waiting; false if somebody else has it. The death of the process
    /// frees it.
    func lock(_ handle: Handle) throws(SystemError) -> Bool
    /// Frees the lock and closes: closing alone would leave it to a child that another thread is about to start.
    func unlock(_ handle: Handle)
}

extension FileSystem {
    package func map(_ handle: Handle, count: Int) -> UnsafeRawBufferPointer? { nil }

    package func unmap(_ bytes: UnsafeRawBufferPointer) {}
}
