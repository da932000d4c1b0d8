package import Delivery
internal import Diagnostics

/// What hosts have acknowledged, kept in an output folder: `.hauberk/MESH/sent/`, 0700, in the shape of an output folder.
///
/// Nothing in it is synchronised: whoever reads it holds a host's files against the digest in the record of deliveries,
/// so that one that was cut off counts as not kept.
package struct DeliveredTrees: Sendable {
    /// The folder below the output folder.
    package let folder: String
    private let disk: HostDisk
    private let root: String

    package init(out: String, mesh: String, fileSystem: any FileSystem = RealFileSystem()) {
        folder = ".hauberk/\(mesh)/sent"
        root = "\(out)/\(folder)"
        disk = HostDisk(root: "", files: fileSystem)
    }

    /// Replaces all that is kept of a host.
    package func keep(_ files: [HostFile], of peer: String) throws {
        try reported {
            let fresh = "\(root)/\(TemporaryName.own(peer))"
            try disk.removeTree(fresh)
            try disk.files.makeFolders(fresh, mode: 0o700)
            for file in files { try write(file, below: fresh) }
            try disk.removeTree("\(root)/\(peer)")
            try disk.rename(fresh, to: "\(root)/\(peer)")
        }
    }

    /// Keeps files of the mesh; those that are there already stay.
    package func keep(common files: [HostFile]) throws {
        try reported {
            for file in files {
                let path = "\(root)/\(file.path)"
                if try disk.bytes(path) == file.bytes { continue }
                try disk.remove(path)
                try write(file, below: root)
            }
        }
    }

    /// Forgets of which mesh a host is.
    package func forgetMesh(of peer: String) throws {
        try reported { try disk.remove("\(root)/\(folder.dropLast("/sent".utf8.count))/hosts/\(peer)") }
    }

    /// Forgets all hosts but these, whose secrets are nobody's any more, and what was cut off; what another push is
    /// writing stays.
    ///
    /// - Parameter common: the names of the folders of the mesh, below its own, that are still needed.
    package func forget(allBut peers: Set<String>, common: Set<String>) throws {
        try reported {
            let own = "\(root)/\(folder.dropLast("/sent".utf8.count))"
            for name in try disk.names(root) where name != ".hauberk" && !peers.contains(name) {
                if TemporaryName.isInUse(name) { continue }
                try disk.removeTree("\(root)/\(name)")
            }
            for name in try disk.names("\(own)/hosts") where !peers.contains(name) {
                try disk.remove("\(own)/hosts/\(name)")
            }
            for name in try disk.names(own) where name != "hosts" && !common.contains(name) {
                try disk.removeTree("\(own)/\(name)")
            }
        }
    }

    /// The bytes of a file that is kept; nil if there is none.
    package func bytes(of path: String) throws -> [UInt8]? { try reported { try disk.bytes("\(root)/\(path)") } }

    /// The files of a host by these paths, as they are kept; those that are not are left out.
    package func files(of peer: String, _ paths: [String]) throws -> [HostFile] {
        try reported {
            try paths.compactMap { path in
                let place = disk.place("\(root)/\(peer)/\(path)")
                guard let mode = try disk.files.status(of: place)?.mode,
                    let bytes = try disk.bytes("\(root)/\(peer)/\(path)")
                else { return nil }
                return HostFile(path: path, mode: mode, bytes: bytes)
            }
        }
    }

    private func write(_ file: HostFile, below folder: String) throws {
        let path = "\(folder)/\(file.path)"
        try disk.files.makeFolders(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]), mode: 0o700)
        try disk.create(path, file.bytes, mode: file.mode)
    }
}
