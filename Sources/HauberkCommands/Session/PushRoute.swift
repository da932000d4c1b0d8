import Addresses
import ArgumentParser
import Delivery
import Diagnostics
import MeshModel
import SystemAccess

/// What `push --via` takes: which of a peer's addresses ssh connects to.
enum PushVia: String, CaseIterable, ExpressibleByArgument {
    /// What ssh_config(5) says of the peer's name.
    case name
    case `public`
    case `private`
    case overlay
}

/// How the hosts of a mesh are reached.
struct PushRoute: Sendable {
    /// Nil takes what ssh_config(5) knows, else the first of public, private, endpoint and overlay that there is.
    var via: PushVia?
    var user: String?
    var configuration: String?

    /// Nil when the peer has no address of that kind.
    func target(of peer: Peer, _ tools: any ToolRunning) async throws -> SSHTarget? {
        var target = SSHTarget(name: peer.name, user: user, configuration: configuration)
        switch via {
        case .name: return target
        case .public: target.address = publicHost(peer)
        case .private: target.address = peer.declared.privateAddresses.first?.value.description
        case .overlay: target.address = peer.addresses.first?.description
        case nil:
            let answer = try await tools.run(ToolRun("ssh", target.question))
            guard answer.succeeded else {
                let why = answer.errorText.split(separator: "\n").last.map(String.init) ?? "ssh -G failed"
                throw Failure(.inputOutput, .toolFailed, "ssh does not read its configuration: \(why)")
            }
            if SSHTarget.configuredHost(in: answer.outputText, for: peer.name) != nil { return target }
            target.address =
                publicHost(peer) ?? peer.declared.privateAddresses.first?.value.description
                ?? peer.addresses.first?.description
        }
        return target.address == nil ? nil : target
    }

    private func publicHost(_ peer: Peer) -> String? {
        if let address = peer.declared.publicAddresses.first { return address.value.description }
        switch peer.declared.endpoint?.host {
        case .address(let address): return address.description
        case .name(let name): return name.name
        case nil: return nil
        }
    }
}
