import MeshFixtures

// Another module of the tests has a generator of this name too.
typealias SeededRandom = MeshFixtures.SeededRandom

/// Meshes of the tests.
enum PolicyTexts {
    static let sixServers = """
        mesh: test
        prefixes: [10.88.0.0/16, fd5a:3c71:9e00::/48]
        sites:
          nyc3: {network: [10.132.0.0/16, "fd10:132::/64"], interface: eth1, public-interface: eth0}
        groups: {www: {}, app: {prefix: 10.88.1.0/24}, db: {}, bastion: {}}
        services:
          http: {expose: {www: public, app: private}}
          https: {expose: {www: public}}
          mysql: {expose: {db: private}}
          gluster: {expose: {app: private}}
          ssh: {expose: {bastion: public, all: private}}
          exporter: {ports: [9100/tcp], expose: {all: internal}}
        allow:
          - {from: www, to: app, service: http}
          - {from: app, to: db, service: mysql}
          - {from: db, to: db, service: mysql}
          - {from: app, to: app, service: gluster}
          - {from: bastion, to: all, service: ssh}
        guard: {rescue: {from: tunnel-1}}
        peers:
          haproxy-www:
            {groups: [www], site: nyc3, private: [10.132.0.2, "fd10:132::2"], public: [203.0.113.2, "2001:db8:1::2"]}
          wordpress-1: {groups: [app], site: nyc3, private: [10.132.0.3, "fd10:132::3"]}
          wordpress-2: {groups: [app], site: nyc3, private: [10.132.0.4, "fd10:132::4"]}
          mysql-1: {groups: [db], site: nyc3, private: [10.132.0.5, "fd10:132::5"]}
          mysql-2: {groups: [db], site: nyc3, private: [10.132.0.6, "fd10:132::6"]}
          tunnel-1:
            {groups: [bastion], site: nyc3, private: [10.132.0.7, "fd10:132::7"], public: [203.0.113.7, "2001:db8:1::7"]}
        """

    /// A little of everything: a gateway with a network behind it, an exit, exceptions, expiry, ranges.
    static let everything = """
        mesh: test
        prefixes: [10.88.0.0/16, fd5a:3c71:9e00::/48]
        sites:
          nyc3: {network: [10.132.0.0/16, "fd10:132::/64"], interface: eth1, public-interface: eth0}
        groups: {www: {}, app: {prefix: 10.88.1.0/24}, db: {}, bastion: {}}
        services:
          http: {expose: {www: public, app: private}}
          mysql: {expose: {db: private}}
          gluster: {expose: {app: private}}
          dns: {expose: {gate: private}}
          ssh: {expose: {bastion: public, all: private}}
          metrics: {ports: [9100-9101/tcp, 9125/udp], expose: {all: private}}
        allow:
          - {from: www, to: app, service: http}
          - {from: app, to: db, service: mysql}
          - {from: [app, gate], to: app, service: gluster}
          - {from: bastion, to: all, service: ssh}
          - {from: www, to: all, service: metrics, until: 2099-01-01}
          - {from: all, to: gate, service: dns}
          - {from: app, to: 192.168.50.0/24, service: [https, dns]}
          - {from: 192.168.50.0/24, to: app, service: http}
        guard:
          rescue: {from: tunnel-1}
          except:
            - {from: 10.132.9.0/24, to: db, ports: [9104/tcp], reason: the provider's monitoring}
            - {from: all, to: all, ports: [5353/udp], reason: discovery}
        exits: [{via: gate, for: db, interface: eth0}]
        peers:
          haproxy-www:
            {groups: [www], site: nyc3, private: [10.132.0.2, "fd10:132::2"], public: [203.0.113.2, "2001:db8:1::2"]}
          wordpress-1: {groups: [app], site: nyc3, private: [10.132.0.3, "fd10:132::3"]}
          wordpress-2: {groups: [app], site: nyc3, private: [10.132.0.4, "fd10:132::4"]}
          mysql-1: {groups: [db], site: nyc3, private: [10.132.0.5, "fd10:132::5"]}
          gate:
            site: nyc3
            private: [10.132.0.6, "fd10:132::6"]
            public: [203.0.113.6, "2001:db8:1::6"]
            routes: [192.168.50.0/24]
          tunnel-1:
            {groups: [bastion], site: nyc3, private: [10.132.0.7, "fd10:132::7"], public: [203.0.113.7, "2001:db8:1::7"]}
        """
}
