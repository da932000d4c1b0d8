// Writes hauberk(1): hauberk --experimental-dump-help | write-manual > hauberk.1
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The parser describes commands in a version that this program does not read.
struct UnknownVersion: Error {
    let number: Int
}

var json: [UInt8] = []
while let line = readLine(strippingNewline: false) { json += line.utf8 }
let tool = try JSONDecoder().decode(ToolInfo.self, from: Data(json))
guard tool.serializationVersion == 0 else { throw UnknownVersion(number: tool.serializationVersion) }
var page = ManualPage(tool.command)
print(page.text(), terminator: "")
