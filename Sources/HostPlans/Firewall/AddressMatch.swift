package import Addresses

/// Some prefixes, at least one: sorted, none inside of another.
package struct PrefixSet: Hashable, Sendable {
    package let prefixes: [IPPrefix]

    /// Nil when there is nothing to match: an empty set must never turn into any.
    package init?(_ prefixes: some Sequence<IPPrefix>) {
        var result: [IPPrefix] = []
        for prefix in prefixes.sorted() where !(result.last?.contains(prefix) ?? false) { result.append(prefix) }
        if result.isEmpty { return nil }
        self.prefixes = result
    }

    /// The prefixes of one family; nil when there are none.
    package func narrowed(to family: IPFamily) -> PrefixSet? { PrefixSet(prefixes.filter { $0.family == family }) }

    package func contains(_ address: IPAddress) -> Bool {
        // The last that begins at or before the address is the only one that can hold it.
        var low = 0
        var high = prefixes.count
        while low < high {
            let middle = (low + high) / 2
            if prefixes[middle].network <= address { low = middle + 1 } else { high = middle }
        }
        return low > 0 && prefixes[low - 1].contains(address)
    }

    package func union(_ other: PrefixSet?) -> PrefixSet {
        other.flatMap { PrefixSet(prefixes + $0.prefixes) } ?? self
    }
}

extension PrefixSet {
    /// The prefixes that do not lie in a set whole; nil when all do.
    package func beyond(_ other: PrefixSet?) -> PrefixSet? {
        guard let other else { return self }
        return PrefixSet(prefixes.filter { !other.contains($0.first) || !other.contains($0.last) })
    }
}

/// What an address is held against.
package enum AddressMatch: Hashable, Sendable {
    case any
    case only(PrefixSet)

    /// Nil when nothing of the family could match: what depends on it is left out.
    package func narrowed(to family: IPFamily) -> AddressMatch? {
        switch self {
        case .any: return .any
        case .only(let set): return set.narrowed(to: family).map { .only($0) }
        }
    }

    /// What is left once a set has been sorted out, prefix by prefix; nil for nothing.
    package func beyond(_ set: PrefixSet?) -> AddressMatch? {
        switch self {
        case .any: return .any
        case .only(let own): return own.beyond(set).map { .only($0) }
        }
    }

    package func contains(_ address: IPAddress) -> Bool {
        switch self {
        case .any: return true
        case .only(let set): return set.contains(address)
        }
    }
}
