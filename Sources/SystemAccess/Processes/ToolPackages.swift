/// The Debian package that brings a tool; nil if it is not one of ours to know.
package func debianPackage(of tool: String) -> String? { packages[tool] }

/// Debian 12, `dpkg -S`.
private let packages: [String: String] = [
    "wg": "wireguard-tools", "wg-quick": "wireguard-tools", "wireguard-go": "wireguard-go",
    "ip": "iproute2", "ss": "iproute2", "tc": "iproute2",
    "nft": "nftables", "iptables": "iptables", "ip6tables": "iptables", "iptables-restore": "iptables",
    "ip6tables-restore": "iptables", "iptables-save": "iptables", "ipset": "ipset", "ufw": "ufw",
    "firewall-cmd": "firewalld", "firewall-offline-cmd": "firewalld", "conntrack": "conntrack",
    "unshare": "util-linux", "nsenter": "util-linux", "flock": "util-linux", "mount": "mount",
    "ping": "iputils-ping", "tcpdump": "tcpdump", "qrencode": "qrencode", "sysctl": "procps",
    "ssh": "openssh-client", "scp": "openssh-client", "rsync": "rsync", "git": "git", "systemctl": "systemd",
    "bash": "bash", "sh": "dash", "tar": "tar", "resolvconf": "openresolv", "dot": "graphviz",
]
