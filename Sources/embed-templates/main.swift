// Writes the files of a folder's folders as string literals of a Swift source: embed-templates FOLDER OUTPUT.
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Pounds enough that the text cannot end its own raw literal or interpolate.
func pounds(for text: String) -> String {
    var longest = 0
    var run = 0
    for byte in text.utf8 {
        run = byte == UInt8(ascii: "#") ? run + 1 : 0
        longest = max(longest, run)
    }
    return String(repeating: "#", count: longest + 1)
}

/// What keeps the program from its work; the build shows it.
struct Refusal: Error, CustomStringConvertible {
    let description: String
}

let arguments = CommandLine.arguments
guard arguments.count == 3 else { throw Refusal(description: "usage: embed-templates FOLDER OUTPUT") }
let folder = arguments[1]
let files = FileManager.default
var source = """
    /// The files of the folder, sorted by the folder in it that they are in (`target`) and by name.
    enum EmbeddedTemplates {
        static let files: [(target: String, name: String, text: String)] = [

    """
for target in try files.contentsOfDirectory(atPath: folder).sorted() where !target.hasPrefix(".") {
    for name in try files.contentsOfDirectory(atPath: "\(folder)/\(target)").sorted() where !name.hasPrefix(".") {
        guard let data = files.contents(atPath: "\(folder)/\(target)/\(name)") else {
            throw Refusal(description: "\(folder)/\(target)/\(name) cannot be read")
        }
        let text = String(decoding: data, as: UTF8.self)
        let mark = pounds(for: text)
        source += "        (\"\(target)\", \"\(name)\", \(mark)\"\"\"\n\(text)\n\"\"\"\(mark)),\n"
    }
}
source += "    ]\n}\n"
try Data(source.utf8).write(to: URL(filePath: arguments[2]))
