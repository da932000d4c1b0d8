/// The name of a WireGuard interface, and so of its file in /etc/wireguard: 1 to 15 of `[a-zA-Z0-9_=+.-]`.
///
/// The pattern is wg-quick's own (`wg-quick.bash`, parse_options). Refused beyond it: `.` and `..` (the kernel's
/// dev_valid_name, and folders); a leading hyphen (an option for ip(8)); a trailing plus (a wildcard for iptables -i);
/// `all` and `interfaces` (words of `wg show`), `all` and `default` (folders of net.ipv4.conf), `lo` (the loopback).
package struct InterfaceName: TextValue {
    /// The name as written.
    package let name: String

    /// Names that mean something else to a program which is given them.
    private static let reserved: [String] = ["all", "default", "interfaces", "lo"]

    /// Reads a name; case counts.
    package init(parsing bytes: Span<UInt8>) throws(AddressError) {
        do throws(Refusal) {
            if let reason = InterfaceName.fault(bytes) { throw Refusal(reason) }
            name = bytes.text(in: 0..<bytes.count)
            if InterfaceName.reserved.contains(name) { throw Refusal(.interfaceNameReserved) }
        } catch {
            throw AddressError(error, noun: "interface name", bytes: bytes)
        }
    }

    private static func fault(_ bytes: Span<UInt8>) -> AddressError.Reason? {
        if bytes.count == 0 { return .emptyInterfaceName }
        if bytes.count > 15 { return .interfaceNameTooLong }
        for index in 0..<bytes.count where !isAllowed(bytes[index]) { return .interfaceNameCharacter }
        if bytes[0] == ASCII.dot, bytes.count == 1 || (bytes.count == 2 && bytes[1] == ASCII.dot) {
            return .interfaceNameDots
        }
        if bytes[0] == ASCII.hyphen { return .interfaceNameHyphen }
        return bytes[bytes.count - 1] == ASCII.plus ? .interfaceNamePlus : nil
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x2b, 0x2d, 0x2e, 0x3d, 0x5f: true
        default: ASCII.isDigit(byte) || ASCII.isLetter(byte)
        }
    }

    /// The name of the second interface of a mesh whose keys rotate: this one and `-b`; nil when that is too long.
    package var twin: InterfaceName? { try? InterfaceName(parsing: name + "-b") }

    /// The name.
    package var description: String { name }
}

extension InterfaceName: Comparable {
    /// By bytes, so that the order is the same everywhere.
    package static func < (left: InterfaceName, right: InterfaceName) -> Bool {
        left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
    }
}
