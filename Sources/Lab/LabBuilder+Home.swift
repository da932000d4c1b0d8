import Glibc

extension LabBuilder {
    /// What a firewall's own programs write into: a host has copies of it, not links.
    private static let copied: [LabFirewall: [String]] = [.ufw: ["ufw"], .firewalld: ["firewalld"]]

    /// The host's own `etc`: the tree's files, and links to the machine's for all else but `wireguard`.
    func populate(_ home: String, with tree: LabTree, _ firewall: LabFirewall?) throws(PosixError) {
        for folder in ["", "/etc", "/run", "/run/wireguard", "/run/lab", "/run/lab/etc", "/run/lab/bin"] {
            try PosixFiles.makeFolder(home + folder)
        }
        try PosixFiles.makeFolder(home + "/etc/wireguard", mode: 0o700)
        var ours: Set<String> = ["wireguard"]
        for folder in firewall.flatMap({ LabBuilder.copied[$0] }) ?? [] {
            ours.formUnion(try copy("/run/lab/etc/\(folder)", to: "\(home)/etc/\(folder)", named: folder))
        }
        for entry in tree.entries {
            ours.insert(entry.path)
            let path = "\(home)/etc/\(entry.path)"
            switch entry.kind {
            case .folder: try PosixFiles.makeFolder(path, mode: entry.mode | 0o700)
            case .file: try PosixFiles.write(entry.contents, to: path, mode: entry.mode)
            case .link: _ = symlink(String(decoding: entry.contents, as: UTF8.self), path)
            }
        }
        if ours.insert("hosts").inserted {
            try PosixFiles.write(Array(hostsFile.utf8), to: "\(home)/etc/hosts", mode: 0o644)
        }
        var folders = tree.entries.filter { $0.kind == .folder && $0.path != "wireguard" }.map(\.path)
        if let variant = firewall?.iptables {
            try PosixFiles.makeFolder("\(home)/etc/alternatives")
            for name in LabBuilder.iptables {
                let target = "/usr/sbin/" + name.replacing("tables", with: variant)
                _ = symlink(target, "\(home)/etc/alternatives/\(name)")
                ours.insert("alternatives/\(name)")
            }
            ours.insert("alternatives")
            folders.append("alternatives")
        }
        for folder in [""] + folders.filter({ !$0.hasPrefix("wireguard/") }) {
            let prefix = folder.isEmpty ? "" : folder + "/"
            for name in (try? PosixFiles.names(in: "/run/lab/etc/\(folder)")) ?? [] where !ours.contains(prefix + name)
            {
                _ = symlink("/run/lab/etc/\(prefix)\(name)", "\(home)/etc/\(prefix)\(name)")
            }
        }
    }

    /// What update-alternatives(1) decides between on Debian.
    private static let iptables = ["iptables", "ip6tables"].flatMap { [$0, $0 + "-save", $0 + "-restore"] }

    /// Copies a folder with all that is in it; the result is every path below `etc`.
    private func copy(_ source: String, to target: String, named name: String) throws(PosixError) -> Set<String> {
        var paths: Set<String> = [name]
        guard let status = PosixFiles.status(source) else { return paths }
        if status.isFolder {
            try PosixFiles.makeFolder(target, mode: status.st_mode & 0o777 | 0o700)
            for entry in try PosixFiles.names(in: source) {
                paths.formUnion(try copy("\(source)/\(entry)", to: "\(target)/\(entry)", named: "\(name)/\(entry)"))
            }
        } else if status.isLink {
            _ = symlink(PosixFiles.link(source) ?? "", target)
        } else if status.isRegular {
            try PosixFiles.write(try PosixFiles.read(source), to: target, mode: status.st_mode & 0o777)
        }
        return paths
    }
}

extension LabFirewall {
    /// How the programs of the variant are called in place of `tables`; nil for what the machine has.
    fileprivate var iptables: String? {
        switch self {
        case .iptablesNft: return "tables-nft"
        case .iptablesLegacy: return "tables-legacy"
        case .nftables, .ufw, .firewalld: return nil
        }
    }
}
