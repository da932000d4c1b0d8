/// The host's half as one POSIX shell script: the parts of `Script/apply` in the order of their names, those in awk(1) as
/// the value of `model`.
///
/// It takes the words of `hauberk apply` that ``HostScript`` says, and leaves what `apply` does: the same folder, lock and
/// journal, so that each ends what the other has begun.
package enum ApplyScript {
    /// - Parameter version: of this program; what `--version` answers.
    package static func text(version: String) -> String {
        let parts = EmbeddedTemplates.files.filter { $0.target == "apply" }
        let model = parts.filter { $0.name.hasSuffix(".awk") }.map(\.text).joined(separator: "\n")
        let shell = parts.filter { $0.name.hasSuffix(".sh") }.map(\.text).joined(separator: "\n")
        return """
            #!/bin/sh
            # Hauberk \(version): brings this host to its rendered tree, and back if that fails or nobody confirms it.
            version='\(version)'
            model='
            \(model)'

            \(shell)
            """
    }
}
