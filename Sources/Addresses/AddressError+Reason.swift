extension AddressError {
    /// Every way in which a text can be refused; the raw value is the end of the message.
    package enum Reason: String, Error, CaseIterable, Sendable {
        // Addresses.
        case emptyAddress = "it is empty"
        case unexpectedCharacter = "it has a character that no address has"
        case octetCount = "an IPv4 address has exactly four decimal octets"
        case emptyOctet = "an octet of it is empty"
        case octetLeadingZero = "an octet has a leading zero, which some programs read as octal"
        case octetTooLarge = "an octet is at most 255"
        case scopeID = "a scope id (%) names an interface of one host only"
        case bracketedAddress = "only an endpoint has brackets"
        case addressWithLength = "a single address has no prefix length"
        case groupTooLong = "a group of an IPv6 address has at most four hexadecimal digits"
        case tooManyGroups = "it has more groups than an IPv6 address"
        case tooFewGroups = "it has fewer than eight groups and no \"::\""
        case repeatedCompression = "\"::\" may stand only once"
        case strayColon = "it has a colon too many"
        case misplacedIPv4 = "an IPv4 part may only be the last 32 bits"
        // Prefixes.
        case missingLength = "it has no prefix length"
        case lengthNotANumber = "the prefix length is not a decimal number"
        case lengthLeadingZero = "the prefix length has a leading zero"
        case lengthTooLarge = "the prefix length is more than the bits of an address"
        case netmask = "it has a netmask in place of a prefix length"
        case hostBitsSet = "it has bits set after the prefix length"
        // Ports.
        case emptyPort = "the port is empty"
        case portNotANumber = "the port is not a decimal number"
        case portLeadingZero = "the port has a leading zero"
        case portZero = "port 0 cannot be used"
        case portTooLarge = "a port is at most 65535"
        case portRangeReversed = "the range ends before it begins"
        // Host names.
        case emptyHostName = "the host name is empty"
        case hostNameTooLong = "a host name has at most 253 characters"
        case trailingDot = "the host name ends in a dot"
        case emptyLabel = "a label between dots is empty"
        case labelTooLong = "a label has at most 63 characters"
        case labelCharacter = "a host name has only letters, digits, hyphens and dots"
        case labelHyphen = "a label begins or ends with a hyphen"
        case numericLastLabel = "the last label is a number, so that programs read the name as an IPv4 address"
        // Endpoints.
        case missingPort = "an endpoint has a port"
        case unbracketedIPv6 = "the IPv6 address of an endpoint stands in brackets"
        case unclosedBracket = "the bracket is not closed"
        case bracketedOther = "only an IPv6 address stands in brackets"
        // Interface names.
        case emptyInterfaceName = "the interface name is empty"
        case interfaceNameTooLong = "an interface name has at most 15 characters"
        case interfaceNameCharacter = "an interface name has only letters, digits and _ = + . -"
        case interfaceNameDots = "\".\" and \"..\" are folders"
        case interfaceNameHyphen = "it begins with a hyphen, so that commands read it as an option"
        case interfaceNamePlus = "it ends in \"+\", which iptables reads as a wildcard"
        case interfaceNameReserved = "the name has another meaning for wg, ip or sysctl"

        /// What to do when no exact text can be suggested; nil when the reason says it.
        var advice: String? {
            switch self {
            case .scopeID: "remove the % and what follows it"
            case .bracketedAddress: "remove the brackets"
            case .trailingDot: "remove the last dot"
            case .missingPort: "add the port, such as :51820"
            case .unbracketedIPv6, .unclosedBracket: "write [address]:port"
            case .bracketedOther: "remove the brackets"
            case .numericLastLabel: "write an IPv4 address of four octets, or a name"
            case .lengthTooLarge: "an IPv4 length is 0 to 32, an IPv6 length 0 to 128"
            case .interfaceNameReserved: "take another name, such as wg0"
            default: nil
            }
        }
    }
}
