// Writes hauberk(1): hauberk --experimental-dump-help | write-manual > hauberk.1
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

var json: [UInt8] = []
while let line = readLine(strippingNewline: false) { json += line.utf8 }
let tool = try JSONDecoder().decode(ToolInfo.self, from: Data(json))
guard tool.serializationVersion == 0 else { fatalError("the parser describes commands in an unknown version") }
var page = ManualPage(tool.command)
print(page.text(), terminator: "")
