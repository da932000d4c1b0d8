package import Diagnostics
import Subprocess
import SystemPackage

/// The declared mesh run for real on one machine.
///
/// Everything happens in one child in new user, network, mount and process namespaces, so no interface, route, rule
/// or mount of the lab exists in the machine's own, and all of it ends with the child, however this process ends.
package enum Lab {
    /// Builds the topology, brings it up, probes every expectation, and takes it down.
    ///
    /// A host that does not come up, or a pair that does not behave, is in the report and no error. Throws `Failure`
    /// for a missing program or right (`toolMissing`, `permission`), an unreadable tree (`fileMissing`), and a lab
    /// that could not be built (`inputOutput`). `progress` is called in order, from one task.
    package static func prove(
        _ topology: LabTopology, options: LabOptions, progress: @escaping @Sendable (LabProgress) -> Void = { _ in }
    ) async throws(Failure) -> LabReport {
        var trees: [LabTree] = []
        for host in topology.hosts { trees.append(try LabTree(reading: [host.tree] + host.moreTrees)) }
        let launcher = try await LabMachine(topology: topology, options: options).launcher()
        guard let outer = PosixFiles.link("/proc/self/ns/net") else {
            throw Failure(.inputOutput, .labBroken, "/proc/self/ns/net cannot be read")
        }
        let agent = [options.agent.executable] + options.agent.leading + ["inside", outer]
        let order = LabOrder(topology: topology, options: options, trees: trees)
        return try await converse(launcher + agent, order.wire.frame, progress)
    }

    private static let environment: Environment = .custom(
        Dictionary(
            LabCommand.environment.compactMap { name, value in Environment.Key(rawValue: name).map { ($0, value) } },
            uniquingKeysWith: { first, _ in first }))

    /// Starts the child, hands it its order and keeps its standard input open until it has reported.
    private static func converse(
        _ words: [String], _ order: [UInt8], _ progress: @escaping @Sendable (LabProgress) -> Void
    ) async throws(Failure) -> LabReport {
        let executable = words.first.flatMap { LabMachine.find($0) } ?? "/usr/bin/unshare"
        do {
            let result = try await Subprocess.run(
                .path(FilePath(executable)), arguments: Arguments(Array(words.dropFirst())), environment: environment,
                input: .inputWriter, output: .sequence, error: .string(limit: 1 << 20)
            ) { execution in
                // A child that ends at once does not read it; how it ended says why.
                _ = try? await execution.standardInputWriter.write(order)
                return try await listen(to: execution.standardOutput, progress)
            }
            if let report = try result.closureResult.get() { return report }
            let said = trimmed(result.standardError)
            let reason = said.isEmpty ? "\(result.terminationStatus)" : said
            throw Failure(.inputOutput, .labBroken, "the lab ended without a report: \(reason)")
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(.inputOutput, .labBroken, "the lab cannot be started: \(error)")
        }
    }

    /// Reads messages until the report or a failure; nil when the child ends without either.
    private static func listen(
        to output: SubprocessOutputSequence, _ progress: @Sendable (LabProgress) -> Void
    ) async throws -> Result<LabReport?, Failure> {
        var frames = WireFrames()
        for try await buffer in output {
            frames.append(buffer.withUnsafeBytes { Array($0) })
            while let wire = try frames.next() {
                switch try LabMessage(wire: wire) {
                case .progress(let step): progress(step)
                case .report(let report): return .success(report)
                case .failure(let status, let diagnostic): return .failure(Failure(status, [diagnostic]))
                }
            }
        }
        return .success(nil)
    }
}
