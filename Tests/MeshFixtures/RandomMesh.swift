/// Draws meshes that are well formed; whether every pair can meet is left to chance.
package enum RandomMesh {
    package static func draw(_ random: inout SeededRandom, peers most: Int = 12) -> MeshSketch {
        var sketch = MeshSketch()
        let (v4, v6) = (["10.88.0.0/16"], ["fd5a:3c71:9e00::/48"])
        sketch.prefixes = [v4, v6, v4 + v6, v6 + v4, v4 + ["10.90.0.0/24"] + v6].randomElement(using: &random) ?? v4
        sketch.presharedKeys = ["pair", "mesh", "off"].randomElement(using: &random) ?? "off"
        sketch.keepalive = random.chance(20) ? 0 : 25
        sketch.sites = [
            ("east", ["10.132.0.0/16", "fd77:1::/64"]), ("west", []), ("office", ["192.168.7.0/24"]),
        ]
        sketch.groups = random.some(["app", "db", "web"], at: 3).map { ($0, []) }
        if let index = sketch.groups.indices.first, random.chance(40), sketch.prefixes.contains(v4[0]) {
            sketch.groups[index].blocks = ["10.88.200.0/24"]
        }
        for number in 1...Int.random(in: 1...most, using: &random) {
            sketch.peers.append(peer(number, sketch, &random))
        }
        addRoutes(&sketch, &random)
        addTopology(&sketch, &random)
        return sketch
    }

    private static func peer(_ number: Int, _ sketch: MeshSketch, _ random: inout SeededRandom) -> PeerSketch {
        var peer = PeerSketch("p-\(number)")
        peer.isApp = random.chance(10)
        if !peer.isApp { peer.groups = random.some(sketch.groups.map(\.name), at: 2) }
        if random.chance(60), let site = sketch.sites.randomElement(using: &random) {
            peer.site = site.name
            let (v4, v6) = (privates(of: site.name, number))
            if random.chance(80) { peer.privates.append(v4) }
            if random.chance(40), let v6 { peer.privates.append(v6) }
        }
        if random.chance(65) { peer.publics.append("203.0.113.\(number)") }
        if random.chance(30) { peer.publics.append("2001:db8::\(number)") }
        if random.chance(10) {
            peer.endpoint = random.chance(50) ? "h\(number).example.com" : "198.51.100.\(number):4000"
        }
        if random.chance(15) { peer.port = 52000 + number }
        if random.chance(15) { peer.keepalive = random.chance(30) ? 0 : 15 }
        if random.chance(10) { peer.publicKey = FakeKeys.key("own \(number)") }
        if random.chance(10) { peer.isDisabled = true }
        if random.chance(10), peer.groups.isEmpty, sketch.prefixes.contains("10.88.0.0/16") {
            peer.addresses = ["10.88.250.\(number)"]
        }
        override(&peer, &random)
        return peer
    }

    private static func privates(of site: String, _ number: Int) -> (String, String?) {
        switch site {
        case "east": return ("10.132.0.\(number)", "fd77:1::\(number)")
        case "west": return ("172.30.1.\(number)", "fd77:2::\(number)")
        default: return ("192.168.7.\(number)", nil)
        }
    }

    private static func override(_ peer: inout PeerSketch, _ random: inout SeededRandom) {
        if random.chance(15) { peer.others["mtu"] = "1380" }
        if random.chance(15) { peer.others["dns"] = "[10.88.0.53, corp.example.com]" }
        if random.chance(10) { peer.others["interface"] = "wgx" }
        guard !peer.isApp else { return }
        if random.chance(15) { peer.others["fwmark"] = "0xca6c" }
        if random.chance(30) { peer.others["table"] = ["off", "auto", "main", "77"].randomElement(using: &random) }
        for hook in ["pre-up", "post-up", "pre-down", "post-down"] where random.chance(10) {
            peer.others[hook] = "[\"echo \(hook) %i\", 'true']"
        }
    }

    private static func addRoutes(_ sketch: inout MeshSketch, _ random: inout SeededRandom) {
        var office = ["192.168.7.0/24"]
        for index in sketch.peers.indices where random.chance(15) && !sketch.peers[index].isApp {
            let number = index + 1
            sketch.peers[index].routes = ["172.20.\(number).0/24"]
            if random.chance(30) { sketch.peers[index].routes.append("fd99:\(number)::/64") }
            if sketch.peers[index].site == "office" {
                sketch.peers[index].routes += office
                office = []
            }
        }
    }

    private static func addTopology(_ sketch: inout MeshSketch, _ random: inout SeededRandom) {
        let able = sketch.peers.filter { !$0.isApp }.map(\.name) + sketch.groups.map(\.name)
        let everything = sketch.peers.map(\.name) + sketch.groups.map(\.name) + ["all"]
        if random.chance(60) { sketch.relays = random.some(able, at: 3) }
        switch Int.random(in: 0..<3, using: &random) {
        case 0 where !able.isEmpty: sketch.topology = .hub(Array(able.shuffled(using: &random).prefix(2)))
        case 1:
            var seen: Set<Set<String>> = []
            let links = (0..<Int.random(in: 1...6, using: &random)).compactMap { _ -> [String]? in
                let link = [everything, everything].map { $0.randomElement(using: &random) ?? "all" }
                return seen.insert(Set(link)).inserted ? link : nil
            }
            sketch.topology = .custom(links)
        default: break
        }
    }

    /// Adds ways to the Internet and to other meshes, where the mesh allows for some.
    package static func addGateways(_ sketch: inout MeshSketch, _ random: inout SeededRandom) {
        let oracle = ReachOracle(sketch)
        let able = oracle.names.filter { oracle.peers[$0]?.isApp == false }
        guard let via = able.randomElement(using: &random) else { return }
        let users = oracle.names.filter { oracle.way($0, via) == .direct && random.chance(60) }
        if !users.isEmpty { sketch.exits = [(via, users)] }
        if random.chance(50), let at = able.randomElement(using: &random) {
            sketch.peerings = [("other", at, ["10.200.0.0/16", "fd99:200::/48"])]
        }
    }
}
