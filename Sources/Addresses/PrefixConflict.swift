/// Two prefixes of a list that overlap, with what each one is.
package struct PrefixConflict<Label: Sendable>: Sendable {
    /// A prefix and what it is, such as the name of a peer or a site with its place in a file.
    package struct Entry: Sendable {
        /// The prefix to compare.
        package let prefix: IPPrefix
        /// What it is; carried along, never looked at except by `matters`.
        package let label: Label

        /// A prefix with its label.
        package init(_ prefix: IPPrefix, _ label: Label) {
            self.prefix = prefix
            self.label = label
        }
    }

    /// The one that stands earlier in the list.
    package let earlier: Entry
    /// The one that stands later in the list, where a finding should point.
    package let later: Entry

    /// The conflicts of a list, in the order of their later, then earlier entries.
    ///
    /// Prefixes overlap only by nesting, so that each is reported with the nearest one around it (or equal to it) for
    /// which `matters` is true, and not with every further one: each prefix that lies in another is named, and the
    /// result is never longer than the list. O(n log n) as long as `matters` is true of most nested pairs.
    package static func among(
        _ entries: [Entry], where matters: (Label, Label) -> Bool = { _, _ in true }
    ) -> [PrefixConflict] {
        let order = entries.indices.sorted {
            entries[$0].prefix == entries[$1].prefix ? $0 < $1 : entries[$0].prefix < entries[$1].prefix
        }
        var around: [Int] = []
        var pairs: [(later: Int, earlier: Int)] = []
        for index in order {
            while let last = around.last, !entries[last].prefix.contains(entries[index].prefix) { around.removeLast() }
            if let near = around.last(where: { matters(entries[$0].label, entries[index].label) }) {
                pairs.append((max(near, index), min(near, index)))
            }
            around.append(index)
        }
        return pairs.sorted { $0 < $1 }.map { PrefixConflict(earlier: entries[$0.earlier], later: entries[$0.later]) }
    }
}
