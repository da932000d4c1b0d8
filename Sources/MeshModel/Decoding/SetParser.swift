import Addresses

/// Reads `app`, `all except bastion`, `(app or db) and site:nyc3`, `192.168.50.0/24`, `mesh:staging`.
///
/// `and`, `or` and `except` are of one rank: where two of them meet, parentheses say which comes first.
struct SetParser {
    /// What a name stands for; nil when there is none of that name.
    let resolve: (String) -> SetExpression?
    private var words: ArraySlice<Substring>

    /// Why a text is no set.
    enum Mistake: Error {
        case unknown(String)
        case syntax(String)
    }

    static let operators: Set<String> = ["and", "or", "except"]

    static func parse(
        _ text: String, resolve: @escaping (String) -> SetExpression?
    ) throws(Mistake) -> SetExpression {
        var parser = SetParser(text, resolve: resolve)
        let set = try parser.expression()
        if let word = parser.words.first { throw .syntax("\"\(word)\" is not expected") }
        return set
    }

    private init(_ text: String, resolve: @escaping (String) -> SetExpression?) {
        self.resolve = resolve
        var words: [Substring] = []
        for part in text.split(whereSeparator: { $0 == " " || $0 == "\t" }) {
            var rest = part
            while rest.first == "(" {
                words.append(rest.prefix(1))
                rest = rest.dropFirst()
            }
            var closing: [Substring] = []
            while rest.last == ")" {
                closing.append(rest.suffix(1))
                rest = rest.dropLast()
            }
            if !rest.isEmpty { words.append(rest) }
            words += closing
        }
        self.words = words[...]
    }

    private mutating func expression(depth: Int = 0) throws(Mistake) -> SetExpression {
        guard depth < 16 else { throw .syntax("the parentheses are nested too deep") }
        var sets = [try operand(depth)]
        var joined: String?
        while let word = words.first.map(String.init), Self.operators.contains(word) {
            if let joined, joined != word || word == "except" {
                throw .syntax("\"\(joined)\" and \"\(word)\" need parentheses to say which comes first")
            }
            joined = word
            words.removeFirst()
            sets.append(try operand(depth))
        }
        switch joined {
        case nil: return sets[0]
        case "or"?: return .either(sets)
        case "and"?: return try narrowed(.both(sets), sets)
        default: return try narrowed(.except(sets[0], sets[1]), sets)
        }
    }

    /// What lies outside of the mesh has no members to choose from.
    private func narrowed(_ set: SetExpression, _ parts: [SetExpression]) throws(Mistake) -> SetExpression {
        if parts.contains(where: \.reachesOutside) {
            throw .syntax("networks and other meshes join by \"or\" only")
        }
        return set
    }

    private mutating func operand(_ depth: Int) throws(Mistake) -> SetExpression {
        guard let word = words.popFirst() else { throw .syntax("a name is missing") }
        if word == "(" {
            let set = try expression(depth: depth + 1)
            guard words.popFirst() == ")" else { throw .syntax("a \")\" is missing") }
            return set
        }
        let name = String(word)
        if name == ")" || Self.operators.contains(name) { throw .syntax("a name is missing before \"\(name)\"") }
        guard let set = resolve(name) else { throw .unknown(name) }
        return set
    }
}

extension SetExpression {
    /// Whether anything in it lies outside of the mesh's own prefixes.
    var reachesOutside: Bool {
        switch self {
        case .all, .group, .peer, .site: return false
        case .network, .mesh: return true
        case .either(let sets), .both(let sets): return sets.contains(where: \.reachesOutside)
        case .except(let a, let b): return a.reachesOutside || b.reachesOutside
        }
    }
}
