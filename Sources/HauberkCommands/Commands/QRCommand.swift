import ArgumentParser
import Diagnostics
import HostPlans
import Keys
import Lab
import MeshFiles
import MeshModel
import SystemAccess

/// `qr PEER`
struct QRCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qr",
        abstract: "Show a peer's configuration as a QR code for the WireGuard app of a phone.",
        usage: "hauberk qr <peer> [<options>]",
        discussion: "The code holds the peer's private key: show it to nobody but the phone.")

    @Argument(help: "The peer, of platform app.")
    var peer: String

    @Option(
        name: .long, help: ArgumentHelp("Write a PNG picture instead, 0600.", valueName: "file"),
        completion: .file(extensions: ["png"]))
    var png: String?

    @OptionGroup var mesh: MeshOptions
    @OptionGroup var identity: IdentityOptions

    /// ISO/IEC 18004, version 40, level L, byte mode.
    private static let mostBytes = 2953

    func run() async throws {
        let loaded = try LoadedMesh.read(try mesh.path())
        if loaded.tree != nil { try loaded.requireEnabled([peer]) }
        let session = try RenderSession(loaded, identity: identity, targets: ["wg-quick"])
        guard let index = session.mesh.index(of: peer) else {
            throw Failure(.no, .noPeers, "peer \(quoted(peer)) is disabled")
        }
        let host = session.mesh.peers[index]
        if host.declared.platform != .app || host.holdsOwnKey {
            throw Failure(
                .usage, .platformField,
                "peer \(quoted(peer)) is not for an app: its configuration runs commands or lacks its key",
                hint: "hauberk set \(peer) --platform app")
        }
        guard let text = session.configuration(of: index) else {
            throw Failure(.usage, .unknownTarget, "the target wg-quick renders nothing for \(quoted(peer))")
        }
        if text.count > Self.mostBytes {
            throw Failure(
                .no, .qrTooLarge,
                "the configuration of \(quoted(peer)) has \(text.count) bytes; a QR code holds \(Self.mostBytes)",
                hint: "let it peer with a hub only, or copy its file")
        }
        try await show(text)
    }

    /// Runs `qrencode`, which reads the text from its standard input: nothing secret is in its arguments.
    private func show(_ text: consuming Secret) async throws {
        let arguments = png == nil ? ["-t", "ANSIUTF8", "-o", "-"] : ["-t", "PNG", "-s", "6", "-o", "-"]
        var input = text.withBytes { Array($0) }
        defer { Sodium.wipe(&input) }
        var run = ToolRun("qrencode", arguments)
        run.input = input
        let result = try await ProcessRunner().run(run)
        guard result.succeeded else {
            throw Failure(.inputOutput, .toolFailed, "qrencode: \(quoted(SecretMask.hidingKeys(in: result.errorText)))")
        }
        guard let png else {
            Result.print(result.outputText)
            return
        }
        guard try TextFolder("").create(png, result.output, mode: 0o600) else {
            throw Failure(.usage, .fileExists, "there is a file \(quoted(png)) already", hint: "name another")
        }
        Result.print("wrote \(png)")
    }
}
