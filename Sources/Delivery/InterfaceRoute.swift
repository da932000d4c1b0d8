package import Addresses

/// A route through the interface.
package struct InterfaceRoute: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let prefix: IPPrefix
    /// The number or name of its table.
    package let table: String
    /// Zero for what a route has that names none: 0 in IPv4, 1024 in IPv6 (ip-route(8)).
    package let metric: UInt32

    package init(_ prefix: IPPrefix, table: String = "main", metric: UInt32 = 0) {
        self.prefix = prefix
        self.table = table == "254" ? "main" : table
        self.metric = prefix.family == .v6 && metric == 1024 ? 0 : metric
    }

    package var description: String {
        "\(prefix)" + (table == "main" ? "" : " table \(table)") + (metric == 0 ? "" : " metric \(metric)")
    }

    package static func < (left: InterfaceRoute, right: InterfaceRoute) -> Bool {
        (left.prefix, left.table, left.metric) < (right.prefix, right.table, right.metric)
    }

    /// As `ip route` takes it, with the interface.
    func words(_ interface: String) -> String {
        let number = metric == 0 && prefix.family == .v6 ? 1024 : metric
        return "\(prefix) dev \(interface) table \(table)" + (number == 0 ? "" : " metric \(number)")
    }
}
