package import Diagnostics
import MeshModel

/// What a policy may ask of a dialect beyond allowing ports through the tunnel.
package enum FirewallCapability: String, CaseIterable, Comparable, Sendable {
    /// Refusing what comes in by the underlay, but for WireGuard, published services and exceptions.
    case underlayIngress = "a guarded underlay"
    /// Refusing what leaves for other members' underlay addresses.
    case underlayEgress = "a guard on what leaves"
    /// Refusing what leaves through the tunnel.
    case overlayEgress = "rules on what leaves through the tunnel"
    /// Counting what would be refused.
    case watching = "guard: {plaintext: log}"
    /// Passing on packets between others by rules.
    case transit = "rules for forwarded traffic"
    /// Masquerading for peers without a way of their own to the Internet.
    case exit = "exits:"
    /// Rules that end by themselves.
    case expiry = "until:"
    /// Leaving pings unanswered.
    case echoPolicy = "icmp: none"
    /// Other meshes on the same host.
    case neighbors = "beside:"
    /// A second interface that keys rotate to.
    case twin = "rotation:"
    /// Rules that go with the interface.
    case unloading = "unload: with-interface"

    package static func < (a: FirewallCapability, b: FirewallCapability) -> Bool { a.rawValue < b.rawValue }
}

/// What a host's policy asks of its dialect, with the place in the mesh file that asks for it.
package struct FirewallDemand: Sendable {
    package let capability: FirewallCapability
    package let location: SourceLocation
}

extension FirewallPlan {
    /// What the policy of one host asks for; the first place of each, in the order of the file.
    package func demands(of host: Int, neighbors: [NeighborMesh] = []) -> [FirewallDemand] {
        demands(of: host, in: policy(for: host, neighbors: neighbors))
    }

    /// The same for a policy of the host that is at hand.
    package func demands(of host: Int, in policy: FirewallPolicy) -> [FirewallDemand] {
        guard let declared = mesh.declared.policy else { return [] }
        let place = mesh.peers[host].declared.location
        var result: [FirewallDemand] = [FirewallDemand(capability: .overlayEgress, location: declared.location)]
        func ask(_ capability: FirewallCapability, _ location: SourceLocation?) {
            result.append(FirewallDemand(capability: capability, location: location ?? declared.location))
        }
        if policy.guardMode != .off {
            ask(.underlayIngress, declared.location)
            if policy.members != nil { ask(.underlayEgress, declared.location) }
        }
        if policy.guardMode == .log { ask(.watching, declared.location) }
        if !policy.transit.isEmpty || policy.forwards && policy.exit == nil { ask(.transit, place) }
        if policy.exit != nil { ask(.exit, declared.exits.first?.location) }
        let untils =
            (policy.ingress + policy.egress).filter { $0.until != nil }.flatMap(\.rules)
            + policy.transit.filter { $0.until != nil }.flatMap(\.rules)
        if !untils.isEmpty {
            let ending = declared.rules.first { rule in
                rule.until != nil && rule.services.contains { untils.contains(rule.label(of: $0, in: mesh.declared)) }
            }
            ask(.expiry, ending?.until?.location)
        }
        if policy.echo == nil || policy.underlayEcho == .none { ask(.echoPolicy, declared.location) }
        if !policy.neighbors.isEmpty { ask(.neighbors, mesh.declared.beside.first?.location) }
        if policy.twin != nil { ask(.twin, declared.location) }
        if policy.unload == .withInterface { ask(.unloading, declared.location) }
        return result
    }
}
