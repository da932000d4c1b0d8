/// Where a peer is reached on the underlay: `203.0.113.2:51820`, `[2001:db8::2]:51820` or `vpn.example.com:51820`.
package struct Endpoint: TextValue {
    /// The host of an endpoint, without its port.
    package enum Host: TextValue {
        case address(IPAddress)
        case name(HostName)
    }

    /// The address or the name.
    package let host: Host
    /// The UDP port.
    package let port: Port

    /// Any host goes with any port.
    package init(host: Host, port: Port) {
        self.host = host
        self.port = port
    }

    /// Reads `HOST:PORT`; an IPv6 address stands in brackets, and nothing else does.
    package init(parsing bytes: Span<UInt8>) throws(AddressError) {
        do throws(Refusal) {
            if bytes.count > 0, bytes[0] == ASCII.openBracket {
                self = try Endpoint.bracketed(bytes)
            } else {
                self = try Endpoint.plain(bytes)
            }
        } catch {
            throw AddressError(error, noun: "endpoint", bytes: bytes)
        }
    }

    private static func bracketed(_ bytes: Span<UInt8>) throws(Refusal) -> Endpoint {
        guard let close = bytes.firstIndex(of: ASCII.closeBracket, in: 0..<bytes.count) else {
            throw Refusal(.unclosedBracket)
        }
        guard bytes.firstIndex(of: ASCII.colon, in: 1..<close) != nil else { throw Refusal(.bracketedOther) }
        let address = try IPAddress(bytes, in: 1..<close)
        guard close + 1 < bytes.count, bytes[close + 1] == ASCII.colon else { throw Refusal(.missingPort) }
        return Endpoint(host: .address(address), port: try Port(bytes, in: (close + 2)..<bytes.count))
    }

    private static func plain(_ bytes: Span<UInt8>) throws(Refusal) -> Endpoint {
        guard let colon = bytes.lastIndex(of: ASCII.colon, in: 0..<bytes.count) else {
            let host = try Host(bytes, in: 0..<bytes.count)
            throw Refusal(.missingPort, suggestion: "\(host):51820")
        }
        if bytes.firstIndex(of: ASCII.colon, in: 0..<colon) != nil {
            throw Refusal(.unbracketedIPv6, suggestion: bracketSuggestion(bytes))
        }
        let host = try Host(bytes, in: 0..<colon)
        return Endpoint(host: host, port: try Port(bytes, in: (colon + 1)..<bytes.count))
    }

    /// What somebody means who writes a whole IPv6 address without brackets; `fd00::1:51820` is ambiguous: nil.
    private static func bracketSuggestion(_ bytes: Span<UInt8>) -> String? {
        guard let address = try? IPAddress(bytes, in: 0..<bytes.count) else { return nil }
        let colon = bytes.lastIndex(of: ASCII.colon, in: 0..<bytes.count) ?? 0
        if (try? IPAddress(bytes, in: 0..<colon)) != nil { return nil }
        return "[\(address)]:51820"
    }

    /// The canonical text; an IPv6 address in brackets.
    package var description: String {
        if case .address(let address) = host, address.family == .v6 { return "[\(address)]:\(port)" }
        return "\(host):\(port)"
    }

    /// Adds the canonical text to the bytes.
    package func append(to output: inout [UInt8]) { output.append(contentsOf: description.utf8) }
}

extension Endpoint.Host {
    /// Reads an address of either family, without brackets, or a host name.
    package init(parsing bytes: Span<UInt8>) throws(AddressError) {
        do throws(Refusal) {
            try self.init(bytes, in: 0..<bytes.count)
        } catch {
            throw AddressError(error, noun: "address or host name", bytes: bytes)
        }
    }

    init(_ bytes: Span<UInt8>, in range: Range<Int>) throws(Refusal) {
        let isAddress =
            bytes.firstIndex(of: ASCII.colon, in: range) != nil || endsInNumber(bytes, in: range)
            || bytes.firstIndex(of: ASCII.openBracket, in: range) != nil
        self = isAddress ? .address(try IPAddress(bytes, in: range)) : .name(try HostName(bytes, in: range))
    }

    /// The address or name alone, without brackets.
    package var description: String {
        switch self {
        case .address(let address): address.description
        case .name(let name): name.description
        }
    }
}
