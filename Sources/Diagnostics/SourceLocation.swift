/// A place in a text that a person can edit.
///
/// `line` and `column` count from 1; the column counts Unicode scalars, as editors do. A finding about a whole file
/// stands at line 1, column 1.
package struct SourceLocation: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The path as the user would type it, for example `mesh.yaml`.
    package let file: String
    package let line: Int
    package let column: Int

    package init(file: String, line: Int = 1, column: Int = 1) {
        self.file = file
        self.line = line
        self.column = column
    }

    package static func < (a: SourceLocation, b: SourceLocation) -> Bool {
        (a.file, a.line, a.column) < (b.file, b.line, b.column)
    }

    /// `file:line:column`, the form that editors and compilers share.
    package var description: String { "\(file):\(line):\(column)" }
}
