package import Diagnostics
package import MeshFiles

/// One step of a rotation of keys: from one lock file to the next.
///
/// A value: nothing is written. Hosts are the enabled peers that have been allotted something; the others are not
/// waited for.
package struct RotationStep: Sendable {
    package internal(set) var lock: LockFile
    /// Those that have said in this step that they are in the present stage, sorted.
    package private(set) var acknowledged: [String] = []
    /// Those that were left behind and have come back in this step; the others have to move before their former way goes.
    package private(set) var returned: [String] = []
    /// Those whose only way this step takes away, if they are still on it; sorted.
    package private(set) var cut: [String] = []
    /// The enabled peers, sorted.
    package let hosts: [String]
    /// Those among them that have one interface at a time.
    package let apps: Set<String>
    private let disabled: Set<String>
    let now: UTCTime

    package init(_ mesh: DeclaredMesh, _ lock: LockFile, at now: UTCTime) {
        self.lock = lock
        self.now = now
        let enabled = mesh.peers.filter { !$0.isDisabled && lock.peers[$0.name] != nil }
        hosts = enabled.map(\.name)
        apps = Set(enabled.filter { $0.platform == .app }.map(\.name))
        disabled = Set(mesh.peers.filter(\.isDisabled).map(\.name))
    }

    /// What runs; nil while nothing does.
    package var running: LockedRotation.Running? { lock.rotation?.running }

    /// The hosts of which nothing is known in the present stage, sorted.
    package var waitedFor: [String] { hosts.filter { lock.peers[$0]?.progress == nil } }

    /// The hosts that were left behind, sorted.
    package var absent: [String] { hosts.filter { lock.peers[$0]?.progress == .absent } }

    /// The hosts whose private keys the keyring has, sorted.
    package var rotatable: [String] { hosts.filter { lock.peers[$0]?.isHeldByPeer == false } }
}

// Beginning, and the way back.
extension RotationStep {
    /// Refuses peers whose key cannot be rotated here: it is on the host alone, or the peer is disabled.
    package func requireRotatable(_ names: [String]) throws(Failure) {
        let findings = names.compactMap { name -> Diagnostic? in
            if disabled.contains(name) { return Self.disabled(name) }
            guard lock.peers[name]?.isHeldByPeer ?? false else { return nil }
            return Diagnostic(
                .rotationPeer, at: nil,
                "peer \(quoted(name)) keeps its private key to itself, and only its own people can change it",
                hint: "give its new public key with `hauberk set \(name) --public-key KEY`")
        }
        if !findings.isEmpty { throw Failure(.no, findings) }
    }

    /// Begins a rotation.
    ///
    /// - Parameters:
    ///   - keys: the next public keys in base64, by peer; each must be rotatable.
    ///   - deadline: seconds until absent hosts are waited for no longer.
    package mutating func begin(
        keys: [String: String], presharedKeys: Bool, deadline: Int64
    ) throws(Failure) {
        try requireIdle()
        try requireRotatable(keys.keys.sorted())
        lock.rotation = LockedRotation(
            tunnel: lock.rotation?.tunnel ?? .first,
            running: LockedRotation.Running(
                stage: .prepared, begun: now, deadline: UTCTime(seconds: now.seconds + deadline) ?? now,
                rotatesPreshared: presharedKeys))
        for name in lock.peers.keys {
            lock.peers[name]?.next = keys[name]
            lock.peers[name]?.progress = apps.contains(name) || disabled.contains(name) ? .absent : nil
        }
    }

    /// Goes back to the present keys: at once while nobody uses the next ones, else by the stages that led here.
    package mutating func abort() throws(Failure) {
        let running = try requireRunning()
        if running.isAborting {
            throw Failure(
                .no, .rotationRunning, "the rotation is being aborted already: \(running.phrase)",
                hint: "go on with `hauberk rotate advance`")
        }
        switch running.stage {
        case .prepared: revert()
        // Both interfaces everywhere first.
        case .switched where running.isAgain && !waitedFor.isEmpty: enter(.switched, aborting: true)
        case .switched: enter(.prepared, aborting: true)
        case .retiring: enter(.switched, aborting: true)
        }
    }
}

// Going on.
extension RotationStep {
    /// These hosts are in the present stage.
    ///
    /// One that was left behind takes the rotation back to the stage `switched`, where it has both interfaces: the
    /// others reach it by its former way until they have moved, and have to say so anew.
    package mutating func acknowledge(_ names: [String]) throws(Failure) {
        let running = try requireRunning()
        let names = Set(names).sorted()
        let refused = names.compactMap { refusal(of: $0, in: running) }
        if !refused.isEmpty { throw Failure(.no, refused) }
        returned = running.stage == .prepared || running.isAborting ? [] : names.filter(absent.contains)
        if !returned.isEmpty {
            enter(.switched)
            for name in returned { lock.peers[name]?.progress = .ready }
            acknowledged = returned
            return
        }
        acknowledged = names.filter { lock.peers[$0]?.progress != .ready }
        for name in names { lock.peers[name]?.progress = .ready }
    }

    /// The next stage, when every host is in this one or left behind; else nothing changes.
    ///
    /// - Parameters:
    ///   - leaving: hosts that are left behind from now on.
    ///   - dropping: whether the former way of those left behind goes before they are back.
    package mutating func advance(leaving: [String] = [], dropping: Bool = false) throws(Failure) {
        let running = try requireRunning()
        try leave(Set(leaving).sorted(), in: running)
        if running.stage == .retiring, !running.isAborting { return try retire(running, dropping) }
        if running.isAgain, dropping {
            cut = (absent + waitedFor).sorted()
            return finish()
        }
        guard waitedFor.isEmpty else { throw waiting(running) }
        switch (running.stage, running.isAborting) {
        case (.prepared, true):
            // Whether they have gone back to the present way, nobody knows.
            cut = absent.filter { !apps.contains($0) }
            revert()
        case (.prepared, false): enter(.switched)
        case (_, true): enter(.prepared, aborting: true)
        case (_, false):
            if !absent.isEmpty, !dropping {
                enter(.retiring)
            } else {
                cut = absent
                finish()
            }
        }
    }

    private mutating func retire(_ running: LockedRotation.Running, _ dropping: Bool) throws(Failure) {
        guard absent.isEmpty || dropping || now >= running.deadline else {
            throw Failure(
                .no,
                absent.map { name in
                    Diagnostic(
                        .rotationWaiting, at: nil,
                        "\(quoted(name)) was left behind, and its former way is kept until \(running.deadline)",
                        hint: "deliver to it and run `hauberk rotate acknowledge \(name)`, or cut it off with "
                            + "`hauberk rotate advance --drop`")
                })
        }
        cut = absent
        finish()
    }

    private mutating func leave(_ names: [String], in running: LockedRotation.Running) throws(Failure) {
        let findings = names.compactMap { name -> Diagnostic? in
            if disabled.contains(name) { return Self.disabled(name) }
            let isLate = running.stage == .retiring || running.isAgain
            guard isLate, lock.peers[name]?.progress != .absent else { return nil }
            return Diagnostic(
                .rotationPeer, at: nil,
                "\(quoted(name)) cannot be left behind any more: the others have given up its former way",
                hint: running.isAgain
                    ? "deliver to it, or cut it off with `hauberk rotate advance --drop`"
                    : "deliver to it; nobody waits for it")
        }
        if !findings.isEmpty { throw Failure(.no, findings) }
        for name in names { lock.peers[name]?.progress = .absent }
    }

    private mutating func enter(_ stage: RotationStage, aborting: Bool = false) {
        let wasFurther = running?.stage == .retiring || running?.stage == .switched && running?.isAgain ?? false
        lock.rotation?.running?.isAgain = wasFurther && stage == .switched && !aborting
        lock.rotation?.running?.stage = stage
        lock.rotation?.running?.isAborting = aborting
        askAnew()
    }

    /// Whoever was ready has to say so again.
    mutating func askAnew() {
        for (name, peer) in lock.peers where peer.progress == .ready { lock.peers[name]?.progress = nil }
    }

    /// The next keys become the keys.
    private mutating func finish() {
        guard let rotation = lock.rotation, let running = rotation.running else { return }
        for (name, peer) in lock.peers {
            if let next = peer.next {
                lock.peers[name]?.publicKey = next
                lock.peers[name]?.epoch = peer.nextEpoch
                lock.peers[name]?.spent = nil
                lock.peers[name]?.since = now
            }
        }
        if running.rotatesPreshared {
            lock.presharedEpoch = lock.nextPresharedEpoch
            lock.presharedSpent = nil
            lock.presharedSince = now
        }
        settle(on: rotation.tunnel.other)
    }

    /// The epochs of the next keys are never used again: files of theirs can be anywhere.
    private mutating func revert() {
        for (name, peer) in lock.peers where peer.next != nil { lock.peers[name]?.spent = peer.nextEpoch }
        if running?.rotatesPreshared ?? false { lock.presharedSpent = lock.nextPresharedEpoch }
        settle(on: lock.rotation?.tunnel ?? .first)
    }

    private mutating func settle(on tunnel: MeshTunnel) {
        lock.rotation = LockedRotation(tunnel: tunnel)
        for name in lock.peers.keys {
            lock.peers[name]?.next = nil
            lock.peers[name]?.progress = nil
        }
    }
}

// What is refused.
extension RotationStep {
    /// Refuses while a rotation runs.
    package func requireIdle() throws(Failure) {
        guard let running else { return }
        throw Failure(
            .no, .rotationRunning, "a rotation runs already, \(running.phrase), since \(running.begun)",
            hint: "`hauberk rotate status` says who is waited for; end it with `hauberk rotate advance` or `abort`")
    }

    private func requireRunning() throws(Failure) -> LockedRotation.Running {
        if let running { return running }
        throw Failure(
            .no, .rotationIdle, "no rotation runs", hint: "`hauberk rotate PEER…` begins one")
    }

    private func refusal(of name: String, in running: LockedRotation.Running) -> Diagnostic? {
        if disabled.contains(name) { return Self.disabled(name) }
        guard apps.contains(name), running.stage == .prepared, !running.isAborting else { return nil }
        return Diagnostic(
            .rotationPeer, at: nil,
            "\(quoted(name)) is an app with one interface, which has nothing to do in the stage prepared",
            hint: "go on with `hauberk rotate advance`; then `hauberk qr \(name)` has its new configuration")
    }

    private static func disabled(_ name: String) -> Diagnostic {
        Diagnostic(
            .rotationPeer, at: nil, "peer \(quoted(name)) is disabled",
            hint: "take it back with `hauberk enable \(name)`")
    }

    private func waiting(_ running: LockedRotation.Running) -> Failure {
        let stage = running.phrase
        return Failure(
            .no,
            waitedFor.map { name in
                Diagnostic(
                    .rotationWaiting, at: nil, "\(quoted(name)) has not said that it is in the stage \(stage)",
                    hint: "deliver to it and run `hauberk rotate acknowledge \(name)`, or "
                        + (running.isAgain
                            ? "cut it off with `hauberk rotate advance --drop`"
                            : "leave it behind with `hauberk rotate advance --absent \(name)`"))
            })
    }
}

extension LockedRotation.Running {
    /// The stage in words: `switched`, or `prepared, aborting`.
    package var phrase: String { stage.rawValue + (isAborting ? ", aborting" : "") }
}
