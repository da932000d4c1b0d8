import HostPlans

/// Renders the nodes of a template against values; total, since the parser has resolved every name.
struct TemplateRenderer {
    private(set) var text = SecretText()
    private let value: (TemplateName) -> TemplateValue

    init(_ value: @escaping (TemplateName) -> TemplateValue) {
        self.value = value
    }

    mutating func render(_ nodes: some Sequence<TemplateNode>, item: String? = nil) {
        for node in nodes { render(node, item: item) }
    }

    private mutating func render(_ node: TemplateNode, item: String?) {
        switch node {
        case .text(let bytes): text.append(bytes)
        case .item: text.append(item ?? "")
        case .value(let name): append(value(name))
        case .section(let name, let body):
            switch value(name) {
            case .list(let items): for item in items { render(body, item: item) }
            case let other where other.isPresent: render(body, item: item)
            default: break
            }
        case .inverted(let name, let body):
            if !value(name).isPresent { render(body, item: item) }
        case .peers: break
        }
    }

    private mutating func append(_ value: TemplateValue) {
        switch value {
        case .absent, .yes: break
        case .text(let string): text.append(string)
        case .list(let items):
            for (index, item) in items.enumerated() {
                if index > 0 { text.append(", ") }
                text.append(item)
            }
        case .secret(let secret): text.append(secret)
        }
    }
}
