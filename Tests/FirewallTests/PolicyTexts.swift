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
}
