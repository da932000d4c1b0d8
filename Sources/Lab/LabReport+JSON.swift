extension LabReport {
    /// A stable contract: one object; keys are never renamed, only added. Ends in a newline.
    package var json: String {
        let hostLines = hosts.map { "    " + LabReport.json(of: $0) }.joined(separator: ",\n")
        let pairLines = pairs.map { "    " + LabReport.json(of: $0) }.joined(separator: ",\n")
        return """
            {
              "asDeclared": \(isAsDeclared),
              "milliseconds": \(milliseconds),
              "hosts": [
            \(hostLines)
              ],
              "pairs": [
            \(pairLines)
              ]
            }

            """
    }

    private static func json(of host: LabHostResult) -> String {
        let interfaces = host.interfaces.map { interface in
            let port = interface.listeningPort.map(String.init) ?? "null"
            return "{\"name\": \(jsonString(interface.name)), \"listeningPort\": \(port), "
                + "\"peers\": \(interface.peers), \"addresses\": \(jsonArray(interface.addresses))}"
        }
        return "{\"name\": \(jsonString(host.name)), \"upMilliseconds\": \(host.upMilliseconds), "
            + "\"interfaces\": [\(interfaces.joined(separator: ", "))], \"problems\": \(jsonArray(host.problems))}"
    }

    private static func json(of pair: LabPairResult) -> String {
        let e = pair.expectation
        var via = "null"
        if e.answer == .reachable, case .relay(let name) = e.path { via = jsonString(name) }
        return "{\"from\": \(jsonString(e.from)), \"to\": \(jsonString(e.to)), \"family\": \"\(e.family.rawValue)\", "
            + "\"expected\": \"\(e.answer.rawValue)\", \"relay\": \(via), "
            + "\"answeredBy\": \(pair.answeredBy.map(jsonString) ?? "null"), "
            + "\"milliseconds\": \(pair.milliseconds.map(String.init) ?? "null"), "
            + "\"evidence\": \(jsonString(pair.evidence)), \"verdict\": \"\(pair.verdict.rawValue)\"}"
    }
}

func jsonArray(_ values: [String]) -> String { "[" + values.map(jsonString).joined(separator: ", ") + "]" }

/// The text as a JSON string (RFC 8259, section 7).
func jsonString(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\t": result += "\\t"
        case let control where control.value < 0x20:
            let digits = String(control.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
