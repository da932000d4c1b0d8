extension Port {
    /// 51820, the port that WireGuard's own documents use (wireguard.com/quickstart).
    package static let wireGuard = Port(wellKnown: 51_820)

    private init(wellKnown number: UInt16) {
        self.number = number
    }
}

extension InterfaceName {
    /// `wg0`, the name that WireGuard's own documents use.
    package static let wg0 = InterfaceName(wellKnown: "wg0")

    private init(wellKnown name: String) {
        self.name = name
    }
}
