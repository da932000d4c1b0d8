import Diagnostics

/// Who publishes a service has an address where the public finds it.
enum PublicServices: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        guard let view = input.policy else { return [] }
        return view.policy.services.flatMap { service in
            service.exposures.compactMap { exposure -> Diagnostic? in
                if exposure.exposure != .public { return nil }
                let members = view.members(of: exposure.on)
                let hidden = PeerBits(capacity: view.enabled.count) { bit in
                    let peer = view.mesh.peers[view.enabled[bit]]
                    return members.contains(bit) && peer.publicAddresses.isEmpty && peer.endpoint == nil
                }
                if hidden.isEmpty { return nil }
                return Diagnostic(
                    .publicWithoutAddress, at: exposure.location,
                    "\(quoted(service.name)) is public on \(HostList.text(hidden, view)), without a public address",
                    hint: "give the host `public:`, or make the service private")
            }
        }
    }
}
