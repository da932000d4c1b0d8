/// Mistakes in the fields of `mesh.yaml`.
extension DiagnosticID {
    package static let meshFile: [DiagnosticID] = [
        .missingField, .unknownField, .rotationImpossible, .wrongShape, .invalidName, .invalidValue, .unknownSite,
        .unknownGroup, .unknownSelector, .ambiguousName, .siteRequired, .invalidHook, .platformField, .invalidKey,
        .sharedKey,
    ]

    package static let missingField = DiagnosticID(
        "missing-field",
        """
        A field that has no default is absent. A mesh needs at least a name (`mesh:`) and one or two prefixes
        (`prefixes:`). Add the field on a line of its own.
        """)

    package static let unknownField = DiagnosticID(
        "unknown-field",
        """
        The file has a field that this version of hauberk does not know. A misspelt field would otherwise be a
        setting that silently does nothing, so it is refused. The hint names the nearest field that exists here.
        """)

    package static let rotationImpossible = DiagnosticID(
        "rotation-impossible",
        """
        With `rotation:`, every host has a second WireGuard interface while keys rotate: the first one's name and `-b`,
        on the next port, with routes that are moved peer by peer. A host whose name, port or routes leave no room for
        that cannot rotate without loss. The message says what is in the way. And a mesh whose keys have rotated keeps
        `rotation:`, because its hosts' firewalls have to know both interfaces.
        """)

    package static let wrongShape = DiagnosticID(
        "wrong-shape",
        """
        The value is of another shape than the field takes: a list where one value belongs, a single value where
        fields belong, or nothing at all. The message names what is expected and what stands there.
        """)

    package static let invalidName = DiagnosticID(
        "invalid-name",
        """
        Names of meshes, peers, groups and sites become file names, comments and firewall objects. A name is 1 to 63
        characters, begins with a letter or a digit, and holds only letters, digits, `.`, `_` and `-`. `all`, which means
        every peer, `anyone`, which means whoever is not of the mesh, and `and`, `or` and `except`, which join names to
        sets, are reserved.
        """)

    package static let invalidValue = DiagnosticID(
        "invalid-value",
        """
        The value does not parse as what the field holds: an address, a prefix, a port (1 to 65535), an MTU (1280 to
        65535), an interface name (1 to 15 characters), a duration (`90d`, `12h`, `30m`), a host name, or one of a
        fixed set of words. Nothing is clamped or guessed.
        """)

    package static let unknownSite = DiagnosticID(
        "unknown-site",
        """
        A peer names a site that `sites:` does not declare. Declare the site with its underlay network, or correct
        the name.
        """)

    package static let unknownGroup = DiagnosticID(
        "unknown-group",
        """
        A peer names a group that `groups:` does not declare. Groups own blocks of addresses, so a misspelt group
        would put the peer into the wrong block. Declare the group (`NAME: {}` is enough), or correct the name.
        """)

    package static let unknownSelector = DiagnosticID(
        "unknown-selector",
        """
        `hubs`, `relays` and `links` name peers, groups or `all`. The name stands for none of them.
        """)

    package static let ambiguousName = DiagnosticID(
        "ambiguous-name",
        """
        A peer and a group have the same name, or two names differ only in upper and lower case. Links, hubs and
        relays name either, and on some file systems the two would share one folder. Rename one of them.
        """)

    package static let siteRequired = DiagnosticID(
        "site-required",
        """
        A private address means something only inside a network: two peers may use the same private address in
        different VPCs. Name the peer's site with `site:`, so that only peers of that site use the address.
        """)

    package static let invalidHook = DiagnosticID(
        "invalid-hook",
        """
        A hook (`pre-up`, `post-up`, `pre-down`, `post-down`) is one command on one line. A line break or another
        control character in it would start a line of its own in the rendered configuration, where it could be any
        setting at all. Use a list for several commands.
        """)

    package static let platformField = DiagnosticID(
        "platform-field",
        """
        A peer of `platform: app` (the WireGuard apps of phones, macOS and Windows) runs no shell commands and has
        no routing tables: its configuration cannot hold hooks, `table`, `fwmark` or routed networks, and it cannot
        relay for others.
        """)

    package static let invalidKey = DiagnosticID(
        "invalid-key",
        """
        A public key is 32 bytes in base64: 43 characters and one `=`. Two peers never share a key: WireGuard tells
        peers apart by it alone.
        """)

    package static let sharedKey = DiagnosticID(
        "shared-key",
        """
        Two peers declare the same public key. WireGuard tells peers apart by their keys alone, so the second section
        would replace the first.
        """)
}
