import Diagnostics

/// The hosts' own firewalls: what has to run for them, and the script that every back end renders.
struct LabFirewalls: Sendable {
    let order: LabOrder
    let width: Int

    /// The hosts that have a script, with the interfaces that each is called by: where keys rotate, the first's name.
    private var scripts: [(number: Int, interfaces: [String])] {
        order.topology.hosts.indices.compactMap { number in
            let interfaces = order.trees[number].entries.compactMap { entry -> String? in
                let parts = entry.path.split(separator: "/")
                guard parts.count == 3, parts[0] == "hauberk", parts[2] == "firewall" else { return nil }
                return String(parts[1])
            }.sorted()
            return interfaces.isEmpty ? nil : (number, interfaces)
        }
    }

    /// What a host does as it boots: the daemon of its firewall, then the rules, before any network. The result is a
    /// sentence for each that failed.
    func loadAll(_ finished: (Int, Int) -> Void) async -> [String] {
        let all = scripts
        let problems = try? await concurrently(
            all, width: width,
            { script -> [String] in
                if let problem = await daemon(script.number, LabFirewalls.starting) { return [problem] }
                if let problem = await acceptContainers(script.number) { return [problem] }
                return await run("load", script)
            }, finished: { finished($0, all.count) })
        return (problems ?? []).flatMap { $0 }
    }

    /// Takes the rules away, and with them whatever else the daemon of the host's firewall keeps closed.
    func removeAll(_ finished: (Int, Int) -> Void) async -> [String] {
        let all = scripts
        let problems = try? await concurrently(
            all, width: width,
            { script -> [String] in
                let removed = await run("remove", script)
                return removed + (await daemon(script.number, LabFirewalls.stopping).map { [$0] } ?? [])
            }, finished: { finished($0, all.count) })
        return (problems ?? []).flatMap { $0 }
    }

    /// What the scripts of the hosts say that they counted.
    func reports(of hosts: [String]) async -> [String] {
        var result: [String] = []
        for script in scripts where hosts.contains(order.topology.hosts[script.number].name) {
            for interface in script.interfaces {
                let words = LabHostCommand.words(script.number, [path(interface), "report"])
                result.append(await LabCommand.run(words).output)
            }
        }
        return result
    }

    private func path(_ interface: String) -> String { "/etc/hauberk/\(interface)/firewall" }

    private func run(_ verb: String, _ script: (number: Int, interfaces: [String])) async -> [String] {
        var problems: [String] = []
        for interface in script.interfaces {
            let words = LabHostCommand.words(script.number, [path(interface), verb])
            let result = await LabCommand.run(words, milliseconds: order.options.patience.command)
            if !result.succeeded {
                let name = order.topology.hosts[script.number].name
                problems.append("\(name): \(path(interface)) \(verb) failed: \(result.complaint)")
            }
        }
        return problems
    }

    /// What starts and what ends the daemon of a dialect; none for those without one.
    private static let starting: [LabFirewall: String] = [
        .ufw: "ufw --force enable", .firewalld: firewalld,
    ]
    private static let stopping: [LabFirewall: String] = [
        .ufw: "ufw --force disable", .firewalld: "kill $(cat /run/firewalld.pid) && \(waiting)",
    ]

    /// Runs the commands of a host's dialect, if there are any; a sentence when that fails.
    private func daemon(_ number: Int, _ commands: [LabFirewall: String]) async -> String? {
        let host = order.topology.hosts[number]
        guard let firewall = host.firewall, let command = commands[firewall] else { return nil }
        let result = await LabCommand.run(
            LabHostCommand.words(number, ["sh", "-c", command]), milliseconds: order.options.patience.command)
        if result.succeeded { return nil }
        return "\(host.name): \(firewall.rawValue) did not start or stop: \(result.complaint)"
    }

    /// Where ufw drops what is forwarded, Docker accepts for its containers in the same chain, before it.
    private func acceptContainers(_ number: Int) async -> String? {
        let host = order.topology.hosts[number]
        guard host.firewall == .ufw, !host.containerPorts.isEmpty else { return nil }
        let words = """
            iptables -I FORWARD -o docker0 -m conntrack --ctstate DNAT,RELATED,ESTABLISHED -j ACCEPT &&
            iptables -I FORWARD -i docker0 ! -o docker0 -j ACCEPT
            """
        let result = await LabCommand.run(LabHostCommand.words(number, ["sh", "-c", words]))
        return result.succeeded ? nil : "\(host.name): iptables for its container failed: \(result.complaint)"
    }

    private static let waiting =
        "n=0; while firewall-cmd --state >/dev/null 2>&1; do n=$((n + 1)); [ $n -lt 200 ] || exit 1; sleep 0.1; done"

    /// A bus of its own, on which everybody may do everything, and the daemon.
    private static let firewalld = """
        mkdir -p /run/dbus && cat >/run/dbus/lab.conf <<'END'
        <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
         "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
        <busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen>
        <policy context="default"><allow user="*"/><allow own="*"/><allow send_type="*"/><allow receive_type="*"/>
        <allow send_destination="*"/></policy></busconfig>
        END
        dbus-daemon --config-file=/run/dbus/lab.conf --fork --nopidfile </dev/null >/dev/null 2>&1 || exit 1
        firewalld </dev/null >/dev/null 2>&1
        n=0; until firewall-cmd --state >/dev/null 2>&1; do n=$((n + 1)); [ $n -lt 200 ] || exit 1; sleep 0.1; done
        """
}
