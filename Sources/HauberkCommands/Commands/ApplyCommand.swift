import ArgumentParser
import Delivery
import Diagnostics
import SystemAccess

/// `apply TREE`, `apply --confirm`, `apply --rollback`, `apply --status`
struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Bring this host to its rendered tree, and back if that fails or nobody confirms it.",
        usage: """
            hauberk apply <tree> [--confirm-within <seconds>] [--dry-run] [<options>]
            hauberk apply --confirm | --rollback | --status [<options>]
            """,
        discussion: """
            Run it as root on the host, with its folder of what `hauberk render --out` wrote, or with a tar archive of that; \
            - is one on standard input. Everything is read and checked \
            with the real tools first. Then the interface, its peers, addresses, routes and firewall are changed where they \
            differ and nowhere else, and read back; peers that answered before have to answer afterwards. The files in \
            /etc are switched last, when all of that is confirmed: until then a reboot brings the former state up. Another \
            process puts everything back when a step fails, this one is killed, or the time to confirm runs out.

            A reboot in the moment in which the files are switched is finished by `hauberk apply --rollback`, run at boot \
            before wg-quick: a confirmed change is completed, any other is put back; it ends with 0 also where there is \
            nothing to do.

            While keys rotate a tree has two interfaces. Packets to a peer take the next one once the peer has answered \
            there; peers that have not are named, keep the former one, and are tried again by the next apply.

            What comes to the host for the first time, systemd starts at boot from then on, as after `systemctl enable`; a \
            unit that was disabled stays so. Where no systemd is there for it, that is said.

            Trees with nftables, iptables or no firewall can be applied. Exit status 1 says that the host is as it was, 2 \
            that it has the tree and a peer has not answered on the interface that packets are to take. With 74, not all \
            may be put back: another process goes on with that, and `hauberk apply --status` says when it is done.
            """)

    @Argument(
        help: ArgumentHelp(
            "The host's rendered tree: a folder, a tar archive, or - for one on standard input.", valueName: "tree"),
        completion: .file())
    var tree: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Put the host back unless `hauberk apply --confirm` is run within this time; 0 confirms at once.",
            valueName: "seconds"))
    var confirmWithin: Int = 0

    @Option(
        name: .long,
        help: ArgumentHelp(
            "While keys rotate: how long to wait for each peer's answer on the interface that packets are to take.",
            valueName: "seconds"))
    var patience: Int = 30

    @Flag(name: .long, help: "Say what would be done; change nothing.")
    var dryRun = false

    @Flag(name: .long, help: "Keep what waits for its confirmation.")
    var confirm = false

    @Flag(name: .long, help: "Put back what waits for its confirmation, or was cut off.")
    var rollback = false

    @Flag(name: .long, help: "Say whether something waits for its confirmation.")
    var status = false

    @Option(
        name: .long, help: ArgumentHelp("Where the host's files are; its network is the one here.", valueName: "dir"),
        completion: .directory)
    var root: String = "/"

    @OptionGroup var format: FormatOptions

    func validate() throws {
        let words = (tree == nil ? 0 : 1) + [confirm, rollback, status].count { $0 }
        guard words == 1 else { throw ValidationError("name a tree, or one of --confirm, --rollback and --status") }
        guard (0...86_400).contains(confirmWithin) else {
            throw ValidationError("--confirm-within takes 0 to 86400 seconds")
        }
        guard (0...180).contains(patience) else { throw ValidationError("--patience takes 0 to 180 seconds") }
        if tree == nil, dryRun || confirmWithin > 0 {
            throw ValidationError("--dry-run and --confirm-within are about a tree")
        }
    }

    func run() async throws { try await words.run() }

    /// What the parser makes of a command line; nil for one of another command.
    static func parsed(_ words: [String]) throws -> ApplyWords? { (try Hauberk.parseAsRoot(words) as? Self)?.words }

    var words: ApplyWords {
        var words = ApplyWords()
        (words.tree, words.confirmWithin, words.patience) = (tree, confirmWithin, patience)
        (words.dryRun, words.confirm, words.rollback, words.status) = (dryRun, confirm, rollback, status)
        (words.root, words.json) = (root, format.json)
        return words
    }
}

/// The process that puts a host back, started by `apply` alone.
struct ApplyGuardVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: ApplyGuard.command, abstract: "The half of apply that puts a host back.", shouldDisplay: false)

    @Argument var root: String
    @Argument var since: Int = 0

    func run() async throws { await ApplyGuard.watch(root: root, since: since) }
}

/// Prints the shell script that `push` brings where no program runs.
struct ApplyScriptVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply-script", abstract: "Print apply as a shell script.", shouldDisplay: false)

    func run() throws { Result.print(ApplyScript.text(version: Hauberk.version)) }
}
