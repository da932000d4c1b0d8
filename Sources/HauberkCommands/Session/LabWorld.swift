import Addresses
import HostPlans
import Lab
import MeshModel

/// The meshes of one lab put together: machines that are in several have an interface for each.
struct LabWorld {
    private let meshes: LabMeshes
    private let dialect: LabFirewall?
    private let moment: Int64
    private let services: LabServices

    /// The first mesh is the one that is proved; the others stand beside it. `moment` is in seconds since 1970.
    init(_ parts: [LabMeshes.Part], dialect: LabFirewall?, services: LabServices = .onHosts, moment: Int64) {
        self.services = services
        meshes = LabMeshes(parts, moment: moment)
        self.dialect = dialect
        self.moment = moment
    }

    var topology: LabTopology {
        let places = meshes.parts.indices.map { LabPlaces(meshes, $0) }
        let declarations = meshes.parts.indices.map { LabDeclaration(meshes, $0, places[$0], dialect) }
        var hosts: [LabHost] = []
        for machine in meshes.machines {
            let parts = machine.peers.map { declarations[$0.part].host($0.peer) }
            let host = parts.dropFirst().reduce(parts[0]) { $0.joined($1) }
            hosts.append(services == .inContainers ? host.publishing(published(by: machine)) : host)
        }
        let plan = plan(places)
        let strangers = places.indices.flatMap { places[$0].labStrangers(meshes.parts[$0].mesh) }
        return LabTopology(
            sites: sites, hosts: hosts, expectations: declarations[0].expectations,
            strangers: plan == nil ? [] : joined(strangers), flows: plan)
    }

    /// The first TCP port of what the machine offers in each mesh, and one that nobody may reach.
    private func published(by machine: LabMeshes.Machine) -> [UInt16] {
        var ports: Set<UInt16> = []
        for (part, peer) in machine.peers {
            let mesh = meshes.parts[part].mesh
            let offered = (mesh.declared.policy?.services ?? []).filter {
                ($0.exposure(on: mesh.declaredIndices[peer], in: mesh.declared) ?? .internal) >= .private
            }
            let tcp = offered.flatMap(\.ports).filter { $0.transport == .tcp }
            if let port = tcp.first?.range.lower.number { ports.insert(port) }
        }
        return ports.isEmpty ? [] : ports.union([1_024]).sorted()
    }

    /// Sites of one name are one wire.
    private var sites: [LabSite] {
        var result: [LabSite] = []
        for site in meshes.parts.flatMap(\.mesh.sites) {
            let networks = site.networks.map(\.value.description)
            if let known = result.firstIndex(where: { $0.name == site.name }) {
                let more = networks.filter { !result[known].networks.contains($0) }
                result[known] = LabSite(name: site.name, networks: result[known].networks + more)
            } else {
                result.append(LabSite(name: site.name, networks: networks))
            }
        }
        return result
    }

    private func joined(_ strangers: [LabStranger]) -> [LabStranger] {
        var result: [LabStranger] = []
        for stranger in strangers {
            guard let known = result.firstIndex(where: { $0.name == stranger.name }) else {
                result.append(stranger)
                continue
            }
            let addresses = result[known].addresses
            result[known] = LabStranger(
                name: stranger.name, site: stranger.site,
                addresses: addresses + stranger.addresses.filter { !addresses.contains($0) },
                detours: result[known].detours + stranger.detours)
        }
        return result
    }

    // MARK: flows

    private func plan(_ places: [LabPlaces]) -> LabFlowPlan? {
        let subjects = FlowSubjects(meshes.parts.map(\.mesh.declared))
        let flows = meshes.parts.indices.compactMap {
            LabFlows(meshes, $0, places: places[$0], subjects: subjects, moment: moment)
        }
        if flows.isEmpty { return nil }
        var reasons = FlowReasons()
        var ways: [LabWay] = []
        var known: Set<LabWayEnds> = []
        for flow in flows {
            let indices = flow.reasons.texts.map { reasons.index(of: $0) }
            for way in flow.ways where known.insert(LabWayEnds(way)).inserted {
                ways.append(way.replacing(reasons: indices))
            }
        }
        var crossings = LabCrossings(meshes, subjects)
        crossings.addAll()
        let indices = crossings.reasons.texts.map { reasons.index(of: $0) }
        for way in crossings.ways where known.insert(LabWayEnds(way)).inserted {
            ways.append(way.replacing(reasons: indices))
        }
        let modes = Set(flows.map(\.policy.guardDeclaration.plaintext))
        return LabFlowPlan(
            ways: ways, reasons: reasons.texts, marker: modes.count == 1 ? flows.lazy.compactMap(\.marker).first : nil,
            guarding: modes.count == 1 ? modes.first.flatMap { LabGuard(rawValue: $0.rawValue) } ?? .off : .off)
    }
}

/// Where the lab runs what the hosts offer.
enum LabServices {
    case onHosts
    /// In part in a container on each host that offers something, published as Docker does.
    case inContainers
}

/// What makes two ways the same.
private struct LabWayEnds: Hashable {
    let ends: [String]

    init(_ way: LabWay) {
        ends = [way.plane.rawValue, way.from, way.to, way.source, way.target, way.sender.rawValue]
    }
}

extension LabWay {
    /// The same way, its reasons counted in another list.
    fileprivate func replacing(reasons: [Int]) -> LabWay {
        LabWay(
            plane, from: from, to: to, source: source, target: target, sender: sender, seenAs: seenAs,
            isControlled: isControlled,
            subjects: subjects.map {
                LabSubject($0.transport, $0.port, isAllowed: $0.isAllowed, reason: reasons[$0.reason])
            })
    }
}

extension LabHost {
    /// One machine that is in two meshes.
    fileprivate func joined(_ other: LabHost) -> LabHost {
        func both(_ a: [String], _ b: [String]) -> [String] { a + b.filter { !a.contains($0) } }
        return LabHost(
            name: name, site: site ?? other.site, privateAddresses: both(privateAddresses, other.privateAddresses),
            publicAddresses: both(publicAddresses, other.publicAddresses),
            reach: reach == .direct || other.reach == .direct ? .direct : .natted,
            interfaces: both(interfaces, other.interfaces),
            overlayAddresses: both(overlayAddresses, other.overlayAddresses), tree: tree,
            moreTrees: moreTrees + [other.tree],
            routedNetworks: routedNetworks + other.routedNetworks.filter { !routedNetworks.contains($0) },
            dnsNames: both(dnsNames, other.dnsNames), underlay: site == nil ? other.underlay : underlay,
            firewall: firewall ?? other.firewall,
            meshes: both(meshes, other.meshes))
    }

    fileprivate func publishing(_ ports: [UInt16]) -> LabHost {
        LabHost(
            name: name, site: site, privateAddresses: privateAddresses, publicAddresses: publicAddresses, reach: reach,
            interfaces: interfaces, overlayAddresses: overlayAddresses, tree: tree, moreTrees: moreTrees,
            routedNetworks: routedNetworks, dnsNames: dnsNames, underlay: underlay, firewall: firewall, meshes: meshes,
            containerPorts: ports)
    }
}
