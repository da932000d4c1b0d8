import ArgumentParser
import Diagnostics
import MeshFiles
import MeshModel
import SystemAccess

/// `matrix`
struct MatrixCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "matrix",
        abstract: "Show who reaches what by the policy, as a table, JSON, or a picture.",
        usage: "hauberk matrix [<options>]",
        discussion: """
            A row for each source and a column for each destination, with the services that are reached. By group, hosts \
            that the policy treats alike are one row; that is the default for meshes of more than 12 peers. Pings are left \
            out: icmp in mesh.yaml answers them for all hosts alike.
            """)

    enum Axis: String, CaseIterable, ExpressibleByArgument {
        case peer, group
    }

    @Option(name: .long, help: "A row for each peer, or for each group of peers that are alike.")
    var by: Axis?

    @Option(name: .long, help: "The network that is meant: overlay, underlay or forward.")
    var plane: Plane = .overlay

    @Option(name: .long, help: ArgumentHelp("Write a page with a picture.", valueName: "file"), completion: .file())
    var html: String?

    @Option(name: .long, help: ArgumentHelp("Write the picture alone.", valueName: "file"), completion: .file())
    var svg: String?

    @OptionGroup var mesh: MeshOptions
    @OptionGroup var format: FormatOptions

    /// More cells than a person or a viewer can make anything of.
    private static let mostCells = 1_000_000

    func validate() throws {
        if html?.isEmpty == true || svg?.isEmpty == true { throw ValidationError("name a file for the picture") }
    }

    func run() throws {
        let loaded = try LoadedMesh.read(try mesh.path(), .withoutKeyring)
        let declared = try loaded.declaredPolicy()
        let count = declared.peers.count { !$0.isDisabled }
        let axis = by ?? (count > 12 ? .group : .peer)
        if axis == .peer, count * count > Self.mostCells {
            throw Failure(
                .usage, .invalidQuestion, "a matrix of \(count) peers is too large to be of use",
                hint: "leave --by out, or write --by group")
        }
        var matrix = ReachMatrix(declared, plane, at: Moment.now.seconds)
        if axis == .peer { matrix = matrix.byPeer() }
        let picture = matrix.picture(of: declared.name, notes: Self.notes(declared))
        if let svg { try Self.write(picture.svg, to: svg) }
        if let html { try Self.write(PicturePage.html(title: picture.title, svg: picture.svg), to: html) }
        if format.json {
            Result.print(try JSONText.encode(matrix.row(of: declared.name, by: axis.rawValue)))
        } else if html == nil, svg == nil {
            if matrix.isEmpty {
                Result.note("nothing is forwarded: no peer has networks behind it, another mesh, or an exit")
            }
            Result.print(matrix.text)
            if declared.policy == nil { Result.note(Self.notes(declared).joined(separator: "\n")) }
        }
    }

    private static func notes(_ mesh: DeclaredMesh) -> [String] {
        guard let policy = mesh.policy else {
            return ["the mesh has no policy: every peer reaches every port of every other"]
        }
        let echo = policy.icmp
        return [
            "guard: \(policy.guardDeclaration.plaintext.rawValue); pings are answered: "
                + "overlay \(echo.overlay == .echo ? "yes" : "no"), underlay \(echo.underlay == .echo ? "yes" : "no")"
        ]
    }

    private static func write(_ text: String, to path: String) throws {
        guard try TextFolder("").create(path, Array(text.utf8), mode: 0o644) else {
            throw Failure(.usage, .fileExists, "there is a file \(quoted(path)) already", hint: "name another")
        }
        Result.note("wrote \(path)")
    }
}
