import Addresses
import Diagnostics
import MeshFixtures
import MeshModel
import Testing

/// The policy's fields: what they mean, and that whatever is wrong in one is a finding with its place.
@Suite struct PolicyDecoderTests {
    private static let peers = """
        sites: {nyc3: {}}
        groups: {app: {}, db: {}}
        peers:
          app-1: {groups: [app], public: 192.0.2.1, site: nyc3}
          app-2: {groups: [app, db], public: 192.0.2.2}
          db-1: {groups: [db], public: 192.0.2.3, routes: [192.168.50.0/24, 192.168.60.0/24]}
          gone: {disabled: yes}

        """

    @Test func `a mesh without one of its fields has no policy, and with any it has the defaults`() throws {
        #expect(try declared(Self.peers).policy == nil)
        #expect(try declared("firewall: iptables\n" + Self.peers).policy == nil)
        for field in ["services", "guard", "icmp", "peering"] {
            let policy = try #require(try declared("\(field): {}\n" + Self.peers).policy)
            #expect(policy.rules.isEmpty && policy.guardDeclaration.plaintext == .reject)
            #expect(policy.icmp.overlay == .echo && policy.icmp.underlay == .echo && policy.unload == .never)
        }
        for field in ["allow: []", "tests: []", "exits: []", "unload: never"] {
            #expect(try declared(field + "\n" + Self.peers).policy != nil, "\(field)")
        }
    }

    @Test func `every field of a policy`() throws {
        let mesh = try declared(
            """
            firewall: ufw
            unload: with-interface
            services:
              web: {ports: [8080-8090/tcp, 8085/tcp, 80/tcp], expose: {app: public, db-1: internal}}
              ssh: {expose: {all: private}}
            allow:
              - {from: app, to: [db, app-1], service: [web, postgresql], until: 2027-03-01}
            guard:
              plaintext: log
              rescue: {from: 198.51.100.7, port: 2222/tcp, over: underlay}
              except: [{from: app, to: 10.0.0.0/8, ports: 53/udp, reason: names}]
            icmp: {overlay: none, underlay: echo}
            exits: [{via: db-1, for: app, interface: eth9}]
            peering: {other: {at: db-1, prefixes: 10.99.0.0/16, interface: wg9, port: 4500}}
            tests:
              - {from: anyone, to: app, plane: underlay, accept: [80/tcp, echo], deny: any}

            """ + Self.peers)
        let policy = try #require(mesh.policy)
        #expect(mesh.firewall == .ufw && policy.unload == .withInterface)
        // Sorted, and the one that the rule names joins them.
        #expect(policy.services.map(\.name) == ["ssh", "web", "postgresql"])
        #expect(policy.services.map(\.isDeclared) == [true, true, false])
        #expect(policy.services[1].ports.map(\.description) == ["80/tcp", "8080-8090/tcp"])
        #expect(policy.services[1].exposures.map(\.exposure) == [.public, .internal])
        let rule = try #require(policy.rules.first)
        #expect(rule.services == [1, 2] && rule.until?.value == MomentText.seconds("2027-03-02T00:00Z"))
        #expect(rule.to.value.text(in: mesh) == "db or app-1")
        #expect(policy.guardDeclaration.plaintext == .log && policy.guardDeclaration.exceptions.count == 1)
        #expect(policy.guardDeclaration.rescue?.ports.description == "2222/tcp")
        #expect(policy.icmp.overlay == .none && policy.icmp.underlay == .echo)
        #expect(policy.exits.first?.interface?.name == "eth9" && policy.peerings.first?.port?.number == 4500)
        #expect(policy.tests.first?.plane == .underlay && policy.tests.first?.deny.map(\.value) == [.any])
        // Another mesh is a network behind the peer in both.
        #expect(mesh.peers[2].routes.count == 3)
    }

    @Test(arguments: [
        ("app", "app-1 app-2"), ("all", "app-1 app-2 db-1"), ("site:nyc3", "app-1"), ("app and db", "app-2"),
        ("all except db", "app-1"), ("(app or db) except app-2", "app-1 db-1"), ("((app))", "app-1 app-2"),
        ("app or db or app-1", "app-1 app-2 db-1"), ("all except (app and db)", "app-1 db-1"), ("gone", ""),
        ("  app\tor  db-1 ", "app-1 app-2 db-1"), ("[db-1, site:nyc3]", "app-1 db-1"),
    ])
    func `a set has its members`(set: String, members: String) throws {
        let quoted = set.hasPrefix("[") ? set : "'\(set)'"
        let mesh = try declared("allow: [{from: \(quoted), to: all, service: ssh}]\n" + Self.peers)
        let expression = try #require(mesh.policy?.rules.first?.from.value)
        let found = mesh.peers.indices.filter {
            !mesh.peers[$0].isDisabled && expression.contains(peer: $0, in: mesh)
        }
        #expect(found.map { mesh.peers[$0].name }.joined(separator: " ") == members)
        // What is written again reads the same.
        let text = expression.text(in: mesh)
        let again = try declared("allow: [{from: '\(text)', to: all, service: ssh}]\n" + Self.peers)
        let second = try #require(again.policy?.rules.first?.from.value)
        #expect(
            found == mesh.peers.indices.filter { !mesh.peers[$0].isDisabled && second.contains(peer: $0, in: again) })
    }

    @Test func `networks are those behind peers and parts of them`() throws {
        let mesh = try declared(
            """
            peering: {other: {at: db-1, prefixes: [10.99.0.0/16], interface: wg9, port: 4500}}
            allow: [{from: [app, 192.168.50.0/25, 'mesh:other'], to: 192.168.60.7/32 or db, service: ssh}]

            """ + Self.peers)
        let rule = try #require(mesh.policy?.rules.first)
        #expect(rule.from.value.networks(in: mesh).map(\.description) == ["192.168.50.0/25", "10.99.0.0/16"])
        #expect(rule.from.value.contains(try IPAddress(parsing: "10.99.3.4"), in: mesh))
        #expect(!rule.from.value.contains(try IPAddress(parsing: "192.168.50.200"), in: mesh))
        #expect(rule.to.value.contains(try IPAddress(parsing: "192.168.60.7"), in: mesh))
    }

    private static let wrongSets = [
        "", " ", "(", ")", "()", "( )", "app)", "(app", "app or", "or app", "app app", "app and or db", "not app",
        "app or db and app-1", "all except app except db", "all - app", "APP", "app,db", "site:", "site:x", "mesh:",
        "mesh:x", ":nyc3", "10.1.0.0/16", "192.168.50.0/16", "192.168.50.7", "all except 192.168.50.0/24",
        "app and 192.168.50.0/24", "anyone", "and", "*", "app\u{200b}", "ａｐｐ", "app\u{a0}or\u{a0}db", "\u{1f600}",
        String(repeating: "(", count: 5000),
        String(repeating: "(", count: 20) + "app" + String(repeating: ")", count: 20),
        String(repeating: "app or ", count: 20_000), "'app'", "app or \"db\"",
    ]

    @Test(arguments: wrongSets)
    func `what is no set is one finding with its place`(set: String) {
        let escaped = set.replacing("'", with: "''")
        for field in [
            "allow: [{from: '\(escaped)', to: all, service: ssh}]",
            "exits: [{for: '\(escaped)', via: db-1, interface: e}]",
        ] {
            let found = MeshPipeline.findings("mesh: t\nprefixes: [10.88.0.0/16]\n\(field)\n" + Self.peers)
            let wrong = found.filter { !$0.hasPrefix("lock-out") && !$0.hasPrefix("empty-set") }
            #expect(wrong.count == 1 && wrong[0].hasSuffix(field.hasPrefix("allow") ? " 3:16" : " 3:15"), "\(found)")
        }
    }

    /// A policy with one place in it to be filled.
    private static let places = [
        "services: @", "services: {web: @}", "services: {web: {ports: @}}", "services: {web: {ports: [@]}}",
        "services: {ssh: {expose: @}}", "services: {ssh: {expose: {app: @}}}", "services: {@: {ports: [80/tcp]}}",
        "allow: @", "allow: [@]", "allow: [{from: @, to: all, service: ssh}]",
        "allow: [{from: [@], to: all, service: ssh}]",
        "allow: [{from: all, to: @, service: ssh}]", "allow: [{from: all, to: all, service: @}]",
        "allow: [{from: all, to: all, service: [@]}]", "allow: [{from: all, to: all, service: ssh, until: @}]",
        "allow: [{from: all, to: all, service: ssh, @: 1}]", "guard: @", "guard: {plaintext: @}", "guard: {rescue: @}",
        "guard: {rescue: {from: @}}", "guard: {rescue: {from: app, port: @}}", "guard: {rescue: {from: app, over: @}}",
        "guard: {except: @}", "guard: {except: [@]}", "guard: {except: [{from: @, to: all, ports: 1/tcp, reason: x}]}",
        "guard: {except: [{from: all, to: @, ports: 1/tcp, reason: x}]}",
        "guard: {except: [{from: all, to: all, ports: @, reason: x}]}",
        "guard: {except: [{from: all, to: all, ports: 1/tcp, reason: @}]}", "icmp: @", "icmp: {overlay: @}",
        "icmp: {@: echo}",
        "exits: @", "exits: [@]", "exits: [{via: @, for: app}]", "exits: [{via: db-1, for: @, interface: e}]",
        "exits: [{via: db-1, for: app, interface: @}]", "peering: @", "peering: {x: @}",
        "peering: {x: {at: @, prefixes: 10.9.0.0/16, interface: w, port: 1}}",
        "peering: {x: {at: db-1, prefixes: @, interface: w, port: 1}}",
        "peering: {x: {at: db-1, prefixes: 10.9.0.0/16, interface: @, port: 1}}",
        "peering: {x: {at: db-1, prefixes: 10.9.0.0/16, interface: w, port: @}}", "tests: @", "tests: [@]",
        "tests: [{from: @, to: all, deny: 1/tcp}]", "tests: [{from: all, to: @, deny: 1/tcp}]",
        "tests: [{from: all, to: app, plane: @, deny: 1/tcp}]", "tests: [{from: app, to: db, accept: @}]",
        "tests: [{from: app, to: db, deny: [@]}]", "tests: [{from: app, to: db, deny: 1/tcp, @: x}]", "unload: @",
        "firewall: @",
    ]

    /// What somebody might put there, or a fuzzer.
    private static let fillings = [
        "1", "-1", "0", "99999999999999999999", "1e9", "0x50", "3.14", "true", "no", "~", "null", "''", "' '", "[]",
        "[[]]",
        "[[app]]", "{}", "{a: b}", "[{}]", "{app: {app: app}}", "'a b'", "'('", "'((((((((((((((((((((app'", "é", "😀",
        "'\u{202e}app'", "80", "80/", "/tcp", "80/icmp", "0/tcp", "65536/tcp", "90-80/tcp", "'80 /tcp'", "80/TCP", "-",
        "2027-02-29", "2027-13-01", "2027-1-1", "2027-01-01T24:00Z", "2027-01-01T00:00", "99999-01-01", "10.0.0.0/33",
        "10.0.0.1/8", "'::/129'", "'fe80::1%eth0'", "everyone", "all", "anyone", "ssh", "[ssh, nothing]", "'a\tb'",
        "averyveryverylonginterface", "\"a\\nb\"", "\"\\0\"", "reject", "drop", "overlay", "sideways",
    ]

    @Test(arguments: places)
    func `whatever stands in a field is taken or is a finding in that place, and never a trap`(place: String) throws {
        var refused = 0
        for filling in Self.fillings {
            let line = place.replacing("@", with: filling)
            let text = "mesh: t\nprefixes: [10.88.0.0/16]\n\(line)\n" + Self.peers
            let check: MeshCheck
            do throws(Failure) {
                check = try MeshPipeline.check(text, at: 1_795_219_200)
            } catch {
                // YAML of which there is no tree.
                continue
            }
            let errors = check.findings.filter { $0.severity == .error }
            if !errors.isEmpty { refused += 1 }
            for error in errors where error.location?.line != 3 {
                // A gateway or a peering can be at odds with the lines of peers.
                #expect(["overlapping-route", "underlay-overlap"].contains(error.id.name), "\(line): \(error.text)")
            }
            #expect(check.findings.allSatisfy { !$0.message.utf8.contains { $0 < 0x20 } }, "\(line)")
        }
        #expect(refused > Self.fillings.count / 5, "\(place) takes nearly everything")
    }
}
