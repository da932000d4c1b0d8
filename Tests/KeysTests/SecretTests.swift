import Testing

@testable import Keys

@Test func `a secret cannot be changed once it is filled`() async {
    await #expect(processExitsWith: .failure) {
        let secret = Secret(count: 32) { Sodium.fillRandom($0) }
        secret.withBytes { UnsafeMutableRawBufferPointer(mutating: $0)[0] = 1 }
    }
}

@Test func `a secret cannot be read beyond its end`() async {
    await #expect(processExitsWith: .failure) {
        let secret = Secret(count: 32) { Sodium.fillRandom($0) }
        print(secret.withBytes { $0.baseAddress?.load(fromByteOffset: 32, as: UInt8.self) ?? 0 })
    }
}

@Test func `what the filling of a secret throws comes out, and secrets of no length are`() {
    struct Refused: Error {}
    #expect(throws: Refused.self) { _ = try Secret(count: 8) { _ throws(Refused) in throw Refused() }.count }
    #expect(Secret(count: 0) { _ in }.count == 0)
    #expect(SecretArena(count: 0, size: 32) { _ in }.count == 0)
}

@Test func `wiping an array leaves it empty`() {
    var bytes: [UInt8] = [1, 2, 3]
    Sodium.wipe(&bytes)
    #expect(bytes.isEmpty && Sodium.ready)
}
