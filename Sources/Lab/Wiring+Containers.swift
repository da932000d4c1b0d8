extension Wiring {
    static func containerNamespace(_ number: Int) -> String { "c\(number)" }

    /// A container whose ports the host publishes as Docker does: by rewriting the destination of what comes to any of
    /// its own addresses, before any rule on input sees it.
    mutating func makeContainer(_ number: Int, _ ports: [UInt16]) {
        let host = Wiring.hostNamespace(number)
        let container = Wiring.containerNamespace(number)
        add(container)
        connect(host, "docker0", container, "eth0")
        edit(host) {
            $0.lines.append("addr add 172.31.255.1/30 dev docker0")
            $0.settings.append(("net.ipv4.ip_forward", "1"))
            $0.filter += Wiring.publishing(ports)
        }
        edit(container) {
            $0.lines += ["addr add 172.31.255.2/30 dev eth0", "route add default via 172.31.255.1 dev eth0"]
        }
    }

    private static func publishing(_ ports: [UInt16]) -> String {
        """
        table ip lab-docker {
            chain publish {
                type nat hook prerouting priority dstnat;
                fib daddr type local tcp dport { \(ports.map(String.init).joined(separator: ", ")) } dnat to 172.31.255.2
            }
            chain hide {
                type nat hook postrouting priority srcnat;
                ip saddr 172.31.255.0/30 oifname != "docker0" masquerade
            }
        }

        """
    }
}
