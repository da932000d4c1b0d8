import Delivery
import Keys
import Synchronization
import SystemAccess

/// The program itself, carried to hosts that have none; read when the first of them asks.
final class OwnHalf: HostHalf {
    private let made = Mutex<CarriedHalf?>(nil)

    var name: String { "this hauberk" }
    var search: String { half?.search ?? "exit \(HostScript.Ending.lacking.rawValue)" }
    var cargo: HostFile? { half?.cargo }
    var installation: String { half?.installation ?? search }

    private var half: CarriedHalf? {
        made.withLock { made in
            if made == nil { made = try? Self.carried(try OwnExecutable.path(), name: name) }
            return made
        }
    }

    /// - Throws: `Failure`, status 66 if there is no such file.
    static func carried(_ path: String, name: String) throws -> CarriedHalf {
        let bytes = try ProgramFile.bytes(path)
        return CarriedHalf(name: name, bytes: bytes, digest: Digest.sha256(bytes))
    }
}
