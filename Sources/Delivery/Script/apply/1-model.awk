# What an interface is to be (D), was to be (F) and is (O): arrays of kind, number of the interface and, for a peer, its
# key. A prefix or address is text that compares: family, hexadecimal digits, slash, length. Runs under mawk, gawk and
# busybox awk; no single quote may stand here.

# The family and its digits, 8 or 32; empty for what is no address.
function hexed(text,   part, n, i, out) {
    if (index(text, ":")) return hexed6(tolower(text))
    n = split(text, part, ".")
    if (n != 4) return ""
    for (i = 1; i <= 4; i++) {
        if (part[i] !~ /^[0-9][0-9]?[0-9]?$/ || part[i] + 0 > 255) return ""
        out = out sprintf("%02x", part[i] + 0)
    }
    return "4" out
}

function hexed6(text,   tail, four, at, left, right, n, m, i, out, part) {
    tail = text
    sub(/.*:/, "", tail)
    if (index(tail, ".")) {
        four = hexed(tail)
        if (four == "") return ""
        text = substr(text, 1, length(text) - length(tail)) substr(four, 2, 4) ":" substr(four, 6, 4)
    }
    at = index(text, "::")
    if (at) {
        left = substr(text, 1, at - 1)
        right = substr(text, at + 2)
        if (index(right, "::")) return ""
        n = left == "" ? 0 : split(left, part, ":")
        m = right == "" ? 0 : split(right, part, ":")
        if (n + m > 7) return ""
        left = groups(left)
        right = groups(right)
        if (left == "?" || right == "?") return ""
        for (i = n + m; i < 8; i++) left = left "0000"
        return "6" left right
    }
    if (split(text, part, ":") != 8) return ""
    out = groups(text)
    return out == "?" ? "" : "6" out
}

# Each group with four digits; a question mark for what is none.
function groups(text,   part, n, i, out) {
    if (text == "") return ""
    n = split(text, part, ":")
    for (i = 1; i <= n; i++) {
        if (part[i] !~ /^[0-9a-f]+$/ || length(part[i]) > 4) return "?"
        out = out substr("0000", length(part[i]) + 1) part[i]
    }
    return out
}

# Family and digits with all bits behind the length zero.
function masked(hex, len,   whole, bits, digit, out) {
    whole = int(len / 4)
    bits = len % 4
    out = substr(hex, 1, 1 + whole)
    if (bits) {
        digit = index("0123456789abcdef", substr(hex, 2 + whole, 1)) - 1
        digit -= digit % (2 ^ (4 - bits))
        out = out substr("0123456789abcdef", digit + 1, 1)
    }
    return out substr("00000000000000000000000000000000", 1, length(hex) - length(out))
}

# An address with a length, its own or the whole; empty for what is none.
function sized(text,   part, n, hex, most) {
    n = split(text, part, "/")
    if (n < 1 || n > 2) return ""
    hex = hexed(part[1])
    if (hex == "") return ""
    most = substr(hex, 1, 1) == "4" ? 32 : 128
    if (n == 1) return hex "/" most
    if (part[2] !~ /^[0-9][0-9]?[0-9]?$/ || part[2] + 0 > most) return ""
    return hex "/" (part[2] + 0)
}

# A prefix; bits of a host are dropped.
function prefixed(text,   whole, part) {
    whole = sized(text)
    if (whole == "") return ""
    split(whole, part, "/")
    part[1] = masked(part[1], part[2])
    whole = part[1] "/" part[2]
    if (!(whole in shown)) shown[whole] = plain(part[1]) "/" part[2]
    return whole
}

# As tools read it.
function plain(hex,   i, n, out, digits) {
    digits = substr(hex, 2)
    if (substr(hex, 1, 1) == "4") {
        for (i = 1; i <= 8; i += 2) out = out (i > 1 ? "." : "") decimal(substr(digits, i, 2))
        return out
    }
    for (i = 1; i <= 32; i += 4) {
        out = out (i > 1 ? ":" : "") unpadded(substr(digits, i, 4))
    }
    # The first longest run of zeros is left out, as RFC 5952 wants it.
    for (i = 8; i >= 2; i--) {
        digits = zeros(i)
        if (index(":" out ":", ":" digits ":")) {
            out = ":" out ":"
            n = index(out, ":" digits ":")
            out = substr(out, 1, n) ":" substr(out, n + length(digits) + 2)
            if (out !~ /^::/) out = substr(out, 2)
            if (out !~ /::$/) out = substr(out, 1, length(out) - 1)
            return out
        }
    }
    return out
}
function zeros(n,   out) { for (out = "0"; n > 1; n--) out = out ":0"; return out }
function unpadded(group) { sub(/^0+/, "", group); return group == "" ? "0" : group }
function decimal(pair) {
    return (index("0123456789abcdef", substr(pair, 1, 1)) - 1) * 16 + index("0123456789abcdef", substr(pair, 2, 1)) - 1
}

function everything(word) { return prefixed(word == "-4" ? "0.0.0.0/0" : "::/0") }
function family(prefix) { return substr(prefix, 1, 1) }
function size(prefix) { sub(/.*\//, "", prefix); return prefix + 0 }
function contains(outer, inner,   len, hex) {
    len = size(outer)
    if (family(outer) != family(inner) || size(inner) < len) return 0
    hex = inner
    sub(/\/.*/, "", hex)
    return masked(hex, len) "/" len == outer
}

# host:port as it compares; a name stays one.
function ended(text,   at, host, port) {
    if (text == "" || text == "(none)") return ""
    at = match(text, /:[0-9]+$/)
    if (!at) return tolower(text)
    host = substr(text, 1, at - 1)
    port = substr(text, at + 1) + 0
    if (host ~ /^\[.*\]$/) host = substr(host, 2, length(host) - 2)
    return (hexed(host) == "" ? tolower(host) : hexed(host)) ":" port
}

function isKey(text) { return length(text) == 44 && text ~ /^[A-Za-z0-9+\/]+[AEIMQUYcgkosw048]=$/ }
function hidden(text) { return text == "(none)" || text == absent ? "" : text }
function trimmed(text) { gsub(/^[ \t\r]+|[ \t\r]+$/, "", text); return text }

function addRoute(k, t, prefix, table, metric,   route) {
    if (table == "254") table = "main"
    if (family(prefix) == "6" && metric + 0 == 1024) metric = 0
    route = prefix "|" table "|" (metric + 0)
    if ((k, t, route) in isRoute) return
    isRoute[k, t, route] = 1
    routes[k, t, ++nRoutes[k, t]] = route
}
function addAddress(k, t, text,   address) {
    address = sized(text)
    if (address == "") return 0
    if ((k, t, address) in isAddress) return 1
    isAddress[k, t, address] = 1
    addresses[k, t, ++nAddresses[k, t]] = address
    shownAddress[address] = text
    return 1
}
function addPeer(k, t, key) {
    if ((k, t, key) in isPeer) return 0
    isPeer[k, t, key] = 1
    peers[k, t, ++nPeers[k, t]] = key
    return 1
}
function addAllowed(k, t, key, text,   prefix) {
    prefix = prefixed(text)
    if (prefix == "") return ""
    if ((k, t, key, prefix) in isAllowed) return prefix
    isAllowed[k, t, key, prefix] = 1
    allowed[k, t, key, ++nAllowed[k, t, key]] = prefix
    return prefix
}

# A configuration of wg-quick; false if there is none. What is wrong with it is in `mistake`, without a secret.
function readConfiguration(k, t, file,   line, number, section, at, name, value, code) {
    mistake = section = ""
    number = nHeld = 0
    while ((code = (getline line <file)) > 0) {
        number++
        sub(/#.*/, "", line)
        line = trimmed(line)
        if (line == "") continue
        at = index(line, "=")
        if (line ~ /[\001-\010\013-\037\177]/) wrong(number, "the line holds a control character")
        else if (line ~ /^\[/) {
            if (section == "[peer]") setPeers(k, t, number)
            section = tolower(line)
            if (section != "[peer]" && section != "[interface]") wrong(number, "there is no such section")
        } else if (!at) wrong(number, "the line is neither a section nor `Key = value`")
        else {
            name = tolower(trimmed(substr(line, 1, at - 1)))
            value = trimmed(substr(line, at + 1))
            if (section == "[interface]") setInterface(k, t, name, value, number)
            else if (section != "[peer]") wrong(number, "a setting stands before the first section")
            else {
                heldName[++nHeld] = name
                heldValue[nHeld] = value
                heldNumber[nHeld] = number
            }
        }
    }
    if (code < 0) return 0
    close(file)
    if (section == "[peer]") setPeers(k, t, number)
    finishConfiguration(k, t)
    is[k, t] = mistake == ""
    return is[k, t]
}
# The peer whose section ends.
function setPeers(k, t, number,   i, key) {
    for (i = 1; i <= nHeld; i++) if (heldName[i] == "publickey") key = heldValue[i]
    if (!isKey(key)) wrong(number, "the peer before has no PublicKey of 32 bytes in base64")
    else if (!addPeer(k, t, key)) wrong(number, "the peer before is there twice")
    for (i = 1; i <= nHeld; i++) {
        if (heldName[i] != "publickey") setPeer(k, t, key, heldName[i], heldValue[i], heldNumber[i])
    }
    nHeld = 0
}
function wrong(number, text) { if (mistake == "") mistake = number ": " text }

function setInterface(k, t, name, value, number,   part, n, i) {
    if (name == "privatekey") {
        if (!isKey(value)) wrong(number, "PrivateKey is not 32 bytes in base64")
        else privateKey[k, t] = hidden(value)
    } else if (name == "address") {
        n = split(value, part, ",")
        for (i = 1; i <= n; i++) {
            if (trimmed(part[i]) != "" && !addAddress(k, t, trimmed(part[i]))) wrong(number, "Address is none")
        }
    } else if (name == "listenport") port[k, t] = counted(value, 65535, number) + 0 ? value + 0 : ""
    else if (name == "fwmark") mark[k, t] = counted(value, 4294967295, number)
    else if (name == "mtu") mtu[k, t] = counted(value, 65535, number)
    else if (name ~ /^(dns|table|preup|postup|predown|postdown|saveconfig)$/) setHook(k, t, name, value)
    else wrong(number, "an interface has no such setting")
}

# A number as text; empty for off.
function counted(value, most, number,   i, sum) {
    if (value == "off") return ""
    if (value ~ /^0x[0-9a-fA-F]+$/) {
        for (i = 3; i <= length(value); i++) sum = sum * 16 + index("0123456789abcdef", tolower(substr(value, i, 1))) - 1
        value = sprintf("%.0f", sum)
    }
    if (value !~ /^[0-9]+$/ || value + 0 > most) wrong(number, "the value is not a number in range")
    return value
}

function setPeer(k, t, key, name, value, number,   part, n, i, prefix) {
    if (name == "presharedkey") {
        if (!isKey(value)) wrong(number, "PresharedKey is not 32 bytes in base64")
        else presharedKey[k, t, key] = hidden(value)
    } else if (name == "allowedips") {
        n = split(value, part, ",")
        for (i = 1; i <= n; i++) {
            if (trimmed(part[i]) == "") continue
            prefix = addAllowed(k, t, key, trimmed(part[i]))
            if (prefix == "") wrong(number, "AllowedIPs holds what is no prefix")
            else if ((k, t, prefix) in owner && owner[k, t, prefix] != key) wrong(number, "two peers have the same allowed IP")
            else owner[k, t, prefix] = key
        }
    } else if (name == "endpoint") {
        prefix = value
        sub(/.*:/, "", prefix)
        if (value !~ /^[^ \t]+:[0-9]+$/ || prefix + 0 < 1 || prefix + 0 > 65535) wrong(number, "Endpoint is not an address and a port")
        else endpoint[k, t, key] = value
    } else if (name == "persistentkeepalive") {
        keepalive[k, t, key] = counted(value, 65535, number)
        if (keepalive[k, t, key] == "0") keepalive[k, t, key] = ""
    } else wrong(number, "a peer has no such setting")
}

# What a setting of wg-quick alone means to a running interface; the unknown ones take a restart.
function setHook(k, t, name, value,   w, n, prefix, table, metric, i) {
    n = split(value, w, / +/)
    if (name == "table") { tableOf[k, t] = tolower(value); return }
    if (name == "preup" && n == 2 && isScript(w[1]) && w[2] == "load") { loads[k, t] = 1; return }
    if (name == "postdown" && n == 2 && isScript(w[1]) && w[2] == "remove") return
    if (name == "postdown" && n == 6 && w[1] " " w[2] == "test -e" && w[3] ~ /^\/sys\/class\/net\/[^\/]+$/ &&
        w[4] == "||" && isScript(w[5]) && w[6] == "remove") return
    if (name == "postup" && n == 5 && w[1] " " w[2] " " w[3] " " w[4] == "wg set %i private-key" &&
        w[5] ~ /^\/etc\/wireguard\/[^\/]+\.key$/) return
    if (name == "postup" && value == "sysctl -q -w net/ipv4/conf/%i/rp_filter=2") { reverse[k, t] = 2; return }
    if (name == "postup" && n >= 7 && w[1] == "ip" && w[2] ~ /^-[46]$/ && w[3] " " w[4] == "route replace" &&
        w[6] " " w[7] == "dev %i") {
        prefix = w[5] == "default" ? everything(w[2]) : sized(w[5])
        table = "main"
        i = 8
        if (w[i] == "table" && i < n) { table = w[i + 1]; i += 2 }
        if (w[i] == "metric" && w[i + 1] ~ /^[0-9]+$/) { metric = w[i + 1]; i += 2 }
        if (i == n + 1 && prefix != "" && (w[5] == "default" || prefix == prefixed(w[5]))) {
            addRoute(k, t, prefix, table, metric)
            return
        }
    }
    hooks[k, t] = hooks[k, t] name "=" value "\n"
}
function isScript(text) { return text ~ /^\/etc\/hauberk\/[^\/]+\/firewall$/ }

# The routes that wg-quick makes by itself.
function finishConfiguration(k, t,   table, i, j, key, prefix, all, connected, a) {
    table = (k, t) in tableOf ? tableOf[k, t] : "auto"
    for (i = 1; i <= nPeers[k, t]; i++) {
        key = peers[k, t, i]
        for (j = 1; j <= nAllowed[k, t, key]; j++) if (size(allowed[k, t, key, j]) == 0) all = table == "auto"
    }
    # add_default of wg-quick: rules and a mark of its own choice, which only wg-quick knows.
    if (mark[k, t] == "" && !all) mark[k, t] = 0
    if (table == "off") return
    for (i = 1; i <= nPeers[k, t]; i++) {
        key = peers[k, t, i]
        for (j = 1; j <= nAllowed[k, t, key]; j++) {
            prefix = allowed[k, t, key, j]
            connected = 0
            if (table == "auto") {
                for (a = 1; a <= nAddresses[k, t]; a++) {
                    if (contains(prefixed(shownAddress[addresses[k, t, a]]), prefix)) connected = 1
                }
            }
            if (size(prefix) == 0 && table == "auto") hooks[k, t] = hooks[k, t] "default route=" shown[prefix] "\n"
            else if (!connected) addRoute(k, t, prefix, table == "auto" ? "main" : table, 0)
        }
    }
    hooks[k, t] = hooks[k, t] "table=" table "\n"
}

# What the tools said of an interface, in a folder; false if nothing.
function readState(k, t, folder,   line, file, n, w, i, j, key, text) {
    file = folder "/dump"
    while ((getline line <file) > 0) {
        if (split(line, w, "\t") < 4) return 0
        if (!n++) {
            is[k, t] = 1
            privateKey[k, t] = hidden(w[1])
            port[k, t] = w[3]
            mark[k, t] = w[4] == "off" ? 0 : counted(w[4], 4294967295, 0)
            continue
        }
        key = w[1]
        addPeer(k, t, key)
        presharedKey[k, t, key] = hidden(w[2])
        endpoint[k, t, key] = w[3] == "(none)" ? "" : w[3]
        text = w[4] == "(none)" ? "" : w[4]
        handshake[k, t, key] = w[5]
        received[k, t, key] = w[6]
        sent[k, t, key] = w[7]
        keepalive[k, t, key] = w[8] == "off" ? "" : w[8]
        j = split(text, w, ",")
        for (i = 1; i <= j; i++) addAllowed(k, t, key, w[i])
    }
    close(file)
    file = folder "/link"
    while ((getline line <file) > 0) if (match(line, /(^| )mtu [0-9]+/)) {
        sub(/^.*mtu /, "", line)
        mtu[k, t] = line + 0
    }
    close(file)
    file = folder "/addresses"
    while ((getline line <file) > 0) {
        j = split(line, w, / +/)
        for (i = 1; i < j && w[i] != "inet" && w[i] != "inet6"; i++) { }
        # Link-local ones are the kernel its own.
        if (i < j && w[i + 1] !~ /^fe[89ab][0-9a-f]:/ && w[i + 1] !~ /^169\.254\./) addAddress(k, t, w[i + 1])
    }
    close(file)
    readRoutes(k, t, folder "/routes-v4", everything("-4"))
    readRoutes(k, t, folder "/routes-v6", everything("-6"))
    file = folder "/rp_filter"
    while ((getline line <file) > 0) if (reverse[k, t] == "") reverse[k, t] = trimmed(line)
    close(file)
    return is[k, t]
}
function readRoutes(k, t, file, all,   line, w, n, i, table, metric, proto, prefix) {
    while ((getline line <file) > 0) {
        n = split(trimmed(line), w, /[ \t]+/)
        if (!n || w[1] ~ /^(local|broadcast|multicast|anycast)$/) continue
        table = "main"
        metric = proto = 0
        for (i = 2; i < n; i++) {
            if (w[i] == "table") table = w[i + 1]
            if (w[i] == "metric") metric = w[i + 1]
            if (w[i] == "proto") proto = w[i + 1]
        }
        prefix = w[1] == "default" ? all : prefixed(w[1])
        # Those that the kernel made with an address are left out.
        if (proto != "kernel" && prefix != "") addRoute(k, t, prefix, table, metric)
    }
    close(file)
}
