import Addresses
import HostPlans
import MeshModel

/// Whose word is last on the underlay.
enum IptablesStyle: Sendable {
    /// Ours: what is not allowed is refused.
    case alone
    /// What strangers begin with this host and what is not ours goes on to ufw's rules. No sets: ufw would load nothing
    /// at all when one was missing.
    case besideUfw
}

/// One policy's rules for one table of one family, in the words of iptables-restore.
///
/// Every path is a `-g`, so that RETURN anywhere leaves our chains altogether: in the mangle table, where an ACCEPT of
/// ours would take packets from the user's own rules, RETURN stands for it.
struct IptablesRules: Sendable {
    let policy: FirewallPolicy
    let family: IPFamily
    let style: IptablesStyle
    let table: IptablesTable

    /// The mesh's interfaces, as rules match them: by the beginning of the name that two have in common.
    var tunnel: String { "\(policy.interface)\(policy.twin == nil ? "" : "+")" }
    var prefix: String { IptablesText.prefix(policy.interface) }

    // MARK: ends of rules

    func go(_ chain: IptablesChainName) -> String { "-g \(prefix)\(chain.rawValue)" }

    /// The last of several meshes on a host accepts, as their chains come in the order of their names: each must have
    /// let a packet pass.
    var accept: String {
        let isLast = policy.neighbors.allSatisfy { $0.interface < policy.interface }
        return table == .filter && isLast ? "-j ACCEPT" : "-j RETURN"
    }

    /// What becomes of input from the underlay that nothing allows.
    var refuseUnderlay: String { go(policy.guardMode == .reject ? .drop : .seen) }

    /// What becomes of plaintext to a member.
    var refuseLeak: String { go(policy.guardMode == .reject ? .leak : .seen) }

    // MARK: matches

    var isInvalid: String { "-m conntrack --ctstate INVALID " }
    var isReply: String { "-m conntrack --ctstate ESTABLISHED --ctdir REPLY " }
    var isRelated: String { "-m conntrack --ctstate RELATED " }
    var isOriginal: String { "-m conntrack --ctstate NEW,ESTABLISHED --ctdir ORIGINAL " }
    var isICMP: String { family == .v4 ? "-p icmp " : "-p ipv6-icmp " }

    var isEcho: String {
        family == .v4 ? "-p icmp -m icmp --icmp-type 8 " : "-p ipv6-icmp -m icmp6 --icmpv6-type 128 "
    }

    /// Answers of DHCP servers (RFC 2131, RFC 8415).
    var isDHCPAnswer: String {
        family == .v4 ? "-p udp -m udp --sport 67 --dport 68 " : "-s fe80::/10 -p udp -m udp --dport 546 "
    }

    /// Neighbors on the link, whom no router lets pass (RFC 4861 section 7.1), and multicast listeners (RFC 2710,
    /// RFC 3810).
    var neighborDiscovery: [String] {
        guard family == .v6 else { return [] }
        let discovery = (133...137).map { "-p ipv6-icmp -m icmp6 --icmpv6-type \($0) -m hl --hl-eq 255 \(accept)" }
        let listeners = [130, 131, 132, 143].map { "-s fe80::/10 -p ipv6-icmp -m icmp6 --icmpv6-type \($0) \(accept)" }
        return discovery + listeners
    }

    /// The mesh's own prefixes of the family.
    var meshPrefixes: [IPPrefix] { policy.prefixes.narrowed(to: family)?.prefixes ?? [] }

    var ownAddresses: [IPAddress] { policy.addresses.filter { $0.family == family } }

    var members: PrefixSet? { policy.members?.narrowed(to: family) }

    /// One match for each prefix, or one for a set of many; none for nobody.
    func matches(_ set: PrefixSet?, _ side: IptablesAddressSide, within threshold: Int = IptablesText.setThreshold)
        -> [String]
    {
        guard let set = set?.narrowed(to: family) else { return [] }
        if style == .alone, set.prefixes.count > threshold {
            return ["-m set --match-set \(IptablesSet.name(set, policy.interface)) \(side == .source ? "src" : "dst") "]
        }
        return set.prefixes.map { (side == .source ? "-s " : "-d ") + "\($0) " }
    }

    /// As ``matches(_:_:within:)``, with one empty match for any.
    func matches(_ match: AddressMatch, _ side: IptablesAddressSide) -> [String] {
        switch match {
        case .any: [""]
        case .only(let set): matches(set, side)
        }
    }

    // MARK: allowances

    /// What the tunnel's rules let through.
    func lines(
        _ allowances: [Allowance], _ address: IptablesAddressSide, _ port: IptablesPortSide = .destination
    ) -> [String] {
        let allowed = allowances.flatMap { allowance in
            let ports = IptablesText.ports(allowance.ports, port)
            return matches(allowance.remote, address).flatMap { remote in
                ports.map { "\(remote)\($0) \(IptablesText.until(allowance.until))\(accept)" }
            }
        }
        return matches(policy.echo, address).map { "\($0)\(isEcho)\(accept)" } + allowed
    }

    /// What the underlay lets through; where `port` is the source's, answers to it.
    func lines(
        _ allowances: [UnderlayAllowance], _ address: IptablesAddressSide, _ port: IptablesPortSide
    ) -> [String] {
        allowances.flatMap { allowance in
            let isNarrow = allowance.scope == .publicSide && address == .source
            let side = isNarrow ? policy.publicInterface.map { "-i \($0) " } ?? "" : ""
            let ports = IptablesText.ports(allowance.ports, port)
            return matches(allowance.remote, address).flatMap { remote in
                ports.map { "\(side)\(remote)\($0) \(accept)" }
            }
        }
    }

    /// What may be passed on between others. Where the product of both sides is large, the longer one is a set.
    func crossing(_ port: IptablesPortSide = .destination, from sources: CrossingSources = .all) -> [String] {
        policy.transit.flatMap { allowance -> [String] in
            let source = sources == .all ? allowance.source : allowance.source.beyond(policy.prefixes)
            guard let from = source?.narrowed(to: family), let to = allowance.destination.narrowed(to: family)
            else { return [] }
            let isLarge = from.prefixes.count * to.prefixes.count > IptablesText.setThreshold
            let isFromLonger = from.prefixes.count > to.prefixes.count || port == .original
            let sources = matches(from, .source, within: isLarge && isFromLonger ? 1 : IptablesText.setThreshold)
            let targets =
                port == .original
                ? to.prefixes.map { "-m conntrack --ctorigdst \($0) " }
                : matches(to, .destination, within: isLarge && !isFromLonger ? 1 : IptablesText.setThreshold)
            let until = IptablesText.until(allowance.until)
            let contents = [isEcho] + IptablesText.ports(allowance.ports, port).map { "\($0) " }
            return sources.flatMap { source in
                targets.flatMap { target in contents.map { "\(source)\(target)\($0)\(until)\(accept)" } }
            }
        }
    }

    // MARK: the table

    /// Every chain of the table that something leads to, in a fixed order.
    func chains() -> [IptablesChain] {
        let all: [IptablesChain]
        switch table {
        case .filter: all = inputChains() + outputChains() + forwardChains() + fates() + [end()]
        case .mangle: all = passing() + fates()
        case .nat: all = [masquerade()]
        }
        var wanted = Set(table.hooks.map(\.chain) + [.end])
        var open = Array(wanted)
        while let name = open.popLast() {
            for chain in all where chain.name == name {
                for called in chain.calls(prefix) where wanted.insert(called).inserted { open.append(called) }
            }
        }
        return all.filter { wanted.contains($0.name) && !$0.rules.isEmpty }
    }

    private func fates() -> [IptablesChain] {
        let reject = family == .v4 ? "icmp-admin-prohibited" : "icmp6-adm-prohibited"
        let refusal = table == .filter ? "-j REJECT --reject-with \(reject)" : "-j DROP"
        let fates: [(IptablesChainName, String)] = [
            (.fake, "-j DROP"), (.drop, "-j DROP"), (.deny, refusal), (.leak, refusal), (.seen, "-j RETURN"),
        ]
        return fates.map { name, fate in
            let log = "-j LOG --log-prefix \"hauberk \(policy.interface) \(name.logWord) \""
            return IptablesChain(name, ["-m limit --limit 60/min --limit-burst 10 \(log)", fate])
        }
    }

    private func masquerade() -> IptablesChain {
        guard let exit = policy.exit else { return IptablesChain(.masquerade, []) }
        let users = matches(exit.users, .source)
        if users.isEmpty { return IptablesChain(.masquerade, []) }
        let never = matches(exit.never, .destination).map { "\($0)-j RETURN" }
        return IptablesChain(
            .masquerade,
            ["! -o \(exit.interface) -j RETURN"] + never + users.map { "\($0)-j MASQUERADE" })
    }
}

/// Whose packets a chain for what passes between others sees.
enum CrossingSources {
    case all
    /// Those of the mesh were refused before, as spoofed.
    case beyondTheMesh
}
