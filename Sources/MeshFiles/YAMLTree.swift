package import Diagnostics

/// A YAML file as a located tree: one document of plain mappings, lists and texts. Anchors, aliases, merge keys, tags,
/// directives, further documents, complex keys and duplicate keys are refused: each would let the file mean something
/// that its reader does not see.
package struct YAMLTree: Sendable {
    /// The path as findings name it.
    package let file: String
    package let source: [UInt8]
    /// A null scalar when the file holds nothing but comments.
    package let root: YAMLNode

    /// Deeper nesting is refused.
    package static let depthLimit = 32
    /// Longer texts are refused, in bytes.
    package static let scalarLimit = 4096

    /// Reads the whole file.
    /// - Throws: a failure of status `meshInvalid` with every finding.
    package init(parsing source: [UInt8], file: String) throws(Failure) {
        let outcome = source.withUnsafeBufferPointer { Self.read($0, file: file) }
        guard let root = outcome.root, outcome.findings.isEmpty else {
            throw Failure(.meshInvalid, outcome.findings)
        }
        self.file = file
        self.source = source
        self.root = root
    }

    /// The place of a node of this tree.
    package func location(of node: YAMLNode) -> SourceLocation { node.location(in: file) }

    private static func read(
        _ bytes: UnsafeBufferPointer<UInt8>, file: String
    ) -> (root: YAMLNode?, findings: [Diagnostic]) {
        let check = SourceCheck(bytes, file: file, rules: .noTabIndentation)
        guard check.findings.isEmpty else { return (nil, check.findings) }
        var reader = YAMLReader(bytes, file: file, isASCII: check.isASCII)
        let root = reader.read()
        return (root, reader.findings)
    }
}
