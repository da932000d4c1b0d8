/// A range of addresses that well-known software or providers take for themselves, so that a mesh better avoids it.
///
/// Sources, read in 2026:
/// - Docker: moby/moby, libnetwork/ipamutils/utils.go, `localScopeDefaultNetworks` (172.17.0.0/16 is the first of
///   them and so the default bridge, docker0). Swarm's own 10.0.0.0/8 is left out: every mesh in 10/8 would be named.
/// - Kubernetes: `kubeadm init --service-cidr` (10.96.0.0/12); flannel's kube-flannel.yml `Network` (10.244.0.0/16);
///   Calico's `CALICO_IPV4POOL_CIDR` (192.168.0.0/16).
/// - DigitalOcean: the VPC release note of 7 March 2025 (10.229.0.0/16, all regions) and the section "Reserved IP
///   Addresses and Ranges" of docs.digitalocean.com/products/networking/vpc/concepts/plan-your-network, as
///   project-planton's DigitalOcean VPC guide lists it (10.10.0.0/16 is reserved in nyc1 only).
/// - RFC 3927 (link-local; 169.254.169.254 serves the clouds' metadata), RFC 6598 (shared address space;
///   tailscale.com/kb/1015: Tailscale numbers its nodes from it), RFC 5737 and RFC 3849 and RFC 9637 (documentation).
package struct ReservedRange: Hashable, Sendable {
    /// The range.
    package let prefix: IPPrefix
    /// Who takes it, as a message names it: `Docker's default bridge (docker0)`.
    package let owner: String

    private init?(_ first: IPAddress, _ length: Int, _ owner: String) {
        guard let prefix = IPPrefix(containing: first, length: length) else { return nil }
        self.prefix = prefix
        self.owner = owner
    }

    /// The whole table, sorted by prefix, then by owner.
    package static let all: [ReservedRange] = table.sorted {
        $0.prefix == $1.prefix ? $0.owner < $1.owner : $0.prefix < $1.prefix
    }

    /// The ranges which share an address with the prefix, in the order of the table; empty when it is free of them.
    package static func overlapping(_ prefix: IPPrefix) -> [ReservedRange] {
        all.filter { $0.prefix.overlaps(prefix) }
    }

    private static let table: [ReservedRange] = [
        ReservedRange(.v4(0xac11_0000), 16, "Docker's default bridge (docker0)"),
        ReservedRange(.v4(0xac12_0000), 15, docker),
        ReservedRange(.v4(0xac14_0000), 14, docker),
        ReservedRange(.v4(0xac18_0000), 13, docker),
        ReservedRange(.v4(0xc0a8_0000), 16, docker),
        ReservedRange(.v4(0x0a60_0000), 12, "Kubernetes' default service network (kubeadm)"),
        ReservedRange(.v4(0x0af4_0000), 16, "Kubernetes' default pod network with flannel"),
        ReservedRange(.v4(0xc0a8_0000), 16, "Kubernetes' default pod network with Calico"),
        ReservedRange(.v4(0x0ae5_0000), 16, digitalOcean),
        ReservedRange(.v4(0x0af4_0000), 16, digitalOcean),
        ReservedRange(.v4(0x0af5_0000), 16, digitalOcean),
        ReservedRange(.v4(0x0af6_0000), 24, digitalOcean),
        ReservedRange(.v4(0x0a0a_0000), 16, "DigitalOcean's internal use in nyc1"),
        ReservedRange(.v4(0xa9fe_0000), 16, "link-local addresses and the clouds' metadata service"),
        ReservedRange(.v4(0x6440_0000), 10, "carrier-grade NAT and Tailscale"),
        ReservedRange(.v4(0xc000_0200), 24, documentation),
        ReservedRange(.v4(0xc633_6400), 24, documentation),
        ReservedRange(.v4(0xcb00_7100), 24, documentation),
        ReservedRange(.v6(0x2001_0db8 << 96), 32, documentation),
        ReservedRange(.v6(0x3fff << 112), 20, documentation),
        ReservedRange(.v6(0xfe80 << 112), 10, "link-local addresses"),
        ReservedRange(.v6(0xfd7a_115c_a1e0 << 80), 48, "Tailscale"),
    ].compactMap { $0 }

    private static let docker = "Docker's default address pools"
    private static let digitalOcean = "DigitalOcean's internal use"
    private static let documentation = "documentation (RFC 5737, RFC 3849, RFC 9637)"
}

extension ReservedRange: CustomStringConvertible {
    /// `172.17.0.0/16 (Docker's default bridge (docker0))`.
    package var description: String { "\(prefix) (\(owner))" }
}
