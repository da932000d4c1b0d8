import Diagnostics
import Testing

@testable import HostPlans

@Suite struct WireGuardConfigSecretTests {
    private static let key = "D7z1xddzqJBkSQ61IKcNnM5EoSUeJUGi4mm1QySQnRA="

    @Test(arguments: [
        "[Interface]\nPrivateKey \(key)", "[Interface]\nPrivatKey = \(key)", "[Interface]\nPrivateKey = \(key)x",
        "[Interface]\nPrivateKey\t\(key.dropLast())", "[Peer]\nPresharedKey \(key)", "PrivateKey = \(key)",
        "[Interface]\nPrivateKey = = \(key)",
    ])
    func `no mistake around a secret makes a finding quote it`(source: String) {
        let (_, findings) = WireGuardConfig.parse(Array(source.utf8), file: "wg0.conf")
        #expect(!findings.isEmpty)
        for finding in findings { #expect(!finding.text.contains(Self.key.prefix(20)), "\(finding.text)") }
    }
}
