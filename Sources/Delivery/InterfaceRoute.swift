package import Addresses

/// A route through the interface.
package struct InterfaceRoute: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let prefix: IPPrefix
    /// The number or name of its table.
    package let table: String

    package init(_ prefix: IPPrefix, table: String = "main") {
        self.prefix = prefix
        self.table = table == "254" ? "main" : table
    }

    package var description: String { table == "main" ? "\(prefix)" : "\(prefix) table \(table)" }

    package static func < (left: InterfaceRoute, right: InterfaceRoute) -> Bool {
        left.prefix == right.prefix ? left.table < right.table : left.prefix < right.prefix
    }
}
