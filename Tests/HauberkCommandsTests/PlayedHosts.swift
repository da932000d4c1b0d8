import Foundation

/// Hosts behind an ssh that is played.
extension TranscriptFolder {
    /// A rendered mesh of three servers, in groups of their own, with a rule from a to b.
    ///
    /// - Parameter peer: a line more of the mesh file.
    static func trio(with peer: String = "") throws -> TranscriptFolder {
        let folder = try TranscriptFolder()
        try folder.require("mkdir m home/plays && cat >m/mesh.yaml <<'END'\n\(mesh)\(peer)\nEND")
        try folder.require("cat >bin/ssh <<'END'\n\(ssh)END\nchmod 755 bin/ssh")
        try folder.require("hauberk init m --operator tester && hauberk --mesh m render --out out")
        return folder
    }

    private static let mesh = """
        mesh: trio
        prefixes: [10.88.0.0/16]
        groups: {a: {}, b: {}, c: {}}
        services: {web: {ports: [80/tcp], expose: {b: private}}}
        allow:
          - {from: a, to: b, service: web}
        peers:
          a1: {groups: [a], public: 203.0.113.1}
          b1: {groups: [b], public: 203.0.113.2}
          c1: {groups: [c], public: 203.0.113.3}

        """

    /// Takes every tree, but where `home/plays/PEER` says otherwise; $3 is then what the host is to run.
    private static let ssh = """
        #!/bin/sh
        while [ "$1" != -- ]; do
            if [ "$1" = -G ]; then echo hostname played; exit; fi
            shift
        done
        cat >/dev/null
        echo "hauberk-push 1"
        if [ -e "$HOME/plays/$2" ]; then . "$HOME/plays/$2"; fi
        echo '{"outcome" : "applied", "waiting" : []}'

        """

    /// What a host does from now on, in the words of the shell, before it takes a tree.
    func play(_ text: String, by host: String) throws {
        try text.write(toFile: "\(path)/home/plays/\(host)", atomically: true, encoding: .utf8)
    }
}
