import Foundation
import MeshFiles
import Testing

/// DigitalOcean's published models of a Cloud Firewall, and what a body has against them.
///
/// Reads of OpenAPI what the models use: `$ref`, `allOf`, `type`, `properties`, `required`, `items`, `enum`, `pattern`
/// and `nullable`. Stricter than the specification in one thing: a field that no model names is a mistake.
struct CloudFirewallModel {
    private let files: [String: YAMLNode]

    /// Beside the repository; CI has it.
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../shared/data/digitalocean-firewall")

    /// Nil where the folder is not there, which is said loudly.
    init?() throws {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: Self.folder.path) else {
            print("SKIPPED: \(Self.folder.path) is not there: nothing was held against DigitalOcean's models")
            return nil
        }
        var files: [String: YAMLNode] = [:]
        for name in names where name.hasSuffix(".yml") {
            let bytes = Array(try Data(contentsOf: Self.folder.appending(path: name)))
            files[name] = try YAMLTree(parsing: bytes, file: name).root
        }
        #expect(files.count >= 3)
        self.files = files
    }

    /// A model, and the file that it stands in, for the references in it.
    private struct Place {
        let file: String
        let node: YAMLNode
    }

    /// Every mistake with the path to it; none for a good body.
    func mistakes(in body: Any) -> [String] {
        guard let root = files["firewall.yml"] else { return ["there is no firewall.yml"] }
        return mistakes(body, Place(file: "firewall.yml", node: root), path: "body")
    }

    private func target(of reference: String, from place: Place) -> Place? {
        let parts = reference.split(separator: "#", omittingEmptySubsequences: false).map(String.init)
        let name = parts[0].split(separator: "/").last.map(String.init) ?? place.file
        guard var node = files[name] else { return nil }
        for key in (parts.count > 1 ? parts[1] : "").split(separator: "/") {
            guard let next = node[String(key)] else { return nil }
            node = next
        }
        return Place(file: name, node: node)
    }

    /// The model itself and all that it is made of.
    private func parts(of place: Place) -> [Place] {
        if let reference = place.node["$ref"]?.text {
            guard let target = target(of: reference, from: place) else { return [] }
            return parts(of: target)
        }
        let all = place.node["allOf"]?.items ?? []
        return [place] + all.flatMap { parts(of: Place(file: place.file, node: $0)) }
    }

    private func mistakes(_ value: Any, _ place: Place, path: String) -> [String] {
        let parts = parts(of: place)
        var result = parts.isEmpty ? ["\(path): a reference leads nowhere"] : []
        for part in parts { result += own(value, part, path: path) }
        guard let object = value as? [String: Any] else { return result }
        for (name, field) in object.sorted(by: { $0.key < $1.key }) {
            let models = parts.compactMap { part in
                part.node["properties"]?[name].map { Place(file: part.file, node: $0) }
            }
            if models.isEmpty { result.append("\(path): no model has the field \(name)") }
            for model in models { result += mistakes(field, model, path: "\(path).\(name)") }
        }
        return result
    }

    private func own(_ value: Any, _ part: Place, path: String) -> [String] {
        var result: [String] = []
        if let type = part.node["type"]?.text, !Self.has(value, type: type) { result.append("\(path): not of \(type)") }
        if let text = value as? String {
            let words = part.node["enum"]?.items?.compactMap(\.text) ?? []
            if !words.isEmpty, !words.contains(text) { result.append("\(path): \(text) is none of \(words)") }
            if let pattern = part.node["pattern"]?.text, (try? Regex(pattern).firstMatch(in: text)) == nil {
                result.append("\(path): \(text) is not like \(pattern)")
            }
        }
        for name in part.node["required"]?.items?.compactMap(\.text) ?? [] where (value as? [String: Any])?[name] == nil
        {
            result.append("\(path): there is no \(name)")
        }
        if let items = part.node["items"], let list = value as? [Any] {
            for (index, item) in list.enumerated() {
                result += mistakes(item, Place(file: part.file, node: items), path: "\(path)[\(index)]")
            }
        }
        return result
    }

    private static func has(_ value: Any, type: String) -> Bool {
        switch type {
        case "object": return value is [String: Any]
        case "array": return value is [Any]
        case "string": return value is String
        case "integer": return value is Int && !(value is Bool)
        case "boolean": return value is Bool
        default: return false
        }
    }
}
