import Addresses
import Diagnostics
import HostPlans
import Rendering

/// Nothing may trap; every finding has a place inside the file; every address that was read prints to one that reads
/// the same; and what lacks a finding reads the same with other line ends, letters and comments.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    let (config, findings) = WireGuardConfig.parse(input, file: "wg0.conf")
    let lines = input.count { $0 == UInt8(ascii: "\n") } + 1
    for finding in findings {
        let line = finding.location?.line ?? 0
        precondition((1...lines).contains(line), "\(finding)")
    }
    for address in config.addresses {
        precondition((try? InterfaceAddress(parsing: address.description)) == address, "\(address)")
    }
    for peer in config.peers {
        for prefix in peer.allowedIPs {
            precondition((try? IPPrefix(parsing: prefix.description)) == prefix, "\(prefix)")
        }
        if let endpoint = peer.endpoint {
            precondition((try? Endpoint(parsing: endpoint.description)) == endpoint, "\(endpoint)")
        }
    }
    guard findings.isEmpty else { return 0 }
    let ended = input.flatMap { $0 == UInt8(ascii: "\n") ? Array(" # x\r\n".utf8) : [$0] }
    let (again, others) = WireGuardConfig.parse(ended, file: "wg0.conf")
    precondition(placeless(again) == placeless(config) && others.isEmpty, "\(others)")
    for (place, other) in zip(secrets(config), secrets(again)) {
        precondition(input[place].elementsEqual(ended[other]) && place.count == 44)
    }
    return 0
}

/// Where the secrets stand, in their order.
private func secrets(_ config: WireGuardConfig) -> [Range<Int>] {
    ([config.privateKey] + config.peers.map(\.presharedKey)).compactMap { $0 }
}

/// Without the places of secrets, which line ends move.
private func placeless(_ config: WireGuardConfig) -> WireGuardConfig {
    var config = config
    config.privateKey = nil
    for index in config.peers.indices { config.peers[index].presharedKey = nil }
    return config
}
