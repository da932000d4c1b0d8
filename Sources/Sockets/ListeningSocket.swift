package import Addresses
package import MeshModel

/// A socket that waits for others.
package struct ListeningSocket: Hashable, Sendable {
    package let transport: Transport
    package let bound: BoundAddress
    package let port: Port
    /// The names of the programs that have it open, sorted and each once; empty where the tool did not say, as for
    /// other users' sockets and for the kernel's own.
    package let programs: [String]

    package init(_ transport: Transport, _ bound: BoundAddress, _ port: Port, programs: [String] = []) {
        self.transport = transport
        self.bound = bound
        self.port = port
        self.programs = Set(programs).sorted()
    }
}

extension ListeningSocket: Comparable {
    /// By protocol, port and address.
    package static func < (a: ListeningSocket, b: ListeningSocket) -> Bool {
        if a.transport != b.transport { return a.transport < b.transport }
        if a.port != b.port { return a.port < b.port }
        return a.bound == b.bound ? a.programs.lexicographicallyPrecedes(b.programs) : a.bound < b.bound
    }
}
