import ArgumentParser
import Diagnostics
import Rendering
import SystemAccess

/// `templates [--eject]`
struct TemplatesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "templates",
        abstract: "List the templates and their names, or copy the built-in ones into the mesh to edit them.",
        discussion: """
            A file templates/TARGET/NAME in the mesh's folder takes the place of the built-in one; a new folder is a \
            new target for `render --target`.
            """)

    @Flag(name: .long, help: "Copy the built-in templates into the mesh's folder; files that are there stay.")
    var eject = false

    @Option(name: .long, help: "Only this target.")
    var target: String?

    @OptionGroup var mesh: MeshOptions

    func run() throws {
        let files = TargetSet.builtIn.filter { target == nil || $0.target == target }
        if let target, files.isEmpty {
            throw Failure(
                .usage, .unknownTarget, "there is no built-in target \(quoted(target))",
                hint: "the targets are \(Set(TargetSet.builtIn.map(\.target)).sorted().joined(separator: ", "))")
        }
        if eject {
            try copy(files)
        } else {
            var table = Table(["TARGET", "FILE"])
            for file in files { table.append([file.target, file.name]) }
            Result.print(
                table.text + "\nnames outside of {{#peers}}: \(TemplateNames.ofInterface.joined(separator: " "))\n"
                    + "names inside of {{#peers}}: \(TemplateNames.ofPeer.joined(separator: " "))")
        }
    }

    private func copy(_ files: [TargetSet.File]) throws {
        let path = try mesh.path()
        // Says so where there is no mesh, before a folder is created for it.
        _ = try LoadedMesh.read(path, .withoutKeyring)
        let root = "\(path)/\(OwnTemplates.folder)"
        for file in files {
            let path = "\(root)/\(file.target)/\(file.name)"
            if try TextFolder(root).create("\(file.target)/\(file.name)", file.bytes, mode: 0o644) {
                Result.print("wrote \(path)")
            } else {
                Result.note("kept \(path), which is there already")
            }
        }
    }
}
