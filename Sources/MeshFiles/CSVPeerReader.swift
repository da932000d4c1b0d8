import Addresses
import Diagnostics

/// Peers from CSV: wg-meshconf's database, or a plain list. The header decides which: `PrivateKey`, `ListenPort`,
/// `AllowedIPs` and `SaveConfig` are wg-meshconf's own words.
///
/// In wg-meshconf's database an address may carry the length of its network (`10.0.0.1/24`), which is dropped, and
/// an endpoint that is an address becomes the field `public`.
struct CSVPeerReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var columns: [PeerListColumn] = []
    private var isFromWgMeshconf = false
    private(set) var draft = PeerListDraft()

    init(_ source: UnsafeBufferPointer<UInt8>, file: String) {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let skipped = source.starts(with: mark) ? mark.count : 0
        bytes = UnsafeBufferPointer(rebasing: source[skipped...])
        let check = SourceCheck(bytes, file: file, rules: [])
        guard check.findings.isEmpty else {
            draft.report(check.findings)
            return
        }
        var reader = CSVReader(bytes, file: file)
        if let header = reader.row() {
            if readHeader(header, file: file) { readRows(&reader, skipped: skipped) }
        } else if reader.finding == nil {
            draft.report(
                .missingColumn, at: SourceLocation(file: file), "the file is empty; its first row names the columns",
                hint: "begin the file with a row like \"name,site,private,public,groups\"")
        }
        if let finding = reader.finding { draft.report([finding]) }
    }

    /// False (and reported) when the header cannot be used.
    private mutating func readHeader(_ header: [CSVField], file: String) -> Bool {
        for field in header {
            guard let column = PeerListColumn(header: field.text) else {
                draft.report(
                    .unknownColumn, at: field.location, "unknown column \(PeerList.shown(field.text))",
                    hint: "the first row names the columns, with commas between: `hauberk explain unknown-column`")
                continue
            }
            if columns.contains(column) {
                draft.report(
                    .duplicateColumn, at: field.location, "a second column for \"\(column.rawValue)\"",
                    hint: "delete one of the two columns")
            }
            columns.append(column)
            let word = field.text.lowercased()
            isFromWgMeshconf =
                isFromWgMeshconf || ["privatekey", "listenport", "allowedips", "saveconfig"].contains(word)
        }
        if draft.findings.isEmpty && !columns.contains(.name) {
            draft.report(
                .missingColumn, at: SourceLocation(file: file), "the header has no column \"name\"",
                hint: "begin the file with a row like \"name,site,private,public,groups\"")
        }
        return draft.findings.isEmpty
    }

    private mutating func readRows(_ reader: inout CSVReader, skipped: Int) {
        while !draft.isFull, let row = reader.row() {
            guard row.count == columns.count else {
                let place = row.count > columns.count ? row[columns.count].location : row.last?.location
                draft.report(
                    .rowLength, at: place ?? SourceLocation(file: ""),
                    "the row has \(row.count) fields; the header has \(columns.count) columns",
                    hint: "put a value that holds a comma in quotes, and give every row all its commas")
                continue
            }
            readRow(row, skipped: skipped)
        }
    }

    private mutating func readRow(_ row: [CSVField], skipped: Int) {
        var name: LocatedText?
        var secret: Range<Int>?
        var cells: [(column: PeerListColumn, field: CSVField)] = []
        for (column, field) in zip(columns, row) {
            if field.text.utf8.count > YAMLTree.scalarLimit {
                draft.report(
                    .valueTooLong, at: field.location,
                    "a field of \(field.text.utf8.count) bytes; the longest is \(YAMLTree.scalarLimit)",
                    hint: "shorten it, or close the quote before it")
            }
            switch column {
            case .name:
                name = LocatedText(field.text, at: field.location)
                if field.text.isEmpty { draft.report(.invalidCell, at: field.location, "the row names no peer") }
            case .privateKey: secret = privateKey(field, skipped: skipped)
            case .saveConfig: checkSaveConfig(field)
            default: if !field.text.isEmpty { cells.append((column, field)) }
            }
        }
        guard let name else { return }
        let fields = cells.map { listField($0.column, $0.field) }
        draft.entries.append(PeerListEntry(name: name, fields: PeerListColumn.sorted(fields), privateKey: secret))
    }

    private mutating func privateKey(_ field: CSVField, skipped: Int) -> Range<Int>? {
        if field.text.isEmpty { return nil }
        guard FieldValue.isKey(bytes[field.range]) else {
            draft.report(
                .invalidCell, at: field.location, "the private key is not 44 characters of base64",
                hint: "empty the field, and a new key is made")
            return nil
        }
        return field.range.lowerBound + skipped..<field.range.upperBound + skipped
    }

    private mutating func checkSaveConfig(_ field: CSVField) {
        let word = field.text.lowercased()
        if word.isEmpty || word == "false" { return }
        if word == "true" {
            draft.report(
                .unsupportedColumn, at: field.location, "\"SaveConfig\" is not supported", hint: "empty the field")
        } else {
            draft.report(
                .invalidCell, at: field.location, "\(PeerList.shown(field.text)) is not True or False",
                hint: "empty the field")
        }
    }

    private mutating func listField(_ column: PeerListColumn, _ field: CSVField) -> PeerListField {
        var column = column
        var values =
            column.isList == .never
            ? [LocatedText(field.text, at: field.location)] : parts(of: field)
        if isFromWgMeshconf && column == .address { values = values.map { withoutLength($0) } }
        if isFromWgMeshconf && column == .endpoint { (column, values) = publicEndpoint(field, values) }
        return PeerListField(name: column.rawValue, values: values, location: field.location)
    }

    /// The values of a field that holds several, apart by commas, semicolons or spaces.
    private func parts(of field: CSVField) -> [LocatedText] {
        var result: [LocatedText] = []
        var word = ""
        var start = 0
        let shift = field.range.lowerBound > 0 && bytes[field.range.lowerBound - 1] == UInt8(ascii: "\"") ? 1 : 0
        for (index, scalar) in (Array(field.text.unicodeScalars) + [" "]).enumerated() {
            if scalar == "," || scalar == ";" || scalar == " " || scalar == "\n" || scalar == "\r" || scalar == "\t" {
                let place = SourceLocation(
                    file: field.location.file, line: field.location.line,
                    column: field.location.column + shift + start)
                if !word.isEmpty { result.append(LocatedText(word, at: place)) }
                word = ""
                start = index + 1
            } else {
                word.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// `10.0.0.1/24` is the address 10.0.0.1 in wg-meshconf.
    private mutating func withoutLength(_ value: LocatedText) -> LocatedText {
        guard let slash = value.text.firstIndex(of: "/") else { return value }
        let address = String(value.text[..<slash])
        let length = value.text[value.text.index(after: slash)...]
        let limit = address.contains(":") ? 128 : 32
        guard let number = Int(length), (0...limit).contains(number), String(number) == length else {
            draft.report(
                .invalidCell, at: value.location,
                "\(PeerList.shown(value.text)) has no prefix length from 0 to \(limit)",
                hint: "write the address alone")
            return value
        }
        return LocatedText(address, at: value.location)
    }

    /// An endpoint that is an address, IPv6 also in brackets, is the peer's public address.
    private func publicEndpoint(
        _ field: CSVField, _ values: [LocatedText]
    ) -> (PeerListColumn, [LocatedText]) {
        var text = field.text[...]
        if text.hasPrefix("[") && text.hasSuffix("]") { text = text.dropFirst().dropLast() }
        guard (try? IPAddress(parsing: text)) != nil else { return (.endpoint, values) }
        return (.public, [LocatedText(String(text), at: field.location)])
    }
}
