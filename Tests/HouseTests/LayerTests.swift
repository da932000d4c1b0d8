import Foundation
import Testing

/// Who may import whom: the walls of the house, as the Architecture page draws them.
@Suite struct LayerTests {

    static let walls: [String: Set<String>] = [
        "Addresses": [],
        "Diagnostics": [],
        "Keys": ["Diagnostics", "CSodium"],
        "MeshFiles": ["Addresses", "Diagnostics", "CYAML"],
        "Ledger": ["Keys", "MeshFiles", "Diagnostics"],
        "MeshModel": ["MeshFiles", "Addresses", "Diagnostics"],
        "HostPlans": ["MeshModel", "Addresses", "Diagnostics"],
        "Sockets": ["MeshModel", "Addresses", "Diagnostics"],
        "Delivery": ["HostPlans", "Addresses", "Diagnostics"],
        "Rendering": ["HostPlans", "MeshModel", "Addresses", "Diagnostics"],
        "SystemAccess": [
            "Delivery", "Diagnostics", "CGuard", "CLinux", "Glibc", "Subprocess", "Synchronization", "SystemPackage",
        ],
        "Lab": ["SystemAccess", "Diagnostics", "CNamespaces", "Glibc", "Subprocess", "SystemPackage"],
        "HauberkCommands": [
            "Lab", "SystemAccess", "Delivery", "Rendering", "HostPlans", "Sockets", "Ledger", "MeshModel", "MeshFiles",
            "Keys", "Addresses", "Diagnostics", "ArgumentParser", "FoundationEssentials", "Glibc", "Synchronization",
        ],
        "hauberk": ["HauberkCommands"],
    ]

    /// The folder that holds `Sources`.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func sources(of module: String) throws -> [URL] {
        let folder = root.appending(path: "Sources/\(module)")
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        return names.filter { $0.hasSuffix(".swift") }.sorted().map { folder.appending(path: $0) }
    }

    @Test(arguments: walls.keys.sorted())
    func `a module imports only what lies below it`(module: String) throws {
        let allowed = try #require(Self.walls[module])
        let files = try Self.sources(of: module)
        #expect(!files.isEmpty)
        for file in files {
            let text = try String(contentsOf: file, encoding: .utf8)
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ")
                guard let index = words.firstIndex(of: "import"), index <= 1, words.count == index + 2 else { continue }
                if index == 1, !["package", "internal", "public", "private"].contains(words[0]) { continue }
                #expect(allowed.contains(String(words[index + 1])), "\(file.lastPathComponent): \(line)")
            }
        }
    }

    @Test func `every module has its walls`() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: "Sources").path)
        let modules = folders.filter { name in
            (try? Self.sources(of: name).isEmpty) == false
                && !["Plugins", "embed-templates", "write-manual", "lab-agent"].contains(name)
        }
        #expect(Set(modules) == Set(Self.walls.keys))
    }

    @Test func `no file is longer than 400 lines`() throws {
        for part in ["Sources", "Tests"] {
            let folder = Self.root.appending(path: part)
            let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter {
                $0.hasSuffix(".swift")
            }
            #expect(names.count > 20)
            for name in names {
                let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
                #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 401, "\(name)")
            }
        }
    }
}
