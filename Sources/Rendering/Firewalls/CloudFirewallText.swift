import Addresses
import HostPlans
import MeshModel

/// Cloud Firewalls as DigitalOcean's API, its Terraform provider and its command `doctl` read them.
enum CloudFirewallText {
    /// An array of bodies for `POST /v2/firewalls` (digitalocean/openapi, specification/resources/firewalls/models).
    static func bodies(_ firewalls: [CloudFirewall]) -> String {
        let bodies = firewalls.map { firewall in
            JSONTree.object([
                ("name", .text(firewall.name)), ("tags", .list([.text(firewall.tag)])), ("droplet_ids", .list([])),
                ("inbound_rules", .list(firewall.rules(.inbound).map { body($0, "sources") })),
                ("outbound_rules", .list(firewall.rules(.outbound).map { body($0, "destinations") })),
            ])
        }
        return JSONTree.list(bodies).text
    }

    private static func body(_ rule: CloudRule, _ side: String) -> JSONTree {
        var ends: [(String, JSONTree)] = []
        if !rule.addresses.isEmpty { ends.append(("addresses", .list(rule.addresses.map { .text($0) }))) }
        if !rule.tags.isEmpty { ends.append(("tags", .list(rule.tags.map { .text($0) }))) }
        return .object([
            ("protocol", .text(rule.traffic.name)), ("ports", .text(rule.traffic.ports ?? "0")), (side, .object(ends)),
        ])
    }

    /// Resources of the provider digitalocean/digitalocean: the tags too, for they must exist.
    static func terraform(_ firewalls: [CloudFirewall]) -> String {
        let tags = Set(firewalls.flatMap { [$0.tag] + $0.rules.flatMap(\.tags) }).sorted()
        let resources = firewalls.map { firewall in
            (
                label(firewall.tag),
                JSONTree.object([
                    ("name", .text(firewall.name)), ("tags", .list([reference(firewall.tag)])),
                    ("inbound_rule", .list(firewall.rules(.inbound).map { block($0, "source") })),
                    ("outbound_rule", .list(firewall.rules(.outbound).map { block($0, "destination") })),
                ])
            )
        }
        return JSONTree.object([
            (
                "resource",
                .object([
                    ("digitalocean_firewall", .object(resources)),
                    ("digitalocean_tag", .object(tags.map { (label($0), .object([("name", .text($0))])) })),
                ])
            )
        ]).text
    }

    /// Terraform says all ports as a range, and nothing for ICMP.
    private static func block(_ rule: CloudRule, _ side: String) -> JSONTree {
        var fields: [(String, JSONTree)] = [("protocol", .text(rule.traffic.name))]
        if rule.traffic != .icmp { fields.append(("port_range", .text(rule.traffic.ports ?? "1-65535"))) }
        if !rule.addresses.isEmpty {
            fields.append(("\(side)_addresses", .list(rule.addresses.map { .text($0) })))
        }
        if !rule.tags.isEmpty { fields.append(("\(side)_tags", .list(rule.tags.map(reference)))) }
        return .object(fields)
    }

    private static func reference(_ tag: String) -> JSONTree { .text("${digitalocean_tag.\(label(tag)).id}") }

    /// A name of Terraform's: letters, digits, `_` and `-`.
    private static func label(_ tag: String) -> String { tag.replacing(":", with: "__") }

    /// A line for each firewall; run it once, for `doctl compute firewall create` makes a new one each time.
    static func script(_ firewalls: [CloudFirewall], mesh: String) -> String {
        let tags = Set(firewalls.flatMap { [$0.tag] + $0.rules.flatMap(\.tags) }).sorted()
        let lines = firewalls.map { firewall in
            "doctl compute firewall create --name '\(firewall.name)' --tag-names '\(firewall.tag)' "
                + "--inbound-rules '\(words(firewall.rules(.inbound)))' "
                + "--outbound-rules '\(words(firewall.rules(.outbound)))'\n"
        }
        return """
            #!/bin/sh
            # Hauberk: DigitalOcean Cloud Firewalls of mesh \(mesh). Rendered: changes are lost with the next render.
            # To run once: a second run would make them all again. Droplets get the tags when they are created, or by
            # `doctl compute droplet tag ID --tag-name TAG`. A firewall holds for a droplet as soon as it has the tag.
            set -eu
            \(tags.map { "doctl compute tag create '\($0)'\n" }.joined())\(lines.joined())
            """
    }

    private static func words(_ rules: [CloudRule]) -> String {
        rules.map { rule in
            let ends = rule.addresses.map { "address:\($0)" } + rule.tags.map { "tag:\($0)" }
            return (["protocol:\(rule.traffic.name)", "ports:\(rule.traffic.ports ?? "0")"] + ends).joined(
                separator: ",")
        }.joined(separator: " ")
    }
}

extension CloudFirewall {
    func rules(_ direction: CloudDirection) -> [CloudRule] { rules.filter { $0.direction == direction } }
}

extension CloudRule {
    var addresses: [String] {
        ends.compactMap { end in
            if case .network(let prefix) = end { return prefix.bare }
            return nil
        }
    }

    var tags: [String] {
        ends.compactMap { end in
            if case .tag(let tag) = end { return tag }
            return nil
        }
    }
}

extension CloudTraffic {
    var name: String {
        switch self {
        case .ports(let ports): return ports.transport.rawValue
        case .all(let transport): return transport.rawValue
        case .icmp: return "icmp"
        }
    }

    /// Nil for all.
    var ports: String? {
        if case .ports(let ports) = self { return ports.range.description }
        return nil
    }
}

/// JSON without numbers, whose objects keep their order.
indirect enum JSONTree: Sendable {
    case text(String)
    case list([JSONTree])
    case object([(String, JSONTree)])

    /// Indented by two spaces, with a line feed at the end.
    var text: String { text(indent: "") + "\n" }

    private func text(indent: String) -> String {
        switch self {
        case .text(let text): return Self.quoted(text)
        case .list(let items):
            return Self.block("[", items.map { $0.text(indent: indent + "  ") }, "]", indent)
        case .object(let fields):
            let lines = fields.map { "\(Self.quoted($0)): \($1.text(indent: indent + "  "))" }
            return Self.block("{", lines, "}", indent)
        }
    }

    private static func block(_ open: String, _ lines: [String], _ close: String, _ indent: String) -> String {
        if lines.isEmpty { return open + close }
        return open + "\n" + lines.map { indent + "  " + $0 }.joined(separator: ",\n") + "\n" + indent + close
    }

    /// Names, addresses and ports alone come here: nothing but quotes and backslashes could do harm.
    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
