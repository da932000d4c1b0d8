extension UnsafeRawBufferPointer {
    /// The address of the first byte as libsodium takes it; the buffer must not be empty.
    var octets: UnsafePointer<UInt8> {
        guard let base = baseAddress else { preconditionFailure("an empty buffer") }
        return base.assumingMemoryBound(to: UInt8.self)
    }

    /// The part in `range`, counted from its own first byte.
    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self[range]) }

    /// Whether the bytes are those of `text`.
    func equals(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount && starts(with: text)
    }

    /// Whether the first bytes are those of `text`.
    func starts(with text: StaticString) -> Bool {
        guard count >= text.utf8CodeUnitCount else { return false }
        for index in 0..<text.utf8CodeUnitCount where self[index] != text.utf8Start[index] { return false }
        return true
    }
}

extension UnsafeMutableRawBufferPointer {
    /// The address of the first byte as libsodium takes it; the buffer must not be empty.
    var octets: UnsafeMutablePointer<UInt8> {
        guard let base = baseAddress else { preconditionFailure("an empty buffer") }
        return base.assumingMemoryBound(to: UInt8.self)
    }
}

extension UnsafeMutableRawPointer {
    var octets: UnsafeMutablePointer<UInt8> { assumingMemoryBound(to: UInt8.self) }
}

extension Array<UInt8> {
    /// `withUnsafeBytes` with the closure's own type of error.
    func lend<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try withUnsafeBytes { bytes in Result { () throws(E) in try body(bytes) } }.get()
    }

    mutating func append(text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// The low `count` bytes of a number, least significant first.
    mutating func append(littleEndian value: UInt64) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}
