/// The value as a message shows it: in double quotes, control characters escaped, cut after 64 characters.
package func quoted(_ value: some StringProtocol) -> String {
    var text = "\""
    var count = 0
    for scalar in value.unicodeScalars {
        if count == 64 { return text + "…\"" }
        text += scalar.value < 0x20 || scalar.value == 0x7f ? scalar.escaped(asASCII: true) : String(scalar)
        count += 1
    }
    return text + "\""
}
