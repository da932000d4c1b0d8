import Diagnostics
import MeshModel
import Rendering
import Testing

/// The reference of the mesh file names what the decoder knows, and nothing else.
@Suite struct TranscriptManualTests {
    private let manual: MarkdownText

    init() throws {
        manual = MarkdownText(try TranscriptFolder.text(ofRepository: "Sources/Manual/mesh-file.md"))
    }

    @Test func `the tables name every field and no other`() {
        #expect(manual.names(under: "The top of the file") == MeshDecoder.Field.allCases.names())
        #expect(manual.names(under: "rotation") == MeshDecoder.RotationField.allCases.names())
        #expect(manual.names(under: "wireguard") == MeshDecoder.WireGuardField.allCases.names())
        #expect(manual.names(under: "sites") == MeshDecoder.SiteField.allCases.names())
        #expect(manual.names(under: "groups") == MeshDecoder.GroupField.allCases.names())
        #expect(manual.names(under: "topology") == MeshDecoder.TopologyWord.allCases.names())
        #expect(manual.names(under: "allow") == MeshDecoder.RuleField.allCases.names())
        #expect(manual.names(under: "guard") == MeshDecoder.GuardField.allCases.names())
        #expect(manual.names(under: "rescue") == MeshDecoder.RescueField.allCases.names())
        #expect(manual.names(under: "exceptions") == MeshDecoder.ExceptionField.allCases.names())
        #expect(manual.names(under: "icmp") == MeshDecoder.ICMPField.allCases.names())
        #expect(manual.names(under: "exits") == MeshDecoder.ExitField.allCases.names())
        #expect(manual.names(under: "peering") == MeshDecoder.PeeringField.allCases.names())
        #expect(manual.names(under: "tests") == MeshDecoder.TestField.allCases.names())
        let fields = manual.names(under: "What and where a peer is") + manual.names(under: "A peer's own interface")
        #expect(Set(fields) == Set(MeshDecoder.PeerField.allCases.names()))
        #expect(fields.count == MeshDecoder.PeerField.allCases.count)
    }

    @Test func `the tables name every word of the policy`() {
        #expect(manual.names(under: "The policy") == Plane.allCases.names())
        let services = MeshDecoder.ServiceField.allCases.names() + Exposure.allCases.reversed().names()
        #expect(manual.names(under: "services") == services)
        #expect(manual.names(under: "firewall") == FirewallKind.allCases.names())
    }

    @Test func `the tables name every word of a template`() {
        let outside = manual.names(under: "Names outside of the peers")
        #expect(outside.sorted() == TemplateNames.ofInterface)
        #expect(manual.names(under: "Names inside of the peers").sorted() == TemplateNames.ofPeer)
    }

    @Test func `the table of exit codes is complete`() {
        let codes = manual.rows(under: "Exit codes").compactMap { $0.first.flatMap { Int32($0) } }
        #expect(codes == ExitStatus.allCases.map(\.rawValue))
    }

    @Test func `every mesh file on the page is one that the program takes`() throws {
        let meshes = manual.blocks(of: "yaml").filter { $0.first?.hasPrefix("mesh:") == true }
        #expect(meshes.count >= 4)
        for lines in meshes {
            let folder = try TranscriptFolder()
            defer { folder.remove() }
            let text = lines.joined(separator: "\n")
            try folder.require("mkdir mesh && cat >mesh/mesh.yaml <<'EOF'\n\(text)\nEOF")
            try folder.require("hauberk init mesh")
            let checked = try folder.require("hauberk check --mesh mesh")
            #expect(checked.hasSuffix("nothing to report\n"), "\(text)\n\(checked)")
        }
    }
}

extension Collection where Element: RawRepresentable, Element.RawValue == String {
    fileprivate func names() -> [String] { map(\.rawValue) }
}
