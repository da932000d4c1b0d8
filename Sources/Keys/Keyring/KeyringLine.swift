/// One entry of a keyring by its place in the text, already checked.
struct KeyringLine: Sendable {
    /// In the order in which they stand in the file.
    enum Kind: UInt8, Sendable {
        case `operator`, secret, key
    }

    var kind: Kind
    /// Zero for an operator.
    var epoch: UInt32
    /// From 1; zero for a line that this program has just made.
    var number: Int
    /// The whole line with its line feed.
    var range: Range<Int>
    var name: Range<Int>
    /// An operator's three values, else the sealed secret, without the line feed.
    var payload: Range<Int>

    /// The parts of an operator's payload, from its start.
    static let operatorKey = 0..<OperatorKey.textLength
    static let sealedMeshKey = OperatorKey.textLength + 1..<OperatorKey.textLength + 1 + 108
    static let authentication = OperatorKey.textLength + 110..<OperatorKey.textLength + 110 + 44
    static let operatorLength = OperatorKey.textLength + 110 + 44
}

/// What a line is sorted by: its kind, then the bytes of its name, then its epoch.
struct KeyringOrder {
    let kind: KeyringLine.Kind
    let name: UnsafeRawBufferPointer
    let epoch: UInt32

    /// Negative when `self` stands before `other`, zero when they are the same entry.
    func compare(_ other: KeyringOrder) -> Int {
        if kind != other.kind { return Int(kind.rawValue) - Int(other.kind.rawValue) }
        for index in 0..<min(name.count, other.name.count) where name[index] != other.name[index] {
            return Int(name[index]) - Int(other.name[index])
        }
        if name.count != other.name.count { return name.count - other.name.count }
        return epoch == other.epoch ? 0 : epoch < other.epoch ? -1 : 1
    }
}

/// The grammar of the names in a keyring.
enum KeyringName {
    /// `[a-z0-9][a-z0-9._@-]{0,63}`
    static func isOperator(_ name: UnsafeRawBufferPointer) -> Bool {
        (1...64).contains(name.count) && isWord(name) && !name.contains { isCapital($0) }
    }

    /// What a peer's name may at most be: 1 to 255 letters, digits and `._@-`, a letter or digit first. The mesh's own
    /// rule may be stricter.
    static func isPeer(_ name: UnsafeRawBufferPointer) -> Bool {
        (1...255).contains(name.count) && isWord(name)
    }

    private static func isWord(_ name: UnsafeRawBufferPointer) -> Bool {
        name.allSatisfy { isAlphanumeric($0) || $0 == 0x2e || $0 == 0x5f || $0 == 0x40 || $0 == 0x2d }
            && isAlphanumeric(name[0])
    }

    private static func isCapital(_ c: UInt8) -> Bool { c >= 0x41 && c <= 0x5a }

    private static func isAlphanumeric(_ c: UInt8) -> Bool {
        isCapital(c) || c >= 0x61 && c <= 0x7a || c >= 0x30 && c <= 0x39
    }
}
