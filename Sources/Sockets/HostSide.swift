import Addresses
import MeshModel

/// From where a socket can be met.
enum HostSide: Hashable, Sendable, CaseIterable {
    case loopback
    /// Through the mesh.
    case overlay
    /// On the interface of public services.
    case publicSide
    /// On any other: the VPC, a network behind the host.
    case privateSide
    /// An address of the mesh that the peer does not have.
    case nowhere

    var isUnderlay: Bool { self == .publicSide || self == .privateSide }
}

/// A side in one family.
struct HostSpot: Hashable, Sendable {
    let side: HostSide
    let family: IPFamily
}

/// A peer's addresses and interfaces, by which it is decided where a bound address is.
struct HostSides: Sendable {
    let overlay: [IPAddress]
    let publicAddresses: [IPAddress]
    private let privateAddresses: [IPAddress]
    private let prefixes: [IPPrefix]
    private let meshInterfaces: [String]
    private let publicInterface: String?

    init(_ mesh: Mesh, _ peer: Int) {
        let declared = mesh.peers[peer].declared
        overlay = mesh.peers[peer].addresses
        publicAddresses = declared.publicAddresses.map(\.value)
        privateAddresses = declared.privateAddresses.map(\.value)
        prefixes = mesh.prefixes
        meshInterfaces = mesh.declared.interfaces(of: mesh.declaredIndices[peer]).map(\.name)
        publicInterface = declared.site.flatMap { mesh.sites[$0].publicInterface?.name }
    }

    func spots(of bound: BoundAddress) -> Set<HostSpot> {
        var result: Set<HostSpot> = []
        for family in bound.families {
            for side in sides(of: bound, family) { result.insert(HostSpot(side: side, family: family)) }
        }
        return result
    }

    private func sides(of bound: BoundAddress, _ family: IPFamily) -> [HostSide] {
        if case .one(let address) = bound.host { return [side(of: address, on: bound.interface)] }
        if let interface = bound.interface { return [side(of: interface)] }
        return overlay.contains { $0.family == family }
            ? [.loopback, .overlay, .publicSide, .privateSide] : [.loopback, .publicSide, .privateSide]
    }

    private func side(of address: IPAddress, on interface: String?) -> HostSide {
        if address.isLoopback || interface == "lo" { return .loopback }
        if overlay.contains(address) { return .overlay }
        if prefixes.contains(where: { $0.contains(address) }) { return .nowhere }
        if publicAddresses.contains(address) { return .publicSide }
        if privateAddresses.contains(address) { return .privateSide }
        if let interface { return side(of: interface) }
        return address.isPrivate || address.isLinkLocal || address.isMulticast ? .privateSide : .publicSide
    }

    /// Where the site names no public interface, every one is.
    private func side(of interface: String) -> HostSide {
        if interface == "lo" { return .loopback }
        if meshInterfaces.contains(interface) { return .overlay }
        return publicInterface.map { $0 == interface } ?? true ? .publicSide : .privateSide
    }
}
