import ArgumentParser
import SystemAccess

/// Which mesh a command is about.
struct MeshOptions: ParsableArguments {
    @Option(
        name: .long, help: ArgumentHelp("The folder of the mesh (see `hauberk help`).", valueName: "dir"),
        completion: .directory)
    var mesh: String?

    /// The mesh's folder by flag, variable, current folder, or the only one below `Mesh/`.
    func path() throws -> String {
        try MeshLocation(flag: mesh, variable: Environment.variables["HAUBERK_MESH"]).path()
    }
}

/// Who runs a command that opens the keyring.
struct IdentityOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Your operator identity; else $HAUBERK_IDENTITY, else hauberk/identity in your configuration folder.",
            valueName: "file"), completion: .file())
    var identity: String?

    @Option(
        name: .long,
        help: ArgumentHelp("A file with the identity's passphrase, for use without a terminal.", valueName: "file"),
        completion: .file())
    var passphraseFile: String?

    /// Whether the flag or `$HAUBERK_IDENTITY` names one.
    var isNamed: Bool { identity != nil || Environment.variables["HAUBERK_IDENTITY"]?.isEmpty == false }

    /// The flag, else `$HAUBERK_IDENTITY`, else the user's configuration folder.
    func path() throws -> String {
        if let identity { return identity }
        if let variable = Environment.variables["HAUBERK_IDENTITY"], !variable.isEmpty { return variable }
        return try SystemAccess.IdentityFile.defaultPath(Environment.variables)
    }
}

/// How long a writer waits for another.
struct WaitOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("How long to wait for another command that is changing the mesh.", valueName: "seconds"))
    var wait: Int = 10

    mutating func validate() throws {
        guard (0...86_400).contains(wait) else { throw ValidationError("--wait takes 0 to 86400 seconds") }
    }
}

/// Whether the result is for a program.
struct FormatOptions: ParsableArguments {
    @Flag(name: .long, help: "Print JSON, whose names stay the same from version to version.")
    var json = false
}

/// What every command that changes a mesh takes.
struct ChangeOptions: ParsableArguments {
    @OptionGroup var mesh: MeshOptions
    @OptionGroup var identity: IdentityOptions
    @OptionGroup var wait: WaitOptions

    /// An edit of the mesh; `command` is what a second writer is told.
    func edit(_ command: String) throws -> MeshEdit {
        MeshEdit(path: try mesh.path(), identity: identity, wait: wait.wait, command: command)
    }

    /// A change of the operators.
    func operators() throws -> OperatorChange {
        OperatorChange(path: try mesh.path(), identity: identity, wait: wait.wait)
    }
}
