import CNamespaces
import Glibc

/// The lab's named network namespaces, as `ip netns` keeps them; only meaningful inside the lab's own mounts.
enum LabNetwork {
    static func path(of namespace: String) -> String { "/run/netns/\(namespace)" }

    /// Runs `body` with the calling thread inside the namespace. Sockets made there stay there (socket(7)).
    ///
    /// `body` is synchronous, so no other task can run on the thread meanwhile.
    static func inside<R>(_ namespace: String, _ body: () throws(PosixError) -> R) throws(PosixError) -> R {
        let home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        guard home >= 0 else { throw PosixError("open the present network namespace") }
        defer { close(home) }
        let away = open(path(of: namespace), O_RDONLY | O_CLOEXEC)
        guard away >= 0 else { throw PosixError("open the network namespace \(namespace)") }
        defer { close(away) }
        guard lab_enter_network(away) == 0 else { throw PosixError("enter the network namespace \(namespace)") }
        // A thread that cannot come back would build in the wrong network: better to end at once.
        defer { if lab_enter_network(home) != 0 { _exit(70) } }
        return try body()
    }

    /// Writes settings below `/proc/sys` in the namespace; keys as sysctl(8) takes them.
    static func configure(_ namespace: String, _ settings: [(key: String, value: String)]) throws(PosixError) {
        try inside(namespace) { () throws(PosixError) in
            for setting in settings {
                let path = setting.key.contains("/") ? setting.key : LabNetwork.slashed(setting.key)
                try PosixFiles.write(Array(setting.value.utf8), to: "/proc/sys/\(path)", mode: 0o644)
            }
        }
    }

    /// sysctl(8): dots separate, and a slash stands for a dot in a name.
    private static func slashed(_ key: String) -> String {
        String(key.map { $0 == "." ? "/" : $0 == "/" ? "." : $0 })
    }

    /// The interfaces of the namespace by index.
    static func interfaceNames(in namespace: String) throws(PosixError) -> [UInt32: String] {
        try inside(namespace) { () throws(PosixError) in
            guard let list = if_nameindex() else { throw PosixError("list interfaces") }
            defer { if_freenameindex(list) }
            var names: [UInt32: String] = [:]
            var entry = list
            while entry.pointee.if_index != 0 {
                if let name = entry.pointee.if_name { names[entry.pointee.if_index] = String(cString: name) }
                entry += 1
            }
            return names
        }
    }

    /// The addresses of every interface that is up, link-local ones left out.
    static func addresses(in namespace: String) throws(PosixError) -> [String: [NumericAddress]] {
        try inside(namespace) { () throws(PosixError) in
            var list: UnsafeMutablePointer<ifaddrs>?
            guard getifaddrs(&list) == 0 else { throw PosixError("list addresses") }
            defer { freeifaddrs(list) }
            var result: [String: [NumericAddress]] = [:]
            var next = list
            while let entry = next?.pointee {
                next = entry.ifa_next
                guard entry.ifa_flags & UInt32(IFF_UP) != 0, let raw = entry.ifa_addr,
                    let address = NumericAddress(UnsafePointer(raw)), !address.isLinkLocal
                else { continue }
                result[String(cString: entry.ifa_name), default: []].append(address)
            }
            return result
        }
    }
}
