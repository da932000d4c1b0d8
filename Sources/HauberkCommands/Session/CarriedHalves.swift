import ArgumentParser
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
            if made == nil { made = try? Self.carried(try OwnExecutable.path(), name: name, machine: Self.machine) }
            return made
        }
    }

    /// As uname(1) says it; nil where only a try tells.
    private static var machine: String? {
        #if arch(x86_64)
            "x86_64"
        #elseif arch(arm64)
            "aarch64"
        #else
            nil
        #endif
    }

    /// - Throws: `Failure`, status 66 if there is no such file.
    static func carried(_ path: String, name: String, machine: String? = nil) throws -> CarriedHalf {
        let bytes = try ProgramFile.bytes(path)
        return CarriedHalf(name: name, bytes: bytes, digest: Digest.sha256(bytes), machine: machine)
    }
}

/// What `push --half` takes: what does the work on a host.
enum PushHalf: String, CaseIterable, ExpressibleByArgument {
    /// The first of the others that is there, or can be brought and runs.
    case auto
    case installed
    /// This program, or the one of --binary.
    case binary
    /// The script that needs no architecture.
    case script

    /// In the order in which they are tried.
    var halves: [any HostHalf] {
        switch self {
        case .auto: Self.installed.halves + Self.binary.halves + Self.script.halves
        case .installed: [InstalledHalf(version: Hauberk.version)]
        case .binary: [OwnHalf()]
        case .script: [Self.carriedScript]
        }
    }

    private static var carriedScript: CarriedHalf {
        let bytes = Array(ApplyScript.text(version: Hauberk.version).utf8)
        return CarriedHalf(name: "the script", bytes: bytes, digest: Digest.sha256(bytes))
    }
}
