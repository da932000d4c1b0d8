import MeshFiles

/// The first byte chooses the format. Nothing may trap; a private key's place is 44 bytes inside the input; every field
/// goes into YAML and comes back as it is.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let choice = input.first else { return 0 }
    let bytes = Array(input.dropFirst())
    let format: PeerListFormat = choice & 1 == 0 ? .csv : .yaml
    guard let list = try? PeerList(parsing: bytes, file: "peers", format: format) else { return 0 }
    for entry in list.entries {
        if let range = entry.privateKey { precondition(range.count == 44 && range.upperBound <= bytes.count) }
        for field in entry.fields {
            let source = Array("{a: \(field.flowText)}".utf8)
            if source.count > 4000 { continue }
            guard let root = (try? YAMLTree(parsing: source, file: "x"))?.root["a"] else {
                preconditionFailure(field.flowText)
            }
            let texts = root.items?.compactMap(\.text) ?? [root.text ?? ""]
            precondition(texts == field.values.map(\.text), field.flowText)
        }
    }
    return 0
}
