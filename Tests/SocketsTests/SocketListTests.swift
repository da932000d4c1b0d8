import Addresses
import Diagnostics
import MeshModel
import Sockets
import Testing

/// `tcp 0.0.0.0 80 nginx` and so on, in the list's own order.
func texts(_ input: String) throws(Failure) -> [String] {
    try SocketList(parsing: Array(input.utf8), file: "ss.txt").sockets.map { socket in
        ([socket.transport.rawValue, socket.bound.description, "\(socket.port)"] + socket.programs).joined(
            separator: " ")
    }
}

/// The findings of a list that is refused, as `id line:column`; none when it is not.
func refusals(_ input: [UInt8]) -> [String] {
    do throws(Failure) {
        _ = try SocketList(parsing: input, file: "ss.txt")
        return []
    } catch {
        return error.diagnostics.map { "\($0.id) \($0.location?.line ?? 0):\($0.location?.column ?? 0)" }
    }
}

@Suite struct SocketListTests {
    @Test func `every form of an address that ss writes`() throws {
        let lines = [
            "0.0.0.0:22 0.0.0.0:*", "[::]:22 [::]:*", "*:80 *:*", "127.0.0.1:6379 0.0.0.0:*", "[::1]:6379 [::]:*",
            "[fd5a:3c71:9e00:1234:5678:9abc:def0:1234]:3306 [::]:*", "[::ffff:127.0.0.1]:8005 *:*",
            "0.0.0.0%eth0:81 0.0.0.0:*", "*%eth1:82 *:*", "[fe80::1]%eth0:83 [::]:*", "127.0.0.53%lo:53 0.0.0.0:*",
            "[::ffff:0.0.0.0]:84 *:*",
        ]
        let input = lines.map { "tcp   LISTEN 0 128 \($0)  \n" }.joined()
        #expect(
            try texts(input) == [
                "tcp 0.0.0.0 22", "tcp [::] 22", "tcp 127.0.0.53%lo 53", "tcp * 80", "tcp 0.0.0.0%eth0 81",
                "tcp *%eth1 82", "tcp [fe80::1]%eth0 83", "tcp 0.0.0.0 84",
                "tcp [fd5a:3c71:9e00:1234:5678:9abc:def0:1234] 3306", "tcp 127.0.0.1 6379", "tcp [::1] 6379",
                "tcp 127.0.0.1 8005",
            ])
    }

    @Test func `the forms of old ss and of netstat`() throws {
        let input = """
            tcp LISTEN 0 128 :::22 :::*
            tcp LISTEN 0 128 ::1:631 :::*
            udp UNCONN 0 0 fe80::1%eth0:546 :::*
            Active Internet connections (only servers)
            Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name
            tcp        0      0 0.0.0.0:3306            0.0.0.0:*               LISTEN      412/mariadbd
            tcp6       0      0 :::80                   :::*                    LISTEN      -
            tcp6       0      0 ::1:6379                :::*                    LISTEN      77/redis-server 12
            udp        0      0 127.0.0.53:53           0.0.0.0:*                           1/systemd-resolve
            udp6       0      0 :::51820                :::*                                -
            tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN      9/sshd: /usr/sbin/s
            """
        #expect(
            try texts(input) == [
                "tcp * 22", "tcp 0.0.0.0 22 sshd", "tcp * 80", "tcp [::1] 631", "tcp 0.0.0.0 3306 mariadbd",
                "tcp [::1] 6379 redis-server", "udp 127.0.0.53 53 systemd-resolve", "udp [fe80::1]%eth0 546",
                "udp * 51820",
            ])
    }

    @Test func `names of programs hold what they like`() throws {
        let input = #"""
            Netid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess
            tcp LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=12,fd=6),("nginx",pid=13,fd=6))
            tcp LISTEN 0 1 0.0.0.0:81 0.0.0.0:* users:(("a (b) "c"",pid=1,fd=2),("d e",pid=3,fd=4))
            tcp LISTEN 0 1 0.0.0.0:82 0.0.0.0:* users:(("",pid=1,fd=2))
            tcp LISTEN 0 1 0.0.0.0:83 0.0.0.0:*
            """#
        #expect(
            try texts(input) == [
                "tcp 0.0.0.0 80 nginx", #"tcp 0.0.0.0 81 a (b) "c" d e"#, "tcp 0.0.0.0 82 ", "tcp 0.0.0.0 83",
            ])
    }

    @Test func `Windows' line ends, a byte order mark, blank lines and one socket of many processes`() throws {
        let input =
            "\u{feff}Netid State\r\n\r\n  \t\r\n"
            + "tcp LISTEN 0 1 0.0.0.0:80 0.0.0.0:* users:((\"b\",pid=2,fd=1))\r\n"
            + "tcp LISTEN 0 1 0.0.0.0:80 0.0.0.0:* users:((\"a\",pid=1,fd=1))"
        #expect(try texts(input) == ["tcp 0.0.0.0 80 a b"])
    }

    @Test func `titles alone are a host on which nothing listens`() throws {
        #expect(try texts("Netid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n") == [])
        #expect(refusals([]) == ["empty-socket-list 1:1"])
        #expect(refusals(Array(" \r\n\n".utf8)) == ["empty-socket-list 1:1"])
    }

    @Test(arguments: [
        ("tcp LISTEN 0 128 0.0.0.0:ssh 0.0.0.0:*", "unknown-socket-line 1:18"),
        ("tcp LISTEN 0 128 0.0.0.0:0 0.0.0.0:*", "unknown-socket-line 1:18"),
        ("tcp LISTEN 0 128 0.0.0.0:* 0.0.0.0:*", "unknown-socket-line 1:18"),
        ("tcp LISTEN 0 128 0.0.0.0:70000 0.0.0.0:*", "unknown-socket-line 1:18"),
        ("tcp LISTEN 0 128 localhost:80 0.0.0.0:*", "unknown-socket-line 1:18"),
        ("tcp LISTEN 0 128 [::1:80 [::]:*", "unknown-socket-line 1:18"),
        ("tcp LISTEN 0 128 [10.0.0.1]:80 0.0.0.0:*", "unknown-socket-line 1:18"),
        ("tcp LISTEN 0 128 1.2.3.4%:80 0.0.0.0:*", "unknown-socket-line 1:18"),
        ("tcp LISTEN 0 128 1.2.3.4:80 5.6.7.8:44210", "unknown-socket-line 1:29"),
        ("tcp LISTEN 0 128 1.2.3.4:80", "unknown-socket-line 1:1"),
        ("tcp LISTEN 0 many 1.2.3.4:80 0.0.0.0:*", "unknown-socket-line 1:14"),
        ("tcp ESTAB 0 0 1.2.3.4:80 5.6.7.8:1", "unknown-socket-line 1:5"),
        ("tcp UNCONN 0 0 1.2.3.4:80 0.0.0.0:*", "unknown-socket-line 1:5"),
        ("udp LISTEN 0 0 1.2.3.4:80 0.0.0.0:*", "unknown-socket-line 1:5"),
        ("LISTEN 0 128 0.0.0.0:80 0.0.0.0:*", "unknown-socket-line 1:1"),
        ("tcp6 LISTEN 0 128 [::]:80 [::]:*", "unknown-socket-line 1:1"),
        ("u_str LISTEN 0 128 /run/x 1 * 0", "unknown-socket-line 1:1"),
        ("Netzid Status", "unknown-socket-line 1:1"),
        ("Active Internet connections (servers and established)", "unknown-socket-line 1:1"),
        ("Aktive Internetverbindungen (Nur Server)", "unknown-socket-line 1:1"),
        ("tcp LISTEN 0 1 0.0.0.0:1 0.0.0.0:* users:((\"a\",pid=1,fd=2)", "unknown-socket-line 1:36"),
        ("tcp LISTEN 0 1 0.0.0.0:1 0.0.0.0:* users:((\"a\",pid=1,fd=2)) ino:7", "unknown-socket-line 1:36"),
        ("tcp 0 0 0.0.0.0:22 0.0.0.0:* HÖRT -", "unknown-socket-line 1:30"),
        ("tcp 0 0 0.0.0.0:22 0.0.0.0:*", "unknown-socket-line 1:1"),
        ("tcp 0 0 0.0.0.0:22 0.0.0.0:* LISTEN 0 1234 9/sshd", "unknown-socket-line 1:37"),
        ("tcp6 0 0 fd5a:3c71:9e00::12:3306 :::* LISTEN -", "cut-socket-address 1:10"),
        ("udp6 0 0 fe80::a00:27ff:fe4e:546 :::* -", "cut-socket-address 1:10"),
    ])
    func `what is no line of theirs is refused at its place`(line: String, finding: String) {
        #expect(refusals(Array(line.utf8)) == [finding])
    }

    @Test func `every bad line is named, up to a hundred`() {
        #expect(refusals(Array("x\ntcp LISTEN 0 1 0.0.0.0:1 0.0.0.0:*\ny\n".utf8)).count == 2)
        #expect(refusals(Array(String(repeating: "x\n", count: 500).utf8)).count == 100)
    }
}
