import Addresses
package import HostPlans
import MeshModel

/// Renders one target for the hosts of one class: the sections once, the rest of each file host by host.
package struct HostRenderer: Sendable {
    private let target: Target
    private let plan: MeshPlan
    private let view: ClassView
    private let blocks: [SectionBlock?]

    package init(_ target: Target, for view: ClassView, in plan: MeshPlan) {
        self.target = target
        self.plan = plan
        self.view = view
        blocks = target.templates.map { template in
            guard let body = template.peersBody else { return nil }
            return SectionBlock(
                view.sections.map { section in
                    (section.peer, Self.render(body, section, as: view.hosts[0], in: plan.mesh))
                })
        }
    }

    /// The artifacts of a host of the class, in the order of the target's files.
    package func artifacts(for host: HostPlan) -> [Artifact] {
        target.templates.indices.compactMap { artifact($0, for: host) }
    }

    /// The artifact of one of the target's files; nil when its condition does not hold for the host.
    func artifact(_ index: Int, for host: HostPlan) -> Artifact? {
        let values = HostValues(mesh: plan.mesh, host: host)
        let template = target.templates[index]
        if let condition = template.condition, !values.value(of: condition).isPresent { return nil }
        return Artifact(
            path: Self.path(template, values), mode: template.mode, check: template.check,
            pieces: pieces(of: template, blocks[index], host, values))
    }

    private static func path(_ template: Template, _ values: HostValues) -> String {
        var renderer = TemplateRenderer(values.value)
        renderer.render(template.path)
        return String(decoding: renderer.text.bytes, as: UTF8.self)
    }

    private func pieces(
        of template: Template, _ block: SectionBlock?, _ host: HostPlan, _ values: HostValues
    ) -> [ArtifactPiece] {
        var pieces: [ArtifactPiece] = []
        var renderer = TemplateRenderer(values.value)
        for node in template.body {
            guard case .peers(let body) = node, let block else {
                renderer.render(CollectionOfOne(node))
                continue
            }
            if !renderer.text.bytes.isEmpty { pieces.append(.text(renderer.text)) }
            renderer = TemplateRenderer(values.value)
            pieces += sections(body, block, host)
        }
        if !renderer.text.bytes.isEmpty { pieces.append(.text(renderer.text)) }
        return pieces
    }

    /// The block without the host's own section, and with the sections that are the host's alone in their places.
    private func sections(_ body: [TemplateNode], _ block: SectionBlock, _ host: HostPlan) -> [ArtifactPiece] {
        var pieces: [ArtifactPiece] = []
        var start = 0
        func run(to end: Int) {
            if start < end { pieces.append(.sections(block, range: start..<end, viewer: host.host)) }
            start = end + 1
        }
        var breaks = host.ownSections.keys.sorted()
        if let skipped = host.skipped {
            breaks.append(skipped)
            breaks.sort()
        }
        for index in breaks {
            run(to: index)
            if index == host.skipped { continue }
            guard let own = host.ownSections[index] else { continue }
            pieces.append(.text(Self.render(body, own, as: host.host, in: plan.mesh)))
        }
        run(to: block.peers.count)
        return pieces
    }

    private static func render(
        _ body: [TemplateNode], _ section: PeerSection, as viewer: Int, in mesh: Mesh
    ) -> SecretText {
        let values = PeerValues(mesh: mesh, viewer: viewer, section: section)
        var renderer = TemplateRenderer(values.value)
        renderer.render(body)
        return renderer.text
    }
}

extension Template {
    /// The body of `{{#peers}}`; nil when the template has none.
    var peersBody: [TemplateNode]? {
        for case .peers(let body) in body { return body }
        return nil
    }
}
