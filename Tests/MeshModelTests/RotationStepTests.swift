import Diagnostics
import MeshFiles
import MeshFixtures
import MeshModel
import Testing

/// A rotation step by step, without a file.
@Suite struct RotationStepTests {
    /// Three hosts, a phone, and one that is disabled.
    private static let text = """
        mesh: test
        prefixes: [10.88.0.0/24]
        rotation: {}
        relays: [c]
        peers:
          a: {public: 192.0.2.1}
          b: {public: 192.0.2.2}
          c: {public: 192.0.2.3}
          off: {public: 192.0.2.4, disabled: yes}
          phone: {platform: app}
        """
    private let begun = MeshPipeline.moment()

    private func idle(_ text: String = text) throws -> LockFile { try MeshPipeline.allocate(text).lock }

    private func step(_ lock: LockFile, after seconds: Int64 = 0) throws -> RotationStep {
        let declared = try #require(try MeshPipeline.check(Self.text, lock: lock).declared)
        return RotationStep(declared, lock, at: MeshPipeline.moment(begun.seconds + seconds))
    }

    private func started(presharedKeys: Bool = false) throws -> RotationStep {
        var step = try step(try idle())
        let keys = ["a": FakeKeys.key("next a"), "b": FakeKeys.key("next b")]
        try step.begin(keys: keys, presharedKeys: presharedKeys, deadline: 3600)
        return step
    }

    /// What each enabled peer is said to be in, by a letter: ready, absent or nothing.
    private func progress(_ step: RotationStep) -> String {
        step.hosts.map { host in
            switch step.lock.peers[host]?.progress {
            case .ready: "r"
            case .absent: "a"
            case nil: "-"
            }
        }.joined()
    }

    private func stage(_ step: RotationStep) -> String {
        step.running.map { $0.stage.rawValue + ($0.isAborting ? " aborting" : "") } ?? "idle"
    }

    @Test func `forward: every host is waited for, then the next keys are the keys`() throws {
        let before = try idle()
        var step = try started(presharedKeys: true)
        #expect(stage(step) == "prepared" && progress(step) == "---a")
        #expect(step.lock.peers["a"]?.publicKey == before.peers["a"]?.publicKey)
        let failure = #expect(throws: Failure.self) { try step.advance() }
        #expect(failure?.status == .no && failure?.diagnostics.count == 3)
        #expect(failure?.diagnostics.allSatisfy { $0.id == .rotationWaiting } ?? false)
        try step.acknowledge(["a", "b"])
        #expect(step.acknowledged == ["a", "b"] && step.waitedFor == ["c"])
        try step.acknowledge(["b", "c"])
        #expect(step.acknowledged == ["c"])
        try step.advance()
        #expect(stage(step) == "switched" && progress(step) == "---a")
        try step.acknowledge(["a", "b", "c", "phone"])
        #expect(step.returned == ["phone"] && progress(step) == "---r")
        try step.acknowledge(["a", "b", "c"])
        try step.advance()
        #expect(stage(step) == "idle" && step.lock.rotation?.tunnel == .second && progress(step) == "----")
        #expect(step.lock.peers["a"]?.publicKey == FakeKeys.key("next a") && step.lock.peers["a"]?.epoch == 2)
        #expect(step.lock.peers["a"]?.since == begun && step.lock.peers["a"]?.next == nil)
        #expect(step.lock.peers["c"] == before.peers["c"] && step.lock.peers["off"] == before.peers["off"])
        #expect(step.lock.presharedEpoch == 2 && step.lock.presharedSince == begun && step.cut.isEmpty)
    }

    @Test func `a host that was left behind keeps its way, comes back, and the others move before it goes`() throws {
        var step = try started()
        try step.acknowledge(["a", "b"])
        try step.advance(leaving: ["c"])
        #expect(stage(step) == "switched" && step.absent == ["c", "phone"])
        try step.acknowledge(["a", "b"])
        try step.advance()
        #expect(stage(step) == "retiring")
        #expect(throws: Failure.self) { try step.advance() }
        #expect(throws: Failure.self) { try step.advance(leaving: ["a"]) }
        try step.acknowledge(["a", "c", "phone"])
        #expect(stage(step) == "switched" && step.returned == ["c", "phone"] && progress(step) == "--rr")
        #expect(step.acknowledged == ["c", "phone"] && step.running?.isAgain == true)
        #expect(throws: Failure.self) { try step.advance(leaving: ["a"]) }
        var back = step
        try back.abort()
        #expect(stage(back) == "switched aborting" && back.running?.isAgain == false)
        try step.acknowledge(["a", "b"])
        try step.advance()
        #expect(stage(step) == "idle" && step.cut.isEmpty)
    }

    @Test func `the former way goes by decision, or when the deadline has passed`() throws {
        var step = try started()
        try step.advance(leaving: ["a", "b", "c"])
        try step.advance(leaving: [])
        #expect(stage(step) == "retiring")
        let lock = step.lock
        try step.advance(dropping: true)
        #expect(stage(step) == "idle" && step.cut == ["a", "b", "c", "phone"])
        var late = try self.step(lock, after: 3600)
        try late.advance()
        #expect(stage(late) == "idle" && late.cut == ["a", "b", "c", "phone"])
        var early = try self.step(lock, after: 3599)
        #expect(throws: Failure.self) { try early.advance() }
        #expect(early.lock == lock)
    }

    @Test(arguments: ["{platform: app}", "{platform: app, public-key: \(FakeKeys.key("own"))}"])
    func `a phone that never answers is waited for in no stage, and the hosts end without it`(phone: String) throws {
        let text = Self.text.replacing("{platform: app}", with: phone)
        let hosts = ["a", "b", "c"]
        func at(_ seconds: Int64, _ lock: LockFile) throws -> RotationStep {
            let declared = try #require(try MeshPipeline.check(text, lock: lock).declared)
            return RotationStep(declared, lock, at: MeshPipeline.moment(begun.seconds + seconds))
        }
        var step = try at(0, try idle(text))
        let before = step.lock.peers["phone"]
        try step.begin(keys: ["a": FakeKeys.key("next a")], presharedKeys: true, deadline: 3600)
        for expected in ["prepared", "switched"] {
            #expect(stage(step) == expected && step.waitedFor == hosts && step.absent == ["phone"])
            try step.acknowledge(hosts)
            try step.advance()
        }
        // Its former way stays for as long as was said, and that is all that is left.
        #expect(stage(step) == "retiring")
        let failure = #expect(throws: Failure.self) { try step.advance() }
        #expect(failure?.diagnostics.map(\.message).filter { $0.contains("\"phone\"") }.count == 1)
        #expect(failure?.diagnostics.count == 1)
        var late = try at(3600, step.lock)
        try late.advance()
        #expect(stage(late) == "idle" && late.cut == ["phone"])
        #expect(late.lock.peers["a"]?.publicKey == FakeKeys.key("next a") && late.lock.peers["phone"] == before)
        try step.advance(dropping: true)
        #expect(stage(step) == "idle" && step.cut == ["phone"])
    }

    @Test func `back: each stage that was gone through is gone through again`() throws {
        let before = try idle()
        var step = try started(presharedKeys: true)
        try step.abort()
        var settled = before
        settled.rotation = LockedRotation(tunnel: .first)
        settled.presharedSpent = 2
        for name in ["a", "b"] { settled.peers[name]?.spent = 2 }
        #expect(step.lock == settled)
        step = try started(presharedKeys: true)
        try step.advance(leaving: ["a", "b", "c"])
        try step.acknowledge(["a", "b"])
        try step.advance()
        #expect(stage(step) == "retiring")
        try step.abort()
        #expect(stage(step) == "switched aborting" && progress(step) == "--aa")
        #expect(throws: Failure.self) { try step.abort() }
        #expect(throws: Failure.self) { try step.advance() }
        try step.acknowledge(["a", "b", "phone"])
        #expect(stage(step) == "switched aborting" && step.returned.isEmpty && progress(step) == "rrar")
        try step.advance()
        #expect(stage(step) == "prepared aborting" && progress(step) == "--a-")
        try step.acknowledge(["a", "b", "phone"])
        try step.advance()
        #expect(step.lock == settled && step.cut == ["c"])
    }

    @Test func `the epochs of a rotation that was taken back are not used again`() throws {
        func begin(_ lock: LockFile, _ number: Int) throws -> RotationStep {
            var next = try self.step(lock)
            let keys = ["a": FakeKeys.key("another a \(number)"), "c": FakeKeys.key("another c \(number)")]
            try next.begin(keys: keys, presharedKeys: true, deadline: 3600)
            return next
        }
        // Of a and b the first was taken back, and of a and c the second.
        var step = try started(presharedKeys: true)
        try step.abort()
        step = try begin(step.lock, 1)
        #expect(["a", "b", "c"].map { step.lock.peers[$0]?.nextEpoch } == [3, 3, 2])
        #expect(step.lock.nextPresharedEpoch == 3)
        let mesh = try #require(try MeshPipeline.check(Self.text, lock: step.lock).mesh?.next)
        #expect(mesh.peers.map { "\($0.name) \($0.epoch)" } == ["a 3", "b 1", "c 2", "phone 1"])
        #expect(mesh.presharedEpoch == 3)
        #expect(try LockFile(parsing: step.lock.text, file: "mesh.lock") == step.lock)
        try step.abort()
        #expect(["a", "b", "c"].map { step.lock.peers[$0]?.epoch } == [1, 1, 1] && step.lock.presharedEpoch == 1)
        let twice = step.lock
        step = try begin(twice, 2)
        try step.advance(leaving: ["a", "b", "c"])
        try step.advance(dropping: true)
        let peers = step.lock.peers
        #expect(["a", "b", "c"].map { peers[$0]?.epoch } == [4, 1, 3] && step.lock.presharedEpoch == 4)
        #expect(["a", "b", "c"].map { peers[$0]?.spent } == [nil, 2, nil] && step.lock.presharedSpent == nil)
        // In place, too, and for a name that is gone and comes back.
        var replaced = try self.step(twice)
        replaced.replace(keys: ["b": FakeKeys.key("another b")], presharedKeys: true, dated: true)
        #expect(replaced.lock.peers["b"]?.epoch == 3 && replaced.lock.peers["b"]?.spent == nil)
        #expect(replaced.lock.presharedEpoch == 4 && replaced.lock.presharedSpent == nil)
        let without = try MeshPipeline.allocate(
            Self.text.replacing("  a: {public: 192.0.2.1}\n", with: ""), from: twice
        ).lock
        #expect(try MeshPipeline.allocate(Self.text, from: without).lock.peers["a"]?.epoch == 4)
    }

    @Test func `what is not there is refused, and changes nothing`() throws {
        var step = try step(try idle())
        #expect(throws: Failure.self) { try step.advance() }
        #expect(throws: Failure.self) { try step.abort() }
        #expect(throws: Failure.self) { try step.acknowledge(["a"]) }
        #expect(throws: Failure.self) { try step.requireRotatable(["off"]) }
        #expect(step.lock == (try idle()))
        step = try started()
        #expect(throws: Failure.self) { try step.begin(keys: [:], presharedKeys: true, deadline: 1) }
        #expect(throws: Failure.self) { try step.acknowledge(["phone"]) }
        #expect(throws: Failure.self) { try step.acknowledge(["off"]) }
        #expect(throws: Failure.self) { try step.advance(leaving: ["off"]) }
        #expect(step.lock == (try started()).lock)
    }

    @Test func `a change of the mesh file meanwhile leaves a lock file that fits`() throws {
        let lock = try started().lock
        let text = Self.text.replacing("  a: {public: 192.0.2.1}\n", with: "").replacing(
            "b: {public: 192.0.2.2}", with: "b: {public: 192.0.2.2, public-key: \(FakeKeys.key("own"))}"
        ).replacing("c: {", with: "tablet: {platform: app}\n  d: {public: 192.0.2.5}\n  c: {disabled: yes, ").replacing(
            "relays: [c]", with: "relays: [d]")
        let update = try MeshPipeline.allocate(text, from: lock)
        #expect(update.removed == ["a"] && update.droppingKeys == ["a", "b"] && update.needingKeys == ["d", "tablet"])
        let peers = update.lock.peers
        #expect(peers["b"]?.next == nil && peers["b"]?.epoch == 3)
        #expect(peers["c"]?.progress == .absent && peers["tablet"]?.progress == .absent && peers["d"]?.progress == nil)
        #expect(peers["d"]?.since == begun)
        #expect(update.lock.gone.map(\.peer.epoch) == [2] && update.lock.gone.map(\.peer.next) == [nil])
        #expect(try LockFile(parsing: update.lock.text, file: "mesh.lock") == update.lock)
    }
}
