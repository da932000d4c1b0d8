import Diagnostics

// What the house refuses.
extension YAMLReader {
    mutating func refuse(
        anchor: UnsafeMutablePointer<UInt8>?, tag: UnsafeMutablePointer<UInt8>?, _ place: YAMLPlace
    ) {
        if let anchor {
            report(
                .yamlAnchor, place, "the value has an anchor (\(quoted("&" + String(cString: anchor))))",
                hint: "delete the anchor, and write the value out where it is repeated")
        }
        if let tag {
            report(
                .yamlTag, place, "the value has a tag (\(quoted(String(cString: tag))))",
                hint: "delete the tag: every value is text")
        }
    }

    /// `? key` is a key that may span lines; only the plain `key:` is taken. The mark may stand on an earlier line.
    func isExplicitKey(_ place: YAMLPlace) -> Bool {
        let blanks: [UInt8] = [0x20, 0x09, 0x0D, 0x0A]
        if frames.last?.layout == .block {
            let next = bytes[Int(place.end)...].first { $0 != 0x20 && $0 != 0x09 }
            if next != UInt8(ascii: ":") { return true }
        }
        var index = Int(place.start) - 1
        guard index >= 0, blanks.contains(bytes[index]) else { return false }
        while index >= 0, blanks.contains(bytes[index]) { index -= 1 }
        guard index >= 0, bytes[index] == UInt8(ascii: "?") else { return false }
        let line = bytes[..<index].split(separator: 0x0A, omittingEmptySubsequences: false).last ?? []
        if bytes[index..<Int(place.start)].contains(0x0A), line.contains(UInt8(ascii: "#")) { return false }
        return index == 0
            || [0x0A, 0x20, UInt8(ascii: "{"), UInt8(ascii: ","), UInt8(ascii: "[")].contains(bytes[index - 1])
    }

    mutating func reportComplexKey(_ place: YAMLPlace) {
        report(
            .yamlComplexKey, place, "a key that is not a plain \"key:\"",
            hint: "write the key as one word followed by a colon")
    }

    mutating func refuseDuplicates(_ entries: [YAMLEntry]) {
        if entries.count <= 12 {
            for later in entries.indices.dropFirst() {
                guard let earlier = entries[..<later].first(where: { $0.name == entries[later].name }) else { continue }
                reportDuplicate(entries[later], earlier)
            }
            return
        }
        var seen: [String: Int] = [:]
        seen.reserveCapacity(entries.count)
        for (index, entry) in entries.enumerated() {
            if let earlier = seen.updateValue(index, forKey: entry.name) {
                reportDuplicate(entry, entries[earlier])
                seen[entry.name] = earlier
            }
        }
    }

    private mutating func reportDuplicate(_ entry: YAMLEntry, _ earlier: YAMLEntry) {
        report(
            .duplicateKey, entry.key.place,
            "\(quoted(entry.name)) stands here again; it stands at line \(earlier.key.line) already",
            hint: "delete one of the two, or give it another name")
    }
}
