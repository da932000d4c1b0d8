/// An address of an interface with the length of its network: `10.88.1.7/16`, host bits allowed.
package struct InterfaceAddress: TextValue {
    /// The address itself, host bits and all.
    package let address: IPAddress
    /// 0 to 32 or 128.
    package let length: Int

    /// nil when the length does not fit the family.
    package init?(_ address: IPAddress, length: Int) {
        guard length >= 0, length <= address.family.bits else { return nil }
        self.address = address
        self.length = length
    }

    /// Reads `ADDRESS/LENGTH`; the length is required.
    package init(parsing bytes: Span<UInt8>) throws(AddressError) {
        do throws(Refusal) {
            (address, length) = try addressAndLength(bytes)
        } catch {
            throw AddressError(error, noun: "interface address", bytes: bytes)
        }
    }

    /// The network that the address is in.
    package var prefix: IPPrefix { IPPrefix(containing: address, length: length) ?? .host(address) }

    /// The canonical address, a slash and the length.
    package var description: String { ASCIIWriter.string { write(to: &$0) } }

    /// Adds the canonical text to the bytes.
    package func append(to output: inout [UInt8]) { ASCIIWriter.append(to: &output) { write(to: &$0) } }

    private func write(to writer: inout ASCIIWriter) {
        address.write(to: &writer)
        writer.put(ASCII.slash)
        writer.putDecimal(UInt32(truncatingIfNeeded: length))
    }
}
