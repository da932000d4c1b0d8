import Foundation
import PackagePlugin

/// Makes a folder part of the program: `Delivery`'s own `Script`, and the top-level `Templates` of any other module.
@main
struct EmbedTemplates: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any PackagePlugin.Target) throws -> [Command] {
        let folder = context.package.directoryURL.appending(
            path: target.name == "Delivery" ? "Sources/Delivery/Script" : "Templates")
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedTemplates.swift")
        return [
            .buildCommand(
                displayName: "Embedding the templates",
                executable: try context.tool(named: "embed-templates").url,
                arguments: [folder.path, output.path],
                inputFiles: try inputs(below: folder),
                outputFiles: [output])
        ]
    }

    private func inputs(below folder: URL) throws -> [URL] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        return names.sorted().map { folder.appending(path: $0) }
    }
}
