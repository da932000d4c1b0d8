import Addresses
package import HostPlans

extension InterfaceFacts {
    /// What a configuration says; peers by the names that `names` gives for their sections.
    package init(_ config: WireGuardConfig, _ names: (WireGuardConfig.Peer) -> String) {
        var values: [Field: [String]] = [:]
        values[.addresses] = config.addresses.map(\.description)
        values[.port] = config.port.map { ["\($0)"] }
        values[.mtu] = config.mtu.map { ["\($0)"] }
        values[.fwmark] = config.fwmark.map { ["\($0)"] }
        for setting in config.settings {
            switch setting.key {
            case "dns": values[.dns, default: []].append(setting.value)
            case "table": values[.table, default: []].append(setting.value)
            default:
                if setting.key == "postup", let route = Self.route(setting.value) {
                    values[.routes, default: []].append(route)
                } else {
                    values[.hooks, default: []].append("\(Self.title(setting.key)) = \(Self.redacted(setting.value))")
                }
            }
        }
        values[.addresses] = values[.addresses].flatMap { $0.isEmpty ? nil : $0 }
        self.init(
            values: values,
            peers: config.peers.map { peer in
                var values: [PeerField: [String]] = [:]
                values[.publicKey] = peer.publicKey.isEmpty ? nil : [peer.publicKey]
                values[.endpoint] = peer.endpoint.map { [$0.description] }
                values[.allowedIPs] = peer.allowedIPs.isEmpty ? nil : peer.allowedIPs.map(\.description)
                values[.keepalive] = peer.keepalive.map { ["\($0)"] }
                return Peer(name: names(peer), values: values)
            })
    }

    private static func title(_ key: String) -> String {
        ["preup": "PreUp", "postup": "PostUp", "predown": "PreDown", "postdown": "PostDown"][key] ?? key
    }

    /// The prefix of a hook of ours that adds a route, with table and metric where they are named.
    private static func route(_ hook: String) -> String? {
        let words = hook.split(separator: " ")
        guard words.count >= 7, words[0] == "ip", words[1] == "-4" || words[1] == "-6", words[2] == "route",
            words[3] == "replace", words[5] == "dev", words[6] == "%i", words[4] != "default"
        else { return nil }
        let rest = words[7...]
        let isKnown = zip(rest, rest.dropFirst()).enumerated().allSatisfy { index, pair in
            index % 2 == 1 || pair.0 == "table" || pair.0 == "metric"
        }
        return rest.count % 2 == 0 && isKnown ? ([words[4]] + rest).joined(separator: " ") : nil
    }

    /// Without anything that has the form of a key: a hook may hold one that somebody wrote into it.
    private static func redacted(_ text: String) -> String {
        var result = ""
        var run = ""
        for character in text {
            switch character {
            case "=":
                // 32 bytes in base64 are 43 characters and the padding.
                result += run.utf8.count >= 43 ? "<redacted>" : run + "="
                run = ""
            case "+", "/", "a"..."z", "A"..."Z", "0"..."9": run.append(character)
            default:
                result += run
                result.append(character)
                run = ""
            }
        }
        return result + run
    }
}
