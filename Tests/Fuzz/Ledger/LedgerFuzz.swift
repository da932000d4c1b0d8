import Diagnostics
import Keys
import Ledger
import MeshFiles

/// Nothing may trap. What parses has the bytes that it was read from; nothing that was not signed is genuine, so that a
/// text that passes every check begins as the one seed that does.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let ledger = try? Ledger(parsing: bytes, file: "mesh.ledger") else { return 0 }
    precondition(ledger.bytes == bytes && !ledger.lines.isEmpty)
    let (state, found) = ledger.examine(.signatures)
    _ = LedgerHistory(ledger)
    var lock = LockFile(name: "t", meshID: ledger.meshID.bytes)
    lock.ledger = ledger.lockedHead
    precondition(ledger.headFinding(in: lock, file: "mesh.lock") == nil)
    _ = state.disagreements(with: lock, operators: [], text: LockText(lock.text, file: "mesh.lock"))
    if found.isEmpty { precondition(genuine.starts(with: ledger.lines.map(\.event.text)), "forged") }
    return 0
}

/// The events of the genuine seed, whose operators' keys nobody has any more.
private let genuine = """
    genesis hauberk-operator:WhhOskhwbpz_j7SSVg_nEbSdZ_abk3w7gaC0CfsArE44X9GkuvfaaWQCc2Ea5IFfXHlQDGcZx7tvcY80eJampA
    preshared epoch=1
    key web epoch=1 1UsuEdNOoG+GMi9Dr9S0MKEf7SZQnhNHl/wbF7hrQnE=
    key db epoch=1 ZAi7O+tiE2XGRtCC7goH5YqsZ7yeL2nhVIpyIX1M0zE=
    renamed web www
    key db epoch=2 gI6EdUSYvn8ugXOt8QQD6Yc+JyiZxIhp3GInSWRfWGE=
    retired db epoch=1
    operator-added bob hauberk-operator:gw_XBkAB4rOt6q82gR3G1YmFzXegxArzm7KcRC01VVEOeYAm8jCcLzGL0mDJJgnK6vC-UiGge1nKjyuf62OJZA
    removed www
    """.split(separator: "\n").map(String.init)
