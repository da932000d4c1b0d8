import MeshFiles

/// Nothing may trap, and what parses prints to something that parses to the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let lock = try? LockFile(parsing: input, file: "mesh.lock") else { return 0 }
    let text = lock.text
    guard let again = try? LockFile(parsing: text, file: "mesh.lock") else { preconditionFailure("unreadable") }
    precondition(again.text == text && again.peers == lock.peers && again.groups == lock.groups)
    return 0
}
