import Foundation
import MeshFiles
import MeshModel
import Testing

/// The JSON Schema for editors describes what the decoder takes.
@Suite struct TranscriptSchemaTests {
    private let schema: TranscriptSchema

    init() throws {
        schema = try TranscriptSchema(try TranscriptFolder.text(ofRepository: "Sources/Manual/mesh.schema.json"))
    }

    @Test func `the schema has every field of every part and no other`() throws {
        let top = MeshDecoder.Field.allCases.map(\.rawValue)
        #expect(try schema.fields(of: nil) == Set(top))
        #expect(try schema.fields(of: "wireguard") == Set(MeshDecoder.WireGuardField.allCases.map(\.rawValue)))
        #expect(try schema.fields(of: "rotation") == Set(MeshDecoder.RotationField.allCases.map(\.rawValue)))
        #expect(try schema.fields(of: "site") == Set(MeshDecoder.SiteField.allCases.map(\.rawValue)))
        #expect(try schema.fields(of: "group") == Set(MeshDecoder.GroupField.allCases.map(\.rawValue)))
        #expect(try schema.fields(of: "peer") == Set(MeshDecoder.PeerField.allCases.map(\.rawValue)))
        #expect(try schema.fields(of: "service") == Set(MeshDecoder.ServiceField.allCases.map(\.rawValue)))
        #expect(try schema.fields(of: "rule") == Set(MeshDecoder.RuleField.allCases.map(\.rawValue)))
        #expect(try schema.fields(of: "guard") == Set(MeshDecoder.GuardField.allCases.map(\.rawValue)))
        #expect(try schema.fields(of: "rescue") == Set(MeshDecoder.RescueField.allCases.map(\.rawValue)))
        #expect(try schema.fields(of: "exception") == Set(MeshDecoder.ExceptionField.allCases.map(\.rawValue)))
        #expect(try schema.fields(of: "icmp") == Set(MeshDecoder.ICMPField.allCases.map(\.rawValue)))
        #expect(try schema.fields(of: "exit") == Set(MeshDecoder.ExitField.allCases.map(\.rawValue)))
        #expect(try schema.fields(of: "peering") == Set(MeshDecoder.PeeringField.allCases.map(\.rawValue)))
        #expect(try schema.fields(of: "test") == Set(MeshDecoder.TestField.allCases.map(\.rawValue)))
    }

    @Test func `the schema has every word of the fields that take words`() throws {
        let words = MeshDecoder.TopologyWord.allCases.map(\.rawValue)
        #expect(try schema.words(of: nil, "topology") == Set(words))
        #expect(try schema.words(of: "peer", "platform") == Set(Platform.allCases.map(\.rawValue)))
        #expect(
            try schema.words(of: "wireguard", "preshared-keys") == Set(PresharedKeyMode.allCases.map(\.rawValue)))
        #expect(try schema.words(of: nil, "unload") == Set(UnloadPolicy.allCases.map(\.rawValue)))
        #expect(try schema.words(ofPart: "dialect") == Set(FirewallKind.allCases.map(\.rawValue)))
        #expect(try schema.words(of: "guard", "plaintext") == Set(GuardMode.allCases.map(\.rawValue)))
        #expect(try schema.words(of: "rescue", "over") == Set(RescuePlane.allCases.map(\.rawValue)))
        #expect(try schema.words(of: "icmp", "overlay") == Set(EchoPolicy.allCases.map(\.rawValue)))
        #expect(try schema.words(of: "icmp", "underlay") == Set(EchoPolicy.allCases.map(\.rawValue)))
        #expect(try schema.words(of: "test", "plane") == Set(Plane.allCases.map(\.rawValue)))
        let exposures = try schema.words(ofPart: "service", inside: ["properties", "expose", "additionalProperties"])
        #expect(exposures == Set(Exposure.allCases.map(\.rawValue)))
    }

    @Test(arguments: ExamplesTests.names)
    func `an example satisfies the schema`(name: String) throws {
        let text = try TranscriptFolder.text(ofRepository: "Mesh/\(name)/mesh.yaml")
        let tree = try YAMLTree(parsing: Array(text.utf8), file: "mesh.yaml")
        #expect(schema.complaints(about: tree.root) == [])
    }

    @Test(arguments: [
        ("prefixes: [10.0.0.0/8]", "mesh"), ("mesh: a\nprefixes: [10.0.0.0/8]\npears: {}", "pears"),
        ("mesh: a\nprefixes: [10.0.0.0]", "pattern"), ("mesh: a\nprefixes: x\ntopology: ring", "ring"),
        ("mesh: a\nprefixes: [10.0.0.0/8]\npeers: {a: {publc: 192.0.2.1}}", "publc"),
        ("mesh: a\nprefixes: [10.0.0.0/8]\nwireguard: {port: many}", "many"),
        ("mesh: a\nprefixes: [10.0.0.0/8]\npeers: {all: {}}", "all"),
        ("mesh: a\nprefixes: [10.0.0.0/8]\npeers: {except: {}}", "except"),
        ("mesh: a\nprefixes: [10.0.0.0/8]\nservices: {web: {ports: [80]}}", "80"),
        ("mesh: a\nprefixes: [10.0.0.0/8]\nservices: {web: {ports: []}}", "no port"),
        ("mesh: a\nprefixes: [10.0.0.0/8]\nservices: {ssh: {expose: {all: everywhere}}}", "everywhere"),
        ("mesh: a\nprefixes: [10.0.0.0/8]\nallow: [{from: all, to: all}]", "service"),
        ("mesh: a\nprefixes: [10.0.0.0/8]\nallow: [{from: all, to: all, service: ssh, until: soon}]", "soon"),
        ("mesh: a\nprefixes: [10.0.0.0/8]\nallow: [{from: all, to: all, service: ssh, unless: x}]", "unless"),
        ("mesh: a\nprefixes: [10.0.0.0/8]\nguard: {plaintext: drop}", "drop"),
        ("mesh: a\nprefixes: [10.0.0.0/8]\nguard: {rescue: {port: 22/tcp}}", "from"),
        ("mesh: a\nprefixes: [10.0.0.0/8]\nguard: {except: [{from: all, to: all, ports: [1/tcp]}]}", "reason"),
        ("mesh: a\nprefixes: [10.0.0.0/8]\nicmp: echo", "fields"),
        ("mesh: a\nprefixes: [10.0.0.0/8]\nexits: [{via: a}]", "for"),
        ("mesh: a\nprefixes: [10.0.0.0/8]\npeering: {b: {at: x, prefixes: [10.1.0.0/16]}}", "interface"),
        ("mesh: a\nprefixes: [10.0.0.0/8]\ntests: [{from: all, to: all}]", "accept or deny"),
        ("mesh: a\nprefixes: [10.0.0.0/8]\ntests: [{from: all, to: all, deny: [everything]}]", "everything"),
        ("mesh: a\nprefixes: [10.0.0.0/8]\nunload: always", "always"),
        ("mesh: a\nprefixes: [10.0.0.0/8]\nfirewall: ipfw", "ipfw"),
    ])
    func `the schema refuses what the program refuses`(text: String, word: String) throws {
        let tree = try YAMLTree(parsing: Array(text.utf8), file: "mesh.yaml")
        #expect(!schema.complaints(about: tree.root).isEmpty, "\(word)")
        #expect(MeshDecoder.decode(tree.root, file: "mesh.yaml").mesh == nil)
    }
}

/// As much of JSON Schema 2020-12 as the mesh file's schema uses; a keyword that it does not know is an error.
struct TranscriptSchema {
    private typealias Object = [String: Any]
    private let root: Object

    init(_ text: String) throws {
        root = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(root["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
    }

    private func part(_ name: String?) throws -> Object {
        guard let name else { return root }
        return try #require((root["$defs"] as? Object)?[name] as? Object)
    }

    func fields(of name: String?) throws -> Set<String> {
        #expect(try part(name)["additionalProperties"] as? Bool == false)
        return Set(try #require(try part(name)["properties"] as? Object).keys)
    }

    func words(of name: String?, _ field: String) throws -> Set<String> {
        let properties = try #require(try part(name)["properties"] as? Object)
        // What an editor's YAML may take for a truth value is no word of its own.
        let words = try #require((properties[field] as? Object)?["enum"] as? [Any])
        return Set(words.compactMap { $0 as? String })
    }

    func words(ofPart name: String, inside path: [String] = []) throws -> Set<String> {
        var part = try part(name)
        for step in path { part = try #require(part[step] as? Object) }
        return Set(try #require(part["enum"] as? [String]))
    }

    /// What does not satisfy the schema; empty for a good file.
    func complaints(about node: YAMLNode) -> [String] { complaints(node, root, "") }

    private func complaints(_ node: YAMLNode, _ schema: Object, _ place: String) -> [String] {
        schema.sorted { $0.key < $1.key }.flatMap { keyword, value -> [String] in
            switch (keyword, value) {
            case ("$schema", _), ("$id", _), ("$defs", _), ("title", _), ("description", _), ("default", _),
                ("examples", _), ("markdownDescription", _):
                return []
            case ("$ref", let name as String):
                let part = (root["$defs"] as? Object)?[String(name.dropFirst("#/$defs/".count))] as? Object
                return part.map { complaints(node, $0, place) } ?? ["\(name) leads nowhere"]
            case ("anyOf", let choices as [Object]):
                let results = choices.map { complaints(node, $0, place) }
                return results.contains([]) ? [] : ["\(place): none of: \(results.flatMap { $0 })"]
            case ("type", _):
                let types = value as? [String] ?? [value as? String ?? ""]
                return types.contains { matches(node, $0) } ? [] : ["\(place): is no \(types)"]
            default: return complaints(node, schema, keyword, value, place)
            }
        }
    }

    private func complaints(
        _ node: YAMLNode, _ schema: Object, _ keyword: String, _ value: Any, _ place: String
    ) -> [String] {
        switch (keyword, value) {
        case ("enum", let words as [Any]):
            return words.contains { "\($0)" == node.text } ? [] : ["\(place): is none of \(words)"]
        case ("pattern", let pattern as String):
            guard let text = node.text else { return [] }
            guard let regex = try? Regex(pattern) else { return ["\(pattern) is no pattern"] }
            return text.contains(regex) ? [] : ["\(place): \(text) does not have the pattern \(pattern)"]
        case ("minimum", let least as Int): return (node.text.flatMap { Int($0) } ?? least) < least ? [place] : []
        case ("maximum", let most as Int): return (node.text.flatMap { Int($0) } ?? most) > most ? [place] : []
        case ("minItems", let least as Int): return (node.items?.count ?? least) < least ? ["\(place): too few"] : []
        case ("maxItems", let most as Int): return (node.items?.count ?? most) > most ? ["\(place): too many"] : []
        case ("required", let names as [String]):
            return names.filter { node[$0] == nil }.map { "\(place): lacks \($0)" }
        case ("items", let items as Object):
            return (node.items ?? []).enumerated().flatMap { complaints($1, items, "\(place)/\($0)") }
        case ("propertyNames", let names as Object):
            return (node.entries ?? []).flatMap { complaints($0.key, names, "\(place)/\($0.name)") }
        case ("properties", let fields as Object):
            return (node.entries ?? []).flatMap { entry in
                (fields[entry.name] as? Object).map { complaints(entry.value, $0, "\(place)/\(entry.name)") } ?? []
            }
        case ("additionalProperties", _): return foreign(node, schema, value, place)
        default: return ["the keyword \(keyword) is not known here"]
        }
    }

    private func foreign(_ node: YAMLNode, _ schema: Object, _ value: Any, _ place: String) -> [String] {
        let known = Set((schema["properties"] as? Object ?? [:]).keys)
        let rest = (node.entries ?? []).filter { !known.contains($0.name) }
        guard let others = value as? Object else { return rest.map { "\(place): has no field \($0.name)" } }
        return rest.flatMap { complaints($0.value, others, "\(place)/\($0.name)") }
    }

    private func matches(_ node: YAMLNode, _ type: String) -> Bool {
        switch type {
        case "object": return node.entries != nil
        case "array": return node.items != nil
        case "null": return node.isNull
        case "boolean": return ["yes", "no", "true", "false"].contains(node.text)
        case "integer": return node.text.flatMap { Int($0) } != nil
        case "string": return node.text != nil && !node.isNull
        default: return false
        }
    }
}
