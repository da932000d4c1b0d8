import CNamespaces
import Diagnostics
import Glibc

/// Turns this process's private namespaces into the lab: mounts, wires, every host's own files.
struct LabBuilder: Sendable {
    let order: LabOrder
    let width: Int

    /// The folder that holds what host `number` has for itself: `etc` and `run`.
    static func home(_ number: Int) -> String { "/run/lab/\(Wiring.hostNamespace(number))" }

    func build() async throws(Failure) {
        do {
            try makeMounts()
            for (number, tree) in order.trees.enumerated() {
                try populate(LabBuilder.home(number), with: tree, order.topology.hosts[number].firewall)
            }
        } catch {
            throw Failure(.inputOutput, .labBroken, "\(error)")
        }
        let wiring = Wiring(order.topology)
        let names = wiring.namespaces.map { "netns add \($0.name)" }
        try await LabCommand.require(["ip", "-batch", "-"], input: names.joined(separator: "\n") + "\n")
        do {
            for namespace in wiring.namespaces { try LabNetwork.configure(namespace.name, namespace.settings) }
            for (number, tree) in order.trees.enumerated() {
                // As systemd-sysctl does: a setting of an interface that is not there is passed over.
                for setting in tree.networkSettings {
                    try? LabNetwork.configure(Wiring.hostNamespace(number), [setting])
                }
            }
        } catch {
            throw Failure(.inputOutput, .labBroken, "\(error)")
        }
        try await LabCommand.require(["ip", "-batch", "-"], input: wiring.links.joined(separator: "\n") + "\n")
        do {
            _ = try await concurrently(wiring.namespaces, width: width) { try await LabBuilder.finish($0) }
        } catch {
            throw (error as? Failure) ?? Failure(.bug, .labBroken, "\(error)")
        }
    }

    private static func finish(_ namespace: Wiring.Namespace) async throws(Failure) {
        let lines = namespace.lines.joined(separator: "\n") + "\n"
        try await LabCommand.require(["ip", "-n", namespace.name, "-batch", "-"], input: lines)
        if !namespace.lines6.isEmpty {
            let lines6 = namespace.lines6.joined(separator: "\n") + "\n"
            try await LabCommand.require(["ip", "-6", "-n", namespace.name, "-batch", "-"], input: lines6)
        }
        if !namespace.filter.isEmpty {
            let words = ["nsenter", "--net=\(LabNetwork.path(of: namespace.name))", "nft", "-f", "-"]
            try await LabCommand.require(words, input: namespace.filter)
        }
    }

    /// A private `/run`; in it the machine's `/etc` as `/run/lab/etc`, for the hosts' own to point at.
    private func makeMounts() throws(PosixError) {
        guard lab_mount_memory("/run") == 0 else { throw PosixError("mount a private /run") }
        if PosixFiles.status("/var/run")?.isFolder == true {
            guard lab_bind("/run", "/var/run") == 0 else { throw PosixError("mount a private /var/run") }
        }
        for folder in ["/run/lab", "/run/lab/etc", "/run/lab/bin", "/run/wireguard"] {
            try PosixFiles.makeFolder(folder)
        }
        guard lab_bind("/etc", "/run/lab/etc") == 0 else { throw PosixError("bind /etc") }
        guard lab_make_read_only("/run/lab/etc") == 0 else { throw PosixError("make /etc read-only") }
        // wg-quick hands DNS servers to resolvconf; a lab host resolves nothing, and this machine must not notice.
        try PosixFiles.write(Array("#!/bin/sh\nexit 0\n".utf8), to: "/run/lab/bin/resolvconf", mode: 0o755)
    }

    /// hosts(5): the lab has no DNS, so the names of endpoints stand here.
    var hostsFile: String {
        let lines = order.topology.hosts.flatMap { host in
            let addresses = (host.publicAddresses.isEmpty ? host.privateAddresses : host.publicAddresses)
            return host.dnsNames.flatMap { name in addresses.map { "\($0) \(name)\n" } }
        }
        return "127.0.0.1 localhost\n::1 localhost\n" + lines.joined()
    }
}
