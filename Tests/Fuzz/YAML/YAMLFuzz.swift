import Diagnostics
import MeshFiles

/// The input's first byte chooses a change, the rest is the file. Nothing may trap; what parses can be changed, or the
/// change is refused, but never does it come out wrong; and every text survives quoting.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let choice = input.first else { return 0 }
    let text = String(decoding: input.dropFirst(), as: UTF8.self)
    quote(text)
    guard let tree = try? YAMLTree(parsing: Array(input.dropFirst()), file: "mesh.yaml") else { return 0 }
    check(tree.root, in: tree)
    var editor = MeshFileEditor(tree)
    change(&editor, choice)
    do {
        let result = try editor.apply()
        check(result.root, in: result)
    } catch {
        precondition(error.status != .bug, "\(error.diagnostics)")
    }
    return 0
}

private func quote(_ text: String) {
    guard text.utf8.count < 1000 else { return }
    let source = "{a: \(yamlScalar(text)), b: [\(yamlScalar(text))]}\n"
    guard let tree = try? YAMLTree(parsing: Array(source.utf8), file: "x") else { preconditionFailure(source) }
    precondition(tree.root["a"]?.text?.utf8.elementsEqual(text.utf8) ?? false, source)
    precondition(tree.root["b"]?.items?.first?.text?.utf8.elementsEqual(text.utf8) ?? false, source)
}

/// Every range lies inside the source and inside its parent's.
private func check(_ node: YAMLNode, in tree: YAMLTree) {
    precondition(node.byteRange.upperBound <= tree.source.count)
    for item in node.items ?? [] {
        precondition(item.byteRange.lowerBound >= node.byteRange.lowerBound)
        check(item, in: tree)
    }
    for entry in node.entries ?? [] {
        precondition(entry.key.byteRange.lowerBound >= node.byteRange.lowerBound)
        check(entry.key, in: tree)
        check(entry.value, in: tree)
    }
}

private func change(_ editor: inout MeshFileEditor, _ choice: UInt8) {
    let path: [String]
    let root = editor.tree.root
    switch choice >> 4 & 3 {
    case 0: path = ["peers"]
    case 1: path = [root.entries?.first?.name ?? "peers"]
    case 2: path = [root.entries?.last?.name ?? "peers"]
    default:
        let outer = root.entries?.first
        path = [outer?.name ?? "peers", outer?.value.entries?.last?.name ?? "x"]
    }
    let mapping = path.reduce(Optional(root)) { node, key in node?[key] }
    let names = mapping?.entries?.map(\.name) ?? []
    switch choice & 15 {
    case 0, 1: editor.insert(entries: [("new-2", "{a: b}"), ("new-1", "x")], inMapping: path)
    case 2: for name in names { editor.remove(name, inMapping: path) }
    case 3: for name in names.dropFirst() { editor.remove(name, inMapping: path) }
    case 4: for name in names.dropLast() { editor.remove(name, inMapping: path) }
    case 5: if let name = names.first { editor.remove(name, inMapping: path) }
    case 6: if let name = names.last { editor.rename(name, to: "new-name", inMapping: path) }
    case 7: for name in names { editor.setField(path: path + [name], flowText: "[x]") }
    case 8: editor.setField(path: path + ["new-field"], flowText: "[x]")
    case 9:
        for name in names.dropFirst() { editor.remove(name, inMapping: path) }
        editor.insert(entries: [("new-3", "x")], inMapping: path)
    case 10: for name in names { editor.setField(path: path + [name, "new-field"], flowText: "x") }
    default:
        for item in mapping?.items ?? [] where item.text != nil && !item.byteRange.isEmpty {
            editor.replaceScalar(at: item.byteRange, with: "new")
        }
    }
}
