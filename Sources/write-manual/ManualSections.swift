/// What the command tree does not know.
enum ManualSections {
    /// When the sections below were last changed in what they say.
    static let date = "November 21, 2026"

    static let mdoc = #"""
        .Sh ENVIRONMENT
        .Bl -tag -width Ds
        .It Ev HAUBERK_MESH
        The folder of the mesh, where
        .Fl -mesh
        is not given.
        .It Ev HAUBERK_IDENTITY
        The operator's identity file, where
        .Fl -identity
        is not given.
        .It Ev XDG_CONFIG_HOME
        The user's configuration folder, by default
        .Pa ~/.config .
        .It Ev NO_COLOR
        If set and not empty, nothing is coloured.
        .It Ev GITHUB_ACTIONS
        If
        .Dq true ,
        findings are printed as annotations of the workflow.
        .El
        .Sh FILES
        .Bl -tag -width Ds
        .It Pa mesh.yaml
        What people want of the mesh.
        Commands touch only the lines of the peer or key that they name.
        .It Pa mesh.lock
        What was allocated: addresses, public keys, key epochs, removed peers.
        It holds no secret.
        .It Pa mesh.keys
        The keyring: private keys and the mesh's secrets, sealed to every operator.
        .It Pa mesh.ledger
        Who had which key from when to when, and who made it so.
        Its lines are chained and signed; a mesh has one when somebody begins it.
        It holds no secret.
        .It Pa templates/
        The mesh's own templates, if it has any.
        .It Pa ~/.config/hauberk/identity
        The operator's identity, which opens the keyrings.
        Its mode is 0600, and it is in no mesh folder.
        .El
        .Sh EXIT STATUS
        .Bl -tag -width Ds
        .It 0
        Done, or nothing to do.
        .It 1
        The answer is no: a pair does not reach another as declared, or a peer is
        disabled.
        .It 2
        Something would change:
        .Ic plan --exit-code .
        .It 64
        The command line is wrong.
        .It 65
        The mesh is invalid; every finding is named with its place.
        .It 66
        A file or the mesh is missing.
        .It 70
        A mistake of this program.
        .It 74
        Reading or writing failed.
        .It 75
        Somebody else holds the mesh's lock; the message names who.
        .It 77
        Permission denied.
        .It 78
        A needed tool is missing; the message names its package.
        .El
        .Sh EXAMPLES
        A mesh of two servers and a laptop, written to files for each, and proved on
        real tunnels:
        .Bd -literal -offset indent
        hauberk init office
        hauberk --mesh office add web-1 --public 203.0.113.2
        hauberk --mesh office add db-1 --public 203.0.113.3
        hauberk --mesh office add laptop
        hauberk --mesh office render --out out
        hauberk --mesh office prove
        .Ed
        .Pp
        What a finding means and how to mend it:
        .Bd -literal -offset indent
        hauberk explain overlapping-address
        .Ed
        .Sh SEE ALSO
        .Xr wg 8 ,
        .Xr wg-quick 8
        """#
}
