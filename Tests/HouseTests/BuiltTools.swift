import Foundation
import Testing

/// A program run by a test, to its end.
struct ToolResult {
    let status: Int32
    let output: Data
    let errors: String

    var text: String { String(decoding: output, as: UTF8.self) }
}

enum BuiltTools {
    /// The folder of the build that these tests are part of.
    static var folder: String {
        get throws { try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe").parent }
    }

    static var hauberk: String { get throws { try folder + "/hauberk" } }

    /// Where the PATH has a program; nil if nowhere.
    static func path(of tool: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.map { "\($0)/\(tool)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Runs a program with files for its streams, so that no pipe can fill up.
    static func run(_ program: String, _ arguments: [String], input: Data = Data()) throws -> ToolResult {
        let scratch = FileManager.default.temporaryDirectory.appending(path: "hauberk-house-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let files = ["in", "out", "err"].map { scratch.appending(path: $0) }
        try input.write(to: files[0])
        try Data().write(to: files[1])
        try Data().write(to: files[2])
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try process.run()
        process.waitUntilExit()
        return ToolResult(
            status: process.terminationStatus, output: try Data(contentsOf: files[1]),
            errors: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self))
    }
}

extension String {
    /// The path without its last part.
    fileprivate var parent: String { split(separator: "/").dropLast().map { "/" + $0 }.joined() }
}
