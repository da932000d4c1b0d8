import Glibc

/// Traffic between all hosts of a mesh while something happens to it, every packet of it counted.
///
///     rotation-load NAME,PROCESS,IPV4,IPV6 …          each host's network is that of the process
///
/// One process holds the sockets of all hosts, so that what was sent, what arrived and when are in one memory and of one
/// clock. For each ordered pair and both families a UDP probe every 10 ms to port 7000, from a source port that is new
/// each second, so that firewalls see new connections too; and for each ordered pair a TCP connection to port 7001 with
/// a few bytes every 50 ms, over IPv4 one way and over IPv6 the other.
///
/// Prints `{"event":"sending"}` when all streams are connected and probes begin. On SIGINT it goes on until every flow
/// arrives (20 s at most), then stops sending, waits for what is under way, and prints a line of JSON for each flow,
/// stream and host, and the total.
do {
    let hosts = try CommandLine.arguments.dropFirst().map { try LoadedHost(parsing: $0) }
    guard hosts.count > 1 else { throw LoadError("give two hosts or more, as NAME,PROCESS,IPV4,IPV6") }
    let home = try LoadedHost.home()
    signal(SIGPIPE, SIG_IGN)
    signal(SIGINT) { _ in Load.isAskedToStop = true }
    let load = try Load(hosts, home: home)
    try load.run()
    LoadReport(load).print()
} catch {
    let text = "rotation-load: \(error)\n"
    write(2, text, text.utf8.count)
    exit(1)
}
