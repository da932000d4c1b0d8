import SystemAccess

/// What commands take from the machine they run on; tests bring their own.
///
/// Keys and nonces are not in it: they come from libsodium alone, so that nothing can make them guessable.
struct Surroundings: Sendable {
    /// Where meshes and identities are.
    var files: any FileSystem = RealFileSystem()
    var clock = SystemClock.system
    /// Takes the results.
    var output: @Sendable (String) -> Void = { if !Terminal.output.write($0) { Result.lose() } }
    /// Takes findings, progress and chatter.
    var errors: @Sendable (String) -> Void = { _ = Terminal.errors.write($0) }

    /// Those of the present task.
    @TaskLocal static var current = Surroundings()
}
