package import Diagnostics

/// A kind of artifact: a folder of templates.
package struct Target: Sendable {
    /// The folder's name, which `--target` takes.
    package let name: String
    package let templates: [Template]
    /// Whether every file is the built-in one.
    package let isBuiltIn: Bool
}

/// The templates of a mesh: the built-in ones, each of which a file of the mesh's own folder may replace, and further
/// targets that the folder adds.
package struct TargetSet: Sendable {
    package let targets: [Target]

    /// A template file of a mesh's own: `<target>/<name>`, the path shown in findings, and its bytes.
    package struct File: Sendable {
        package let target: String
        package let name: String
        package let path: String
        package let bytes: [UInt8]

        package init(target: String, name: String, path: String, bytes: [UInt8]) {
            self.target = target
            self.name = name
            self.path = path
            self.bytes = bytes
        }
    }

    /// Parses everything; the findings hold all mistakes of all files.
    package static func parse(own: [File]) -> (set: TargetSet?, findings: [Diagnostic]) {
        var files: [String: [String: (File, isOwn: Bool)]] = [:]
        for file in builtIn { files[file.target, default: [:]][file.name] = (file, false) }
        for file in own { files[file.target, default: [:]][file.name] = (file, true) }
        var targets: [Target] = []
        var findings: [Diagnostic] = []
        for (name, byName) in files.sorted(by: { $0.key < $1.key }) {
            var templates: [Template] = []
            for (_, file) in byName.sorted(by: { $0.key < $1.key }) {
                let (template, mistakes) = Template.parse(file.0.bytes, file: file.0.path)
                findings += mistakes
                if let template { templates.append(template) }
            }
            let isBuiltIn = !byName.values.contains { $0.isOwn }
            targets.append(Target(name: name, templates: templates, isBuiltIn: isBuiltIn))
        }
        return (findings.isEmpty ? TargetSet(targets: targets) : nil, findings)
    }

    /// The target of a name, or a finding that names the nearest.
    package func target(_ name: String) throws(Failure) -> Target {
        if let target = targets.first(where: { $0.name == name }) { return target }
        let known = targets.map(\.name)
        throw Failure(
            .usage, .unknownTarget, "there is no target \(quoted(name))",
            hint: nearest(to: name, among: known).map { "did you mean \(quoted($0))?" }
                ?? "the targets are \(known.joined(separator: ", "))")
    }

    /// The templates that come with the program, sorted.
    package static let builtIn: [File] = EmbeddedTemplates.files.map { file in
        File(
            target: file.target, name: file.name, path: "Templates/\(file.target)/\(file.name)",
            bytes: Array(file.text.utf8))
    }
}
