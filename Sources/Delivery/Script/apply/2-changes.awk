# The steps from what is (O) to what is to be (D), with the least disturbance; F is what was to be before. A step is a
# line `number interface kind words`; what its tool reads on standard input is the file STEPS/number, what people read
# is line `number` of STEPS/text. Nothing goes before what takes its place.

function same(a, b) { return a "" == b "" }
function hasRoute(k, t, route) { return (k, t, route) in isRoute }
function metricOf(route) { sub(/.*\|/, "", route); return route + 0 }
function prefixOf(route) { sub(/\|.*/, "", route); return route }
function tableIn(route) { sub(/^[^|]*\|/, "", route); sub(/\|[^|]*$/, "", route); return route }

# Phases: 1 who leaves for good, 2 what comes, 3 what goes once all is there.
function step(phase, t, kind, words, input, text,   n) {
    n = ++nSteps[phase, t]
    stepKind[phase, t, n] = kind
    stepWords[phase, t, n] = words
    stepInput[phase, t, n] = input
    stepText[phase, t, n] = text
    if (kind == "device" && index(words, "private-key") || kind == "down" && is["D", t]) cuts = 1
}

function routeWords(route, name,   metric) {
    metric = metricOf(route)
    if (!metric && family(route) == "6") metric = 1024
    return shown[prefixOf(route)] " dev " name " table " tableIn(route) (metric ? " metric " metric : "")
}
function routeText(route) {
    return shown[prefixOf(route)] (tableIn(route) == "main" ? "" : " table " tableIn(route)) \
        (metricOf(route) ? " metric " metricOf(route) : "")
}
function network(phase, t) {
    if (batch != "") step(phase, t, "network", "", batch, substr(batchText, 3))
    batch = batchText = ""
}
function change(line, text) {
    batch = batch line "\n"
    batchText = batchText ", " text
}

function peerSection(t, key, end,   n, i, j, one, sorted, list) {
    n = nAllowed["D", t, key]
    for (i = 1; i <= n; i++) {
        one = allowed["D", t, key, i]
        for (j = i; j > 1 && sorted[j - 1] "" > one ""; j--) sorted[j] = sorted[j - 1]
        sorted[j] = one
    }
    for (i = 1; i <= n; i++) list = list (i > 1 ? ", " : "") shown[sorted[i]]
    return "[Peer]\nPublicKey = " key "\nPresharedKey = " \
        (presharedKey["D", t, key] == "" ? absent : presharedKey["D", t, key]) "\n" \
        (list == "" ? "" : "AllowedIPs = " list "\n") (end == "" ? "" : "Endpoint = " end "\n") \
        "PersistentKeepalive = " (keepalive["D", t, key] == "" ? "off" : keepalive["D", t, key]) "\n\n"
}

function sameAllowed(t, key,   i) {
    if (nAllowed["D", t, key] + 0 != nAllowed["O", t, key] + 0) return 0
    for (i = 1; i <= nAllowed["D", t, key]; i++) {
        if (!(("O", t, key, allowed["D", t, key, i]) in isAllowed)) return 0
    }
    return 1
}

function remove(phase, t, list, count,   w, n, i, words, first) {
    n = split(list, w, " ")
    for (i = 1; i <= n; i++) {
        words = words " peer " w[i] " remove"
        if (i <= 5) first = first " " w[i]
        if (i % 500 == 0 || i == n) {
            step(phase, t, "remove", substr(words, 2), "", \
                "remove " n " peer" (n == 1 ? "" : "s") ":" first (n > 5 ? " …" : ""))
            words = ""
        }
    }
}

# What becomes of one interface that is there. `beside` is the number of the other one, 0 for none.
function changeInterface(t, beside,   i, j, key, prefix, leaving, succeeded, isSucceeded) {
    for (i = 1; i <= nPeers["D", t]; i++) {
        key = peers["D", t, i]
        for (j = 1; j <= nAllowed["D", t, key]; j++) wanted[t, allowed["D", t, key, j]] = 1
    }
    if (beside && is["D", beside]) {
        for (i = 1; i <= nPeers["D", beside]; i++) {
            key = peers["D", beside, i]
            for (j = 1; j <= nAllowed["D", beside, key]; j++) wanted[t, allowed["D", beside, key, j]] = 1
        }
    }
    for (i = 1; i <= nPeers["O", t]; i++) {
        key = peers["O", t, i]
        if (("D", t, key) in isPeer) continue
        # A successor takes the addresses over before its predecessor goes.
        isSucceeded = 0
        for (j = 1; j <= nAllowed["O", t, key]; j++) if ((t, allowed["O", t, key, j]) in wanted) isSucceeded = 1
        if (isSucceeded) succeeded = succeeded " " key
        else leaving = leaving " " key
    }
    if (leaving != "") remove(1, t, leaving)
    if (reverse["D", t] != "" && !same(reverse["D", t], reverse["O", t])) {
        step(2, t, "reverse", reverse["D", t], "", "set rp_filter to " reverse["D", t])
    }
    changeDevice(t)
    arrive(t)
    changePeers(t)
    if (succeeded != "") remove(3, t, succeeded)
    depart(t)
}

function changeDevice(t,   words, input, text) {
    if (port["D", t] != "" && !same(port["D", t], port["O", t])) {
        words = " listen-port " port["D", t]
        text = ", port " port["D", t]
    }
    if (mark["D", t] != "" && !same(mark["D", t], mark["O", t])) {
        words = words " fwmark " mark["D", t]
        text = text ", mark " mark["D", t]
    }
    if (privateKey["D", t] != "" && privateKey["D", t] != privateKey["O", t]) {
        words = words " private-key /dev/stdin"
        input = privateKey["D", t]
        text = ", private key (sessions are made anew)" text
    }
    if (words != "") step(2, t, "device", substr(words, 2), input, "set the interface\047s" substr(text, 2))
}

function arrive(t,   i, a) {
    if (mtu["D", t] != "" && !same(mtu["D", t], mtu["O", t])) {
        change("link set dev " name[t] " mtu " mtu["D", t], "MTU " mtu["D", t])
    }
    for (i = 1; i <= nAddresses["D", t]; i++) {
        a = addresses["D", t, i]
        if (!(("O", t, a) in isAddress)) change("address add " shownAddress[a] " dev " name[t], "add address " shownAddress[a])
    }
    arriveRoutes(t)
    network(2, t)
}
function arriveRoutes(t,   i, a) {
    for (i = 1; i <= nRoutes["D", t]; i++) {
        a = routes["D", t, i]
        if (!hasRoute("O", t, a) && !((t, a) in moved)) change("route replace " routeWords(a, name[t]), "add route " routeText(a))
    }
}
# What was applied last, where the disk has another: somebody has copied the next tree over it. The addresses and routes
# of either are ours; a peer was to have the endpoint that both give it, and hooks that differ take a restart. Elements
# become text before a function gets them: gawk 5.2 frees those twice that are passed unset and assigned later.
function unite(t, file,   i, a) {
    if (!readConfiguration("A", t, file)) return
    for (i = 1; i <= nRoutes["A", t]; i++) {
        a = routes["A", t, i]
        if (!hasRoute("F", t, a)) routes["F", t, ++nRoutes["F", t]] = a
        isRoute["F", t, a] = 1
    }
    for (i = 1; i <= nAddresses["A", t]; i++) addAddress("F", t, shownAddress[addresses["A", t, i]])
    for (i = 1; i <= nPeers["F", t]; i++) {
        a = peers["F", t, i]
        if (ended(endpoint["F", t, a] "") != ended(endpoint["A", t, a] "")) endpoint["F", t, a] = ""
    }
    if (hooks["F", t] "" == hooks["A", t] "") return
    # It was started with those hooks, if those on the disk are the ones of the tree already.
    if (mode == "plan" && is["D", t] && hooks["F", t] "" == hooks["D", t] "") print name[t] >(steps "/applied")
    hooks["F", t] = hooks["F", t] "applied otherwise\n"
}

# Only what was applied before is taken away, for others have addresses and routes, too.
function depart(t,   i, a) {
    for (i = 1; i <= nRoutes["O", t]; i++) {
        a = routes["O", t, i]
        if (!hasRoute("F", t, a) || (t, a) in displaced || hasRoute("D", t, a) && !((t, a) in moved)) continue
        change("route delete " routeWords(a, name[t]), "remove route " routeText(a))
    }
    for (i = 1; i <= nAddresses["O", t]; i++) {
        a = addresses["O", t, i]
        if (!(("F", t, a) in isAddress) || ("D", t, a) in isAddress) continue
        change("address delete " shownAddress[a] " dev " name[t], "remove address " shownAddress[a])
    }
    network(3, t)
}

# An endpoint that was learned stays; one that changed in the configuration is set.
function isEndpointDue(t, key,   wanted, present) {
    wanted = ended(endpoint["D", t, key])
    present = ended(endpoint["O", t, key])
    if (wanted == "" || wanted == present) return 0
    return present == "" || wanted != ended(endpoint["F", t, key])
}

function changePeers(t,   i, key, text, configured, first, count, words, what, input, due, alive, lone, lines, n, w) {
    for (i = 1; i <= nPeers["D", t]; i++) {
        key = peers["D", t, i]
        due = !(("O", t, key) in isPeer) || isEndpointDue(t, key)
        if (!(("O", t, key) in isPeer) || !sameAllowed(t, key)) {
            configured = configured peerSection(t, key, due ? endpoint["D", t, key] : "")
            if (++count <= 5) first = first " " key
            continue
        }
        words = what = input = ""
        if (presharedKey["D", t, key] != presharedKey["O", t, key]) {
            words = " preshared-key /dev/stdin"
            input = presharedKey["D", t, key] == "" ? absent : presharedKey["D", t, key]
            what = ", preshared key"
        }
        alive = keepalive["D", t, key] == "" ? 0 : keepalive["D", t, key]
        if (due) words = words " endpoint " endpoint["D", t, key]
        if (same(keepalive["D", t, key], keepalive["O", t, key])) alive = ""
        else {
            if (words == "") { lines = lines " peer " key " persistent-keepalive " alive; lone++; continue }
            words = words " persistent-keepalive " alive
            what = what ", keepalive"
        }
        if (due) what = what ", endpoint"
        if (words != "") {
            adjusted[++n] = "peer " key words
            adjustedInput[n] = input
            adjustedText[n] = "set the " substr(what, 3) " of peer " key
        }
    }
    if (count) step(2, t, "configure", "", configured, \
        "set " count " peer" (count == 1 ? "" : "s") ":" first (count > 5 ? " …" : ""))
    for (i = 1; i <= n; i++) step(2, t, "adjust", adjusted[i], adjustedInput[i], adjustedText[i])
    if (!lone) return
    count = split(lines, w, " ")
    words = ""
    for (i = 1; i <= count; i += 4) {
        words = words " " w[i] " " w[i + 1] " " w[i + 2] " " w[i + 3]
        if ((i + 3) / 4 % 500 == 0 || i + 3 == count) {
            step(2, t, "adjust", substr(words, 2), "", "set the keepalive of " \
                (lone == 1 ? "peer " w[2] : lone " peers"))
            words = ""
        }
    }
}

# What comes to an interface from the other, peer by peer once each has answered: `moved`; `displaced` is what the
# other loses by that.
function findMoves(t, other,   i, r, j, key) {
    if (!is["D", t] || !is["O", other]) return
    for (i = 1; i <= nRoutes["D", t]; i++) {
        r = routes["D", t, i]
        if (metricOf(r) || hasRoute("O", t, r) || !hasRoute("O", other, r)) continue
        if (gated) moved[t, r] = 1
        displaced[other, r] = 1
        moveText[t] = moveText[t] ", " routeText(r)
        moves[t] = 1
    }
    findLeftovers(t, t, other)
    findLeftovers(t, other, other)
}
# Routes of single peers on interface `on` that no configuration asks for any more, within what is routed to t.
function findLeftovers(t, on, other,   i, j, key, r, isOurs) {
    if (!is["O", on]) return
    for (i = 1; i <= nPeers["O", on]; i++) {
        key = peers["O", on, i]
        for (j = 1; j <= nAllowed["O", on, key]; j++) single[on, allowed["O", on, key, j]] = 1
    }
    for (i = 1; i <= nRoutes["O", on]; i++) {
        r = routes["O", on, i]
        if (metricOf(r) || hasRoute("D", on, r) || !((on, prefixOf(r)) in single)) continue
        if (on != t && (hasRoute("D", t, r) && !hasRoute("O", t, r))) continue
        isOurs = 0
        for (j = 1; j <= nRoutes["D", t]; j++) {
            if (metricOf(routes["D", t, j]) == 0 && tableIn(routes["D", t, j]) == tableIn(r) &&
                contains(prefixOf(routes["D", t, j]), prefixOf(r))) isOurs = 1
        }
        if (!isOurs) continue
        if (gated) displaced[on, r] = 1
        moves[t] = 1
    }
}

# All steps of the host; `load`, `remove` say what becomes of the firewall.
function changeAll(loading, unloading,   t, base) {
    if (count == 2) { findMoves(1, 2); findMoves(2, 1) }
    for (t = 1; t <= count; t++) {
        if (!is["D", t]) continue
        if (!is["O", t]) {
            step(2, t, "up", "", "", "bring the interface up")
            if (count == 2) { arriveRoutes(t); network(2, t) }
        } else if (hooks["F", t] "" != hooks["D", t] "") {
            step(2, t, "down", "", "", "take the interface down")
            step(2, t, "up", "", "", "bring the interface up")
            if (count == 2) arriveAll(t)
        } else changeInterface(t, count == 2 ? 3 - t : 0)
    }
    for (t = 1; t <= count; t++) write(1, t)
    if (loading) { step(4, 1, "load", "", "", "load the firewall"); write(4, 1) }
    for (t = 1; t <= count; t++) write(2, t)
    for (t = 1; t <= count; t++) {
        if (!gated || !moves[t]) continue
        step(5, t, "move", "", "", moveText[t] == "" ? "finish the move of the peers\047 routes" : "move " \
            substr(moveText[t], 3) " here from " name[3 - t] ", peer by peer, once each has answered here")
        write(5, t)
    }
    for (t = 1; t <= count; t++) write(3, t)
    for (t = 1; t <= count; t++) {
        if (is["D", t] || !is["O", t]) continue
        step(6, t, "down", "", "", "take the interface down")
        write(6, t)
    }
    if (unloading) { step(7, 1, "unload", "", "", "remove the firewall"); write(7, 1) }
}
function arriveAll(t,   i, a) {
    for (i = 1; i <= nRoutes["D", t]; i++) {
        a = routes["D", t, i]
        if (!((t, a) in moved)) change("route replace " routeWords(a, name[t]), "add route " routeText(a))
    }
    network(2, t)
}

function write(phase, t,   i) {
    for (i = 1; i <= nSteps[phase, t]; i++) {
        number++
        print number, name[t], stepKind[phase, t, i], stepWords[phase, t, i]
        if (steps == "") continue
        if (stepInput[phase, t, i] != "") {
            printf "%s", stepInput[phase, t, i] >(steps "/" number)
            close(steps "/" number)
        }
        print (count == 2 ? name[t] ": " : "") stepText[phase, t, i] >(steps "/text")
    }
}
