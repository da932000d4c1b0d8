/// The columns of a peer list, by the name that `mesh.yaml` has for them.
enum PeerListColumn: String, CaseIterable {
    case name
    case site
    case groups
    case `public`
    case `private`
    case endpoint
    case port
    case address
    case routes
    case publicKey = "public-key"
    case keepalive
    case dns
    case mtu
    case fwmark
    case table
    case preUp = "pre-up"
    case postUp = "post-up"
    case preDown = "pre-down"
    case postDown = "post-down"
    /// wg-meshconf only: the secret.
    case privateKey = "private-key"
    /// wg-meshconf only: not supported.
    case saveConfig = "save-config"

    /// Whether a field holds several values.
    enum Plurality {
        case never, sometimes, always
    }

    var isList: Plurality {
        switch self {
        case .groups, .routes, .dns: .always
        case .address: .sometimes
        default: .never
        }
    }

    /// By the header's word: case, spaces, `-` and `_` do not count. Takes the singular and the plural, and the
    /// words of wg-meshconf 2.x (`KEY_TYPE` in its database_manager.py).
    init?(header: String) {
        let letters = header.utf8.compactMap { byte -> UInt8? in
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "_"): nil
            case 0x41...0x5A: byte | 0x20
            default: byte
            }
        }
        guard let column = Self.words[String(decoding: letters, as: UTF8.self)] else { return nil }
        self = column
    }

    private static let words: [String: PeerListColumn] = [
        "name": .name, "site": .site, "group": .groups, "groups": .groups, "public": .public, "private": .private,
        "endpoint": .endpoint, "port": .port, "listenport": .port, "address": .address, "addresses": .address,
        "route": .routes, "routes": .routes, "allowedips": .routes, "publickey": .publicKey,
        "keepalive": .keepalive, "persistentkeepalive": .keepalive, "dns": .dns, "mtu": .mtu, "fwmark": .fwmark,
        "table": .table, "preup": .preUp, "postup": .postUp, "predown": .preDown, "postdown": .postDown,
        "privatekey": .privateKey, "saveconfig": .saveConfig,
    ]

    /// The columns that peers of a YAML list may have.
    static let yamlNames = allCases.filter { $0 != .privateKey && $0 != .saveConfig }.map(\.rawValue)

    /// The fields in the order of the cases.
    static func sorted(_ fields: [PeerListField]) -> [PeerListField] {
        fields.sorted { ranks[$0.name, default: 0] < ranks[$1.name, default: 0] }
    }

    private static let ranks = Dictionary(uniqueKeysWithValues: allCases.enumerated().map { ($1.rawValue, $0) })
}
