import Glibc

/// The process's environment.
enum Environment {
    /// All variables; of one that is there twice, the first.
    static let variables: [String: String] = {
        var result: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let line = String(cString: text)
            if let equals = line.firstIndex(of: "=") {
                let name = String(line[..<equals])
                if result[name] == nil { result[name] = String(line[line.index(after: equals)...]) }
            }
            entry += 1
        }
        return result
    }()
}
