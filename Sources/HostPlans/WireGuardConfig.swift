package import Addresses
package import Diagnostics

/// A configuration as wg(8) and wg-quick(8) read it, without its secrets.
///
/// Used to hold what a template rendered against what was planned, and to read configurations of others. Comments
/// are dropped; `PrivateKey` and `PresharedKey` are checked and not kept.
package struct WireGuardConfig: Hashable, Sendable {
    package struct Peer: Hashable, Sendable {
        package var location: SourceLocation
        /// Base64; empty until its line has come.
        package var publicKey = ""
        package var hasPresharedKey = false
        /// Where the text of the preshared key stands in the source.
        package var presharedKey: Range<Int>?
        package var allowedIPs: [IPPrefix] = []
        package var endpoint: Endpoint?
        /// Seconds; nil for none or `off`.
        package var keepalive: UInt16?
    }

    package var hasPrivateKey = false
    /// Where the text of the private key stands in the source.
    package var privateKey: Range<Int>?
    package var addresses: [InterfaceAddress] = []
    package var port: Port?
    package var fwmark: UInt32?
    package var mtu: UInt16?
    /// The settings of wg-quick alone, in the order of the file: `DNS`, `Table`, `PreUp`, `PostUp`, …
    package var settings: [Setting] = []
    package var peers: [Peer] = []

    package struct Setting: Hashable, Sendable {
        package let key: String
        package let value: String

        package init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }

    /// The configuration and every mistake in it; with an error among them the value is what could be read.
    package static func parse(_ source: [UInt8], file: String) -> (config: WireGuardConfig, findings: [Diagnostic]) {
        var parser = WireGuardConfigParser(file: file)
        var line = 1
        for bytes in source.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            parser.read(bytes, line: line)
            line += 1
        }
        parser.finish()
        return (parser.config, parser.findings.sorted())
    }
}
