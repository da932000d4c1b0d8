package import Diagnostics

/// The bytes of the four files as one commit left them; nil for a file that is not there.
package struct MeshSnapshot: Sendable {
    package var yaml: [UInt8]? { files[.yaml]?.bytes }
    package var lock: [UInt8]? { files[.lock]?.bytes }
    package var keys: [UInt8]? { files[.keys]?.bytes }
    package var ledger: [UInt8]? { files[.ledger]?.bytes }
    /// What deserves a word but stops nothing, for example a keyring that others may read.
    ///
    /// - Parameter folder: the mesh's, as the user would type it.
    package func warnings(in folder: String) -> [Diagnostic] {
        guard let keys = files[.keys], keys.status.mode & 0o077 != 0 else { return [] }
        return [
            Diagnostic(
                .readableKeyring, at: SourceLocation(file: MeshFile.keys.rawValue),
                "other users of this machine may read the keyring",
                hint: "chmod 600 \(folder)/\(MeshFile.keys.rawValue)")
        ]
    }

    var files: [MeshFile: FileContents]
}
