import Addresses
import Testing

/// SplitMix64: a seeded source of random numbers, so that a failure can be replayed from the printed seed.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
        print("seed \(seed)")
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

func address(_ text: String) throws -> IPAddress { try IPAddress(parsing: text) }

func prefix(_ text: String) throws -> IPPrefix { try IPPrefix(parsing: text) }

/// A refused text, what refuses it, and why.
struct Refused: Sendable, CustomTestStringConvertible {
    let kind: Kind
    let text: String
    let reason: AddressError.Reason
    let hint: String?

    init(_ kind: Kind, _ text: String, _ reason: AddressError.Reason, _ hint: String? = nil) {
        self.kind = kind
        self.text = text
        self.reason = reason
        self.hint = hint
    }

    var testDescription: String { "\(kind) \(String(text.prefix(40)))" }

    enum Kind {
        case address, prefix, interfaceAddress, port, portRange, hostName, host, endpoint, interfaceName

        var type: any TextValue.Type {
            switch self {
            case .address: IPAddress.self
            case .prefix: IPPrefix.self
            case .interfaceAddress: InterfaceAddress.self
            case .port: Port.self
            case .portRange: PortRange.self
            case .hostName: HostName.self
            case .host: Endpoint.Host.self
            case .endpoint: Endpoint.self
            case .interfaceName: InterfaceName.self
            }
        }
    }
}
