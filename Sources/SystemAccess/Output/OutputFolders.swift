internal import Diagnostics
internal import Glibc

/// The folders of an output tree, opened component by component without ever following a symbolic link.
///
/// Keeps the last folder chain open: plans are sorted, so that neighbours share it.
struct OutputFolders: ~Copyable {
    let root: Handle
    private let fileSystem: any FileSystem
    private var chain: [(name: String, handle: Handle)] = []

    init(root: Handle, _ fileSystem: any FileSystem) {
        self.root = root
        self.fileSystem = fileSystem
    }

    deinit { for (_, handle) in chain { fileSystem.close(handle) } }

    enum Missing { case create, report }

    /// The place of the file, its folder opened; nil if a folder is missing and not to be created.
    mutating func place(of path: String, missing: Missing) throws -> Place? {
        let components = path.split(separator: "/")
        guard let name = components.last else { return nil }
        var depth = 0
        while depth < components.count - 1, depth < chain.count, chain[depth].name == components[depth] { depth += 1 }
        while chain.count > depth { fileSystem.close(chain.removeLast().handle) }
        for component in components[depth..<(components.count - 1)] {
            guard let folder = try open(String(component), missing) else { return nil }
            chain.append((String(component), folder))
        }
        return Place(String(name), in: chain.last?.handle ?? root)
    }

    /// Whoever copies a tree to a host's `/` gives `/` and `/etc` the modes that the folders have here (scp since OpenSSH
    /// 9.0, rsync -a, tar): they are a host's usual ones. The root of the output is private, and so is every secret file.
    private static let mode: UInt32 = 0o755

    private func open(_ name: String, _ missing: Missing) throws -> Handle? {
        let place = Place(name, in: chain.last?.handle ?? root)
        var isNew = false
        if missing == .create {
            do {
                try fileSystem.makeFolder(place, mode: Self.mode)
                isNew = true
            } catch {
                guard error.number == EEXIST else { throw error }
            }
        }
        do {
            let folder = try fileSystem.open(place, .folder)
            if isNew { try fileSystem.setMode(Self.mode, of: folder) }
            return folder
        } catch {
            guard [ENOENT, ENOTDIR, ELOOP].contains(error.number) else { throw error }
            switch try fileSystem.status(of: place)?.kind {
            case .symlink: throw symlinkInTheWay(place.path)
            case nil where missing == .report, .regular where missing == .report, .other where missing == .report:
                return nil
            case .regular, .other: throw foreignFile(place.path)
            case nil, .folder: throw error
            }
        }
    }
}

func symlinkInTheWay(_ path: String) -> Failure {
    Failure(
        .permission, .symlinkInTheWay, "\(shown(path)) is a symbolic link",
        hint: "remove the link; an output folder holds only real files and folders")
}

func foreignFile(_ path: String) -> Failure {
    Failure(
        .inputOutput, .foreignOutput, "\(shown(path)) is in the way and was not written by hauberk",
        hint: "move it away, or choose another folder with --out")
}
