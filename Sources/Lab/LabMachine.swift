import Diagnostics
import Glibc

/// What the lab needs from the machine, asked before anything is started.
struct LabMachine: Sendable {
    /// Programs by name, with the Debian package that brings each.
    private static let always = [
        ("unshare", "util-linux"), ("nsenter", "util-linux"), ("ip", "iproute2"), ("wg", "wireguard-tools"),
        ("wg-quick", "wireguard-tools"), ("bash", "bash"),
    ]

    let topology: LabTopology
    let options: LabOptions
    /// Folders in which the lab's programs are looked for.
    var searchPath = LabCommand.searchPath

    /// Throws every missing program at once, then what else stands in the way; else the words before the agent's.
    func launcher() async throws(Failure) -> [String] {
        try checkTools()
        try checkTunnelDevice()
        let namespaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        let rootless = ["unshare", "--user", "--map-root-user"] + namespaces
        let attempt = await LabCommand.run(rootless + ["true"], milliseconds: 10_000)
        if attempt.succeeded { return rootless }
        if geteuid() == 0 {
            let plain = ["unshare"] + namespaces
            let second = await LabCommand.run(plain + ["true"], milliseconds: 10_000)
            if second.succeeded { return plain }
            throw refused(second.complaint)
        }
        throw refused(attempt.complaint)
    }

    func checkTools() throws(Failure) {
        var needed = LabMachine.always
        if !hasKernelWireGuard { needed.append(("wireguard-go", "wireguard-go")) }
        if Wiring(topology).namespaces.contains(where: { !$0.filter.isEmpty }) { needed.append(("nft", "nftables")) }
        if options.crossCheck == .ping { needed.append(("ping", "iputils-ping")) }
        for firewall in LabFirewall.allCases where topology.hosts.contains(where: { $0.firewall == firewall }) {
            needed += firewall.tools.filter { tool in !needed.contains { $0.0 == tool.program } }
        }
        let missing = needed.filter { LabMachine.find($0.0, in: searchPath) == nil }
        guard !missing.isEmpty else { return }
        let packages = Set(missing.map(\.1)).sorted().joined(separator: " ")
        throw Failure(
            .toolMissing,
            missing.map { tool, package in
                Diagnostic(
                    .labToolMissing, at: nil, "the lab needs \(quoted(tool)), of the package \(package)",
                    hint: "sudo apt-get install \(packages)")
            })
    }

    /// A path of the program in the folders that the lab searches.
    static func find(_ tool: String, in searchPath: String = LabCommand.searchPath) -> String? {
        searchPath.split(separator: ":").map { "\($0)/\(tool)" }.first { access($0, X_OK) == 0 }
    }

    private var hasKernelWireGuard: Bool {
        if access("/sys/module/wireguard", F_OK) == 0 { return true }
        var name = utsname()
        guard uname(&name) == 0 else { return false }
        let release = withUnsafeBytes(of: name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let modules = (try? PosixFiles.read("/lib/modules/\(release)/modules.dep")) ?? []
        return String(decoding: modules, as: UTF8.self).split(separator: "\n").contains { line in
            (line.split(separator: ":").first ?? "").contains("/wireguard.ko")
        }
    }

    private func checkTunnelDevice() throws(Failure) {
        guard !hasKernelWireGuard, access("/dev/net/tun", R_OK | W_OK) != 0 else { return }
        let reason = String(cString: strerror(errno))
        throw Failure(
            .permission, .labNoTunnelDevice, "/dev/net/tun cannot be opened: \(reason)",
            hint: "sudo modprobe tun && ls -l /dev/net/tun")
    }

    private func refused(_ complaint: String) -> Failure {
        let switches = [
            ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
            ("kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"),
            ("user/max_user_namespaces", "0", "user.max_user_namespaces=10000"),
        ]
        let found = switches.first { path, value, _ in
            guard let bytes = try? PosixFiles.read("/proc/sys/\(path)") else { return false }
            return trimmed(String(decoding: bytes, as: UTF8.self)) == value
        }
        let enable = found.map { "sudo sysctl -w \($0.2), or " } ?? ""
        return Failure(
            .permission, .labNoUserNamespaces, "the kernel refuses the lab its namespaces: \(complaint)",
            hint: "\(enable)run the same command with sudo")
    }
}
