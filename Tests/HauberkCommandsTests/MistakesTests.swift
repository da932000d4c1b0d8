import Diagnostics
import HostPlans
import Keys
import MeshFiles
import MeshModel
import Rendering
import Sockets
import Testing

@Suite struct MistakesTests {
    @Test(arguments: MistakesFixture.all)
    func `each mark of a fixture is found where it stands, and nothing else is`(fixture: MistakesFixture) {
        let findings = findings(of: fixture)
        let found = findings.map { finding in
            "\(finding.id) \(finding.location?.line ?? 0):\(finding.location?.column ?? 0)"
        }
        #expect(found.sorted() == fixture.expected, "\(findings.map(\.text).joined(separator: "\n"))")
        #expect(findings.allSatisfy { $0.location?.file == fixture.description })
        #expect(
            fixture.expected.contains { $0.hasPrefix("\(fixture.id) ") }, "the file is named after none of its marks")
        for finding in findings { expectGoodStyle(finding) }
    }

    @Test func `every id has its fixture, and every fixture an id`() {
        #expect(MistakesFixture.all.count == names(in: MistakesFixture.folder).count, "a file that nothing reads")
        #expect(MistakesFixture.all.count > 80)
        let known = Set(DiagnosticID.all.map(\.name))
        let shown = Set(MistakesFixture.all.map(\.id)).union(BadInputCase.all.flatMap(\.ids))
            .union(MistakesElsewhere.all.map(\.id))
        #expect(known.subtracting(shown).sorted() == [], "ids that no fixture shows")
        #expect(shown.subtracting(known).sorted() == [], "fixtures of ids that do not exist")
    }

    @Test(arguments: MistakesElsewhere.all)
    func `what only a fault can show is shown by the test that the table names`(proof: MistakesElsewhere) {
        let source = String(decoding: contents(of: "\(testFolder)/../\(proof.file)"), as: UTF8.self)
        #expect(source.contains("func `\(proof.test)`"), "\(proof.file) has no such test")
        #expect(!BadInputCase.all.contains { $0.ids.contains(proof.id) }, "\(proof.id) has a fixture")
    }

    @Test func `a file of more than 64 MiB is refused unread`() {
        let found = failure { () throws(Failure) in
            _ = try YAMLTree(parsing: [UInt8](repeating: 0, count: (64 << 20) + 1), file: "mesh.yaml")
        }
        #expect(found.map(\.id) == [.fileTooLarge])
        #expect(found.first?.location?.description == "mesh.yaml:1:1")
    }

    private func findings(of fixture: MistakesFixture) -> [Diagnostic] {
        let (text, file) = (fixture.text, fixture.description)
        switch fixture.kind {
        case .mesh:
            let found = failure { () throws(Failure) in
                let tree = try YAMLTree(parsing: text, file: file)
                // The present of the fixtures is 2026-11-21T00:00:00Z.
                let check = MeshCheck.check(tree.root, file: file, lock: nil, at: 1_795_219_200)
                throw Failure(.meshInvalid, check.findings)
            }
            return found
        case .peerList:
            return failure { () throws(Failure) in _ = try PeerList(parsing: text, file: file, format: .yaml) }
        case .csv: return failure { () throws(Failure) in _ = try PeerList(parsing: text, file: file, format: .csv) }
        case .lock: return failure { () throws(Failure) in _ = try LockFile(parsing: text, file: file) }
        case .keyring: return failure { () throws(Failure) in _ = try Keyring.parse(text, file: file) }
        case .identity:
            return failure { () throws(Failure) in
                _ = try text.lend { (bytes) throws(Failure) in try IdentityFile.parse(bytes, file: file).open() }
            }
        case .template: return Template.parse(text, file: file).findings
        case .sockets: return failure { () throws(Failure) in _ = try SocketList(parsing: text, file: file) }
        case .configuration: return WireGuardConfig.parse(text, file: file).findings
        }
    }

    private func failure(_ work: () throws(Failure) -> Void) -> [Diagnostic] {
        do throws(Failure) {
            try work()
            return []
        } catch {
            #expect(error.status == .meshInvalid)
            return error.diagnostics
        }
    }

    /// One sentence in lower case on one line, without a full stop; so is the hint.
    private func expectGoodStyle(_ finding: Diagnostic) {
        for text in [finding.message, finding.hint].compactMap({ $0 }) {
            #expect(!text.isEmpty && !text.hasSuffix(".") && !text.contains("\n"), "\(finding.text)")
            #expect(text.unicodeScalars.count < 400, "\(finding.text)")
            #expect(text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f })
        }
    }
}

extension [UInt8] {
    fileprivate func lend<Result>(
        _ work: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let outcome = withUnsafeBytes { bytes in Swift.Result { () throws(Failure) in try work(bytes) } }
        return try outcome.get()
    }
}
