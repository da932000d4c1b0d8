import Addresses

/// The policy tests of a mesh file, held against the policy's own answers.
struct PolicyTestRun {
    /// A flow whose answer is not the expected one.
    struct Failure {
        /// Index in the policy's tests.
        let test: Int
        let subject: Located<TestSubject>
        let shouldBeAllowed: Bool
        let from: AskedEnd
        let to: AskedEnd
        let flow: Flow
        let verdict: Verdict
        /// How many pairs of hosts are alike in this, this one included.
        let pairs: Int
    }

    private let view: PolicyView
    private let oracle: PolicyOracle
    private let classes: PolicyClasses
    private let ports: PortClasses

    init(_ view: PolicyView, moment: Int64?) {
        self.view = view
        oracle = PolicyOracle(view.mesh, topology: view.topology, moment: moment)
        classes = PolicyClasses(view, .tests)
        ports = PortClasses(view.policy, in: view.mesh)
    }

    /// Of a test, whether it asks about anybody at all.
    func isIdle(_ test: Int) -> Bool { pairs(of: view.policy.tests[test]).isEmpty }

    /// Every flow of a test that is not as it should be, in the order of its subjects.
    func failures(of number: Int) -> [Failure] {
        let test = view.policy.tests[number]
        let pairs = pairs(of: test)
        let subjects = test.accept.map { ($0, true) } + test.deny.map { ($0, false) }
        return subjects.flatMap { subject, shouldBeAllowed in
            pairs.compactMap { pair -> Failure? in
                guard let plane = test.plane ?? AskedEnd.plane(from: pair.from, to: pair.to, in: view.mesh) else {
                    return nil
                }
                for question in questions(subject.value) {
                    let flow = AskedEnd.flow(plane, from: pair.from, to: pair.to, question, in: view.mesh)
                    let verdict = oracle.verdict(for: flow)
                    // WireGuard itself is what the guard lets through, and no plaintext.
                    if verdict.isAllowed == shouldBeAllowed || verdict.reason == .wireGuard && subject.value == .any {
                        continue
                    }
                    return Failure(
                        test: number, subject: subject, shouldBeAllowed: shouldBeAllowed, from: pair.from, to: pair.to,
                        flow: flow, verdict: verdict, pairs: pair.count)
                }
                return nil
            }
        }
    }

    private func questions(_ subject: TestSubject) -> [FlowSubject] {
        switch subject {
        case .echo: return [.echo]
        case .any: return ports.representatives.map { .port($0.transport, $0.range.lower) }
        case .ports(let asked):
            return ports.representatives(in: asked).map { .port($0.transport, $0.range.lower) }
        }
    }

    // MARK: who

    private struct Pair {
        let from: AskedEnd
        let to: AskedEnd
        let count: Int
    }

    /// One side: a class of peers, or an end that is alone.
    private enum Side {
        case members(Int)
        case alone(AskedEnd)
    }

    private func pairs(of test: PolicyTest) -> [Pair] {
        let destinations = sides(of: test.to.value)
        return sides(of: test.from.value).flatMap { from in
            destinations.compactMap { to in pair(from, to) }.filter { pair in
                test.plane != nil || AskedEnd.plane(from: pair.from, to: pair.to, in: view.mesh) != nil
            }
        }
    }

    private func pair(_ from: Side, _ to: Side) -> Pair? {
        switch (from, to) {
        case (.members(let a), .members(let b)):
            return classes.pair(a, b).map { Pair(from: .peer($0.from), to: .peer($0.to), count: classes.pairs(a, b)) }
        case (.members(let a), .alone(let end)):
            let members = classes.members[a]
            return Pair(from: .peer(members[0]), to: end, count: members.count)
        case (.alone(let end), .members(let b)):
            let members = classes.members[b]
            return Pair(from: end, to: .peer(members[0]), count: members.count)
        case (.alone(let a), .alone(let b)): return a.end == b.end ? nil : Pair(from: a, to: b, count: 1)
        }
    }

    private func sides(of end: TestEnd) -> [Side] {
        switch end {
        case .end(.address(let address)): return [.alone(.address(address, in: view.mesh))]
        case .end(.peer(let peer)): return [.alone(.peer(peer))]
        case .end(.anyone): return [.alone(.anyone)]
        case .members(let set):
            let numbers = Set(view.members(of: set).indices.compactMap { classes.classOfPeer[view.enabled[$0]] })
            return numbers.sorted().map(Side.members)
                + view.networks(of: set).flatMap(points).map { .alone(.address($0, in: view.mesh)) }
        }
    }

    /// An address of each part of a network that the rules tell apart.
    private func points(in network: IPPrefix) -> [IPAddress] {
        let named = view.policy.rules.flatMap {
            view.networks(of: $0.from.value) + view.networks(of: $0.to.value)
        }
        let parts = named.filter { network.contains($0) && $0 != network }
        let starts = [network.first] + parts.map(\.first) + parts.compactMap { $0.last.advanced(by: 1) }
        return Set(starts.filter(network.contains)).sorted()
    }
}
