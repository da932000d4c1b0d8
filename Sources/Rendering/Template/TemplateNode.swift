import HostPlans

/// The parsed body of a template; names are resolved, so rendering cannot fail.
indirect enum TemplateNode: Sendable {
    case text(ArraySlice<UInt8>)
    /// A value; a list is joined by `, `.
    case value(TemplateName)
    /// The item of the innermost list.
    case item
    /// The body once for each item of a list, or once when the value is there.
    case section(TemplateName, [TemplateNode])
    /// The body when the value is absent or the list empty.
    case inverted(TemplateName, [TemplateNode])
    /// The peers' sections, each the body rendered with the names of a peer.
    case peers([TemplateNode])
}

/// What a name means wherever a template uses it. The vocabulary is closed.
enum TemplateName: String, CaseIterable, Hashable, Sendable {
    case mesh, name, interface, port, mtu, fwmark, table, forwards, linux, app
    case addresses, dns, firewall
    // Where keys rotate.
    case rotates, base, metric
    case otherInterface = "other-interface"
    case keptRoutesV4 = "kept-routes-v4"
    case keptRoutesV6 = "kept-routes-v6"
    case unloadsFirewall = "firewall-unload"
    case exitTable = "exit-table"
    case exitV4 = "exit-v4"
    case exitV6 = "exit-v6"
    case wireGuardPorts = "wireguard-ports"
    case peerHeld = "peer-held"
    case privateKey = "private-key"
    case explicitRoutes = "explicit-routes"
    case routesV4 = "routes-v4"
    case routesV6 = "routes-v6"
    case preUp = "pre-up"
    case postUp = "post-up"
    case preDown = "pre-down"
    case postDown = "post-down"
    case publicKey = "public-key"
    case epoch
    // Inside {{#peers}} only.
    case presharedKey = "preshared-key"
    case allowedIPs = "allowed-ips"
    case endpoint, keepalive

    /// Whether the name means something outside of `{{#peers}}`.
    var isOfInterface: Bool {
        switch self {
        case .presharedKey, .allowedIPs, .endpoint, .keepalive: return false
        default: return true
        }
    }

    /// Whether the name means something inside `{{#peers}}`; there it is the other peer's.
    var isOfPeer: Bool {
        switch self {
        case .presharedKey, .allowedIPs, .endpoint, .keepalive, .name, .publicKey, .epoch, .mesh: return true
        default: return false
        }
    }

    var isList: Bool {
        switch self {
        case .addresses, .dns, .routesV4, .routesV6, .preUp, .postUp, .preDown, .postDown, .allowedIPs, .wireGuardPorts,
            .keptRoutesV4, .keptRoutesV6:
            return true
        default: return false
        }
    }

    var isSecret: Bool { self == .privateKey || self == .presharedKey }

    /// Whether the name only asks a question; it has no text.
    var isQuestion: Bool {
        switch self {
        case .forwards, .linux, .app, .peerHeld, .explicitRoutes, .firewall, .unloadsFirewall, .exitV4, .exitV6,
            .rotates:
            return true
        default: return false
        }
    }
}

/// A value as a template sees it.
enum TemplateValue {
    case absent
    case yes
    case text(String)
    case list([String])
    case secret(SecretRef)

    var isPresent: Bool {
        switch self {
        case .absent: return false
        case .list(let items): return !items.isEmpty
        case .yes, .text, .secret: return true
        }
    }
}

/// The vocabulary of templates, for the manual.
package enum TemplateNames {
    /// What may stand outside of `{{#peers}}`, sorted.
    package static var ofInterface: [String] { TemplateName.allCases.filter(\.isOfInterface).map(\.rawValue).sorted() }

    /// What may stand inside, sorted.
    package static var ofPeer: [String] { TemplateName.allCases.filter(\.isOfPeer).map(\.rawValue).sorted() }
}
