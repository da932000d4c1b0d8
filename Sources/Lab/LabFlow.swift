/// On which network a flow is.
package enum LabPlane: String, Hashable, Sendable, CaseIterable {
    /// Through the tunnels, from one host to another.
    case overlay
    /// Outside of them.
    case underlay
    /// Through a host: to or from a network behind it, or the Internet.
    case forward
}

/// What a flow carries.
package enum LabTransport: String, Hashable, Sendable, CaseIterable {
    case tcp
    case udp
    /// A ping; it has no port.
    case echo
}

/// One question of a way, with the declared answer.
package struct LabSubject: Hashable, Sendable {
    package let transport: LabTransport
    /// 0 for a ping.
    package let port: UInt16
    package let isAllowed: Bool
    /// What decides, as an index in ``LabFlowPlan/reasons``.
    package let reason: Int

    package init(_ transport: LabTransport, _ port: UInt16, isAllowed: Bool, reason: Int) {
        self.transport = transport
        self.port = port
        self.isAllowed = isAllowed
        self.reason = reason
    }
}

/// What the source address of a way is to the machine that sends.
package enum LabSender: String, Hashable, Sendable {
    /// Its own: an answer comes back, and only then the flow counts as reached.
    case own
    /// Its own, but no answer can find back: what arrives counts.
    case oneWay = "one-way"
    /// Another machine's: what arrives counts. The network may refuse it by itself.
    case forged
}

/// One source address, one destination address, and everything that is asked between the two.
package struct LabWay: Hashable, Sendable {
    package let plane: LabPlane
    /// Names of machines: hosts, strangers, or ``LabTopology/nodeName(host:prefix:)``.
    package let from: String
    package let to: String
    /// Addresses of one family.
    package let source: String
    package let target: String
    package let sender: LabSender
    /// The source that the destination must see where somebody masquerades; nil for `source` or anything.
    package let seenAs: String?
    /// Whether the same way must be open once the rules are gone, as the proof that refusals were the rules' doing.
    package let isControlled: Bool
    package let subjects: [LabSubject]

    package init(
        _ plane: LabPlane, from: String, to: String, source: String, target: String, sender: LabSender = .own,
        seenAs: String? = nil, isControlled: Bool = true, subjects: [LabSubject]
    ) {
        self.plane = plane
        self.from = from
        self.to = to
        self.source = source
        self.target = target
        self.sender = sender
        self.seenAs = seenAs
        self.isControlled = isControlled
        self.subjects = subjects
    }

    /// The family of both addresses.
    package var family: LabFamily { target.utf8.contains(UInt8(ascii: ":")) ? .ipv6 : .ipv4 }
}

/// A plaintext query that is sent between two hosts which may talk, while the wire is listened to.
package struct LabMarker: Hashable, Sendable {
    package let from: String
    package let to: String
    /// By TCP, to the same port on both planes.
    package let port: UInt16
    package let overlaySource: String
    package let overlayTarget: String
    package let underlaySource: String
    package let underlayTarget: String

    package init(
        from: String, to: String, port: UInt16, overlay: (source: String, target: String),
        underlay: (source: String, target: String)
    ) {
        self.from = from
        self.to = to
        self.port = port
        overlaySource = overlay.source
        overlayTarget = overlay.target
        underlaySource = underlay.source
        underlayTarget = underlay.target
    }
}

/// What the underlay may carry between hosts of the mesh.
package enum LabGuard: String, Hashable, Sendable {
    /// WireGuard, ICMP, and what the ways of the underlay allow.
    case reject
    /// Anything; what `reject` would refuse is counted by the hosts' rules.
    case log
    /// Anything.
    case off
}

/// Every flow that is asked, and what the wires are listened to for.
package struct LabFlowPlan: Hashable, Sendable {
    package let ways: [LabWay]
    /// Sentences, each for many subjects.
    package let reasons: [String]
    /// Nil when no two hosts may talk by TCP.
    package let marker: LabMarker?
    package let guarding: LabGuard

    package init(ways: [LabWay], reasons: [String], marker: LabMarker?, guarding: LabGuard) {
        self.ways = ways
        self.reasons = reasons
        self.marker = marker
        self.guarding = guarding
    }

    package var flowCount: Int { ways.reduce(0) { $0 + $1.subjects.count } }
}

/// A machine that belongs to no mesh: on a site's wire, or on the Internet.
package struct LabStranger: Hashable, Sendable {
    package let name: String
    /// Nil for the Internet.
    package let site: String?
    /// Not those of any host; one of a family.
    package let addresses: [String]
    /// What it sends to hosts' addresses behind their underlay ones: each `prefix` by way of `gateway`.
    package let detours: [LabDetour]

    package init(name: String, site: String?, addresses: [String], detours: [LabDetour] = []) {
        self.name = name
        self.site = site
        self.addresses = addresses
        self.detours = detours
    }
}

/// An address inside the mesh that a stranger sends to a host's own underlay address.
package struct LabDetour: Hashable, Sendable {
    package let address: String
    /// The name of the host.
    package let host: String

    package init(address: String, host: String) {
        self.address = address
        self.host = host
    }
}
