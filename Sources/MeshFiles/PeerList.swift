package import Diagnostics

/// A value of a peer list, where it stands.
package struct LocatedText: Hashable, Sendable {
    package let text: String
    package let location: SourceLocation

    package init(_ text: String, at location: SourceLocation) {
        self.text = text
        self.location = location
    }
}

/// One field of a peer, named as in `mesh.yaml`.
package struct PeerListField: Hashable, Sendable {
    /// For example `public-key`.
    package let name: String
    /// Never empty, unless the file says so with an empty list; several only for fields that hold lists.
    package let values: [LocatedText]
    package let location: SourceLocation

    /// The value as it goes into `mesh.yaml`: a list in brackets for `groups`, `routes` and `dns` and wherever there are
    /// several values, else one scalar.
    package var flowText: String {
        if values.count == 1, let only = values.first, PeerListColumn(rawValue: name)?.isList != .always {
            return yamlScalar(only.text)
        }
        return yamlFlowList(values.map(\.text))
    }
}

/// One peer of a list. Its description never shows the private key, of which it only knows the place.
package struct PeerListEntry: Sendable {
    package let name: LocatedText
    /// Without the name, in the order of ``PeerListColumn``; a field that the row leaves empty is absent.
    package let fields: [PeerListField]
    /// Where the bytes of wg-meshconf's private key stand in the source: exactly 44 base64 characters. Nil if none.
    package let privateKey: Range<Int>?

    /// The field of that name in `mesh.yaml`; nil if absent.
    package subscript(name: String) -> PeerListField? { fields.first { $0.name == name } }
}

/// How a list of peers is written.
package enum PeerListFormat: Sendable {
    /// wg-meshconf's database, or any CSV with a header.
    case csv
    /// A list of mappings with a `name`, a mapping by name, or either below `peers:`.
    case yaml

    /// By the file's name: `.yaml` and `.yml` are YAML, all else is CSV.
    package init(fileName: String) {
        self = fileName.hasSuffix(".yaml") || fileName.hasSuffix(".yml") ? .yaml : .csv
    }
}

/// The peers that `add --from FILE` names, with their fields as text; what the fields mean is for others to check.
package struct PeerList: Sendable {
    /// In the order of the file; no name is there twice.
    package let entries: [PeerListEntry]

    /// - Throws: a failure of status `meshInvalid` with every finding. No message holds the value of a private key,
    ///   nor of anything that could be one.
    package init(
        parsing bytes: [UInt8], file: String, format: PeerListFormat
    ) throws(Failure) {
        var draft: PeerListDraft
        switch format {
        case .csv: draft = bytes.withUnsafeBufferPointer { CSVPeerReader($0, file: file).draft }
        case .yaml: draft = YAMLPeerReader(try YAMLTree(parsing: bytes, file: file)).draft
        }
        draft.refuseDuplicates()
        guard draft.findings.isEmpty else { throw Failure(.meshInvalid, draft.findings) }
        entries = draft.entries
    }

    /// The text in quotes, unless it could be a key.
    static func shown(_ text: String) -> String {
        let couldBeKey =
            text.utf8.count >= 40 && text.utf8.allSatisfy { FieldValue.base64Value($0) != nil || $0 == 0x3D }
        return couldBeKey ? "(a text that could be a key)" : quoted(text)
    }
}

/// A peer list while it is read.
struct PeerListDraft {
    private static let findingLimit = 100
    var entries: [PeerListEntry] = []
    private(set) var findings: [Diagnostic] = []
    var isFull: Bool { findings.count >= Self.findingLimit }

    mutating func report(_ id: DiagnosticID, at place: SourceLocation, _ message: String, hint: String? = nil) {
        findings.append(Diagnostic(id, at: place, message, hint: hint))
    }

    mutating func report(_ others: [Diagnostic]) { findings += others }

    mutating func refuseDuplicates() {
        var lines: [String: Int] = [:]
        lines.reserveCapacity(entries.count)
        for entry in entries where !isFull {
            guard let first = lines.updateValue(entry.name.location.line, forKey: entry.name.text) else { continue }
            report(
                .duplicatePeer, at: entry.name.location,
                "peer \(PeerList.shown(entry.name.text)) stands here again; it stands at line \(first) already",
                hint: "delete one of the two, or give it another name")
        }
    }
}
