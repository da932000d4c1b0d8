# What the script asks, by `mode`. Folders: DESIRED, FORMER and APPLIED configurations, NOW and START what was observed.

function readSet(file, set,   line, n) {
    while ((getline line <file) > 0) { set[line] = 1; n++ }
    close(file)
    return n
}

# Who has a live session that is to stay; on an interface that goes, all with one. Seconds: REJECT_AFTER_TIME of
# wireguard.com/papers.
function sessions(t,   i, key) {
    if (!is["O", t]) return
    if (is["D", t] && privateKey["D", t] != "" && privateKey["D", t] != privateKey["O", t]) return
    for (i = 1; i <= nPeers["O", t]; i++) {
        key = peers["O", t, i]
        if (handshake["O", t, key] <= clock - 180) continue
        # One that goes from here may stay on the other interface.
        if (is["D", t] && !(("D", t, key) in isPeer) && count < 2) continue
        if (("D", t, key) in isPeer && presharedKey["D", t, key] != presharedKey["O", t, key]) continue
        # Where it is to be asked from now on it may not listen yet.
        if (("D", t, key) in isPeer && ended(endpoint["D", t, key]) != ended(endpoint["F", t, key])) continue
        print key
    }
}

# A packet for a peer: source, destination, its text; nothing for one without an address of a host.
function probe(t, key,   i, j, a, p) {
    for (j = 1; j <= nAllowed["O", t, key]; j++) {
        p = allowed["O", t, key, j]
        if (size(p) != (family(p) == "4" ? 32 : 128)) continue
        for (i = 1; i <= nAddresses["O", t]; i++) {
            a = addresses["O", t, i]
            if (family(a) != family(p)) continue
            sub(/\/.*/, "", a)
            print "probe", substr(a, 2), substr(p, 2, length(a) - 1), plain(substr(p, 1, length(a))), key
            return
        }
    }
}

# Of the peers AMONG those of whom nothing has come since START, by this interface or by another.
function silent(self,   t, i, j, key, found, elsewhere) {
    for (t = 1; t <= count; t++) {
        if (t == self) continue
        for (i = 1; i <= nPeers["O", t]; i++) {
            key = peers["O", t, i]
            if (received["O", t, key] + 0 <= received["S", t, key] + 0) continue
            for (j = 1; j <= nAllowed["O", t, key]; j++) elsewhere[allowed["O", t, key, j]] = 1
        }
    }
    for (key in among) {
        found = received["O", self, key] + 0 > received["S", self, key] + 0
        for (j = 1; j <= nAllowed["O", self, key]; j++) if (allowed["O", self, key, j] in elsewhere) found = 1
        if (found) continue
        # Without a way past the own firewall, a packet may not have left: 28 bytes make 64 in the tunnel.
        print "silent", key, (sent["O", self, key] - sent["S", self, key] >= 60 ? "asked" : "unasked")
        probe(self, key)
    }
}

# The route of the interface that a prefix is in; empty for one that nothing routes here, or stays elsewhere.
function wayOf(t, prefix,   i, r, best) {
    if (prefix in kept) return ""
    for (i = 1; i <= nRoutes["D", t]; i++) {
        r = routes["D", t, i]
        if (metricOf(r) == 0 && contains(prefixOf(r), prefix) && (best == "" || r < best)) best = r
    }
    return best
}
function findKept(self,   t, i) {
    for (t = 1; t <= count; t++) {
        if (t == self) continue
        for (i = 1; i <= nRoutes["D", t]; i++) if (metricOf(routes["D", t, i]) == 0) kept[prefixOf(routes["D", t, i])] = 1
    }
}
function bring(t, key,   j, p, w, r) {
    for (j = 1; j <= nAllowed["D", t, key]; j++) {
        p = allowed["D", t, key, j]
        w = wayOf(t, p)
        r = p "|" tableIn(w) "|0"
        if (w != "" && !hasRoute("O", t, r)) print "batch", name[t], "route replace " routeWords(r, name[t])
    }
}

# Seconds since the last handshake of a peer, of one that has had any. The clock counts in the look START alone, since
# somebody may step it: what has come after that is new.
function age(t, key) {
    if (!(("S", t, key) in isPeer) || handshake["S", t, key] != handshake["O", t, key]) return 0
    return clock - handshake["O", t, key] + elapsed
}

# Of the peers AMONG, or of all that are to take this interface: who is waited for, and routes of who has answered. A
# handshake counts for 150 s: the initiator asks for a new one after 120 (REKEY_AFTER_TIME). One far ahead of the clock
# says nothing.
function answers(self, isFirst,   i, j, key, has) {
    for (i = 1; i <= nPeers["D", self]; i++) {
        key = peers["D", self, i]
        if (isFirst) {
            has = 0
            for (j = 1; j <= nAllowed["D", self, key]; j++) if (wayOf(self, allowed["D", self, key, j]) != "") has = 1
            if (!has) continue
        } else if (!(key in among)) continue
        if (handshake["O", self, key] > 0 && age(self, key) >= -150 && age(self, key) <= 150) {
            if (moving) bring(self, key)
        } else {
            print "waiting", key
            probe(self, key)
        }
    }
}

# Those of the peers AMONG that have a session elsewhere, or have sent something there since START, are waited for; the
# rest have nothing to lose, and come.
function lost(self,   t, i, j, key, reached, isReached) {
    for (t = 1; t <= count; t++) {
        for (i = 1; t != self && i <= nPeers["O", t]; i++) {
            key = peers["O", t, i]
            if ((handshake["O", t, key] + 0 == 0 || age(t, key) >= 180) &&
                received["O", t, key] + 0 <= received["S", t, key] + 0) continue
            for (j = 1; j <= nAllowed["O", t, key]; j++) reached[allowed["O", t, key, j]] = 1
        }
    }
    for (i = 1; i <= nPeers["D", self]; i++) {
        key = peers["D", self, i]
        if (!(key in among)) continue
        isReached = 0
        for (j = 1; j <= nAllowed["D", self, key]; j++) if (allowed["D", self, key, j] in reached) isReached = 1
        if (isReached) print "waiting", key
        else if (moving) bring(self, key)
    }
}

# The whole mesh takes this interface, and what was said of single peers goes.
function finish(self,   t, i, j, key, r, w, ours) {
    for (i = 1; i <= nRoutes["D", self]; i++) {
        r = routes["D", self, i]
        if (metricOf(r) == 0 && !hasRoute("O", self, r)) print "batch", name[self], "route replace " routeWords(r, name[self])
    }
    for (i = 1; i <= nPeers["D", self]; i++) {
        key = peers["D", self, i]
        for (j = 1; j <= nAllowed["D", self, key]; j++) ours[allowed["D", self, key, j]] = 1
    }
    for (t = 1; t <= count; t++) {
        for (i = 1; i <= nRoutes["O", t]; i++) {
            r = routes["O", t, i]
            if (metricOf(r) || !(prefixOf(r) in ours) || hasRoute("D", self, r)) continue
            w = wayOf(self, prefixOf(r))
            if (w != "" && tableIn(w) == tableIn(r)) print "batch", name[t], "route delete " routeWords(r, name[t])
        }
    }
}

# Before the peers AMONG go from an interface for good: those that answer there alone. Those whose way the former
# configuration has kept were left behind by the operator.
function cut(self,   t, i, j, key, silentOnes, isWorse, dropped, isSilent, isDropped) {
    for (key in awaited) {
        for (t = 1; t <= count; t++) {
            for (j = 1; j <= nAllowed["D", t, key]; j++) silentOnes[allowed["D", t, key, j]] = 1
        }
    }
    for (i = 1; i <= nRoutes["F", self]; i++) if (metricOf(routes["F", self, i])) isWorse = 1
    for (i = 1; isWorse && i <= nRoutes["F", self]; i++) {
        if (!metricOf(routes["F", self, i])) dropped[prefixOf(routes["F", self, i])] = 1
    }
    for (key in among) {
        isSilent = isDropped = 0
        for (j = 1; j <= nAllowed["O", self, key]; j++) {
            if (allowed["O", self, key, j] in silentOnes) isSilent = 1
            if (allowed["O", self, key, j] in dropped) isDropped = 1
        }
        if (isSilent && !isDropped) print key
    }
}

# The interface that packets take, of two that are up.
function standing(   t, i, isWhole) {
    if (count != 2 || !is["O", 1] || !is["O", 2] || !is["D", 1] || !is["D", 2]) return
    for (t = 1; t <= 2; t++) {
        isWhole = nRoutes["D", t] > 0
        for (i = 1; i <= nRoutes["D", t]; i++) if (metricOf(routes["D", t, i])) isWhole = 0
        if (isWhole) { print name[t]; return }
    }
}

BEGIN {
    absent = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    OFS = " "
    count = split(interfaces, name, " ")
    for (t = 1; t <= count; t++) {
        if (mode == "back") {
            readState("D", t, before "/" name[t])
            readState("F", t, current "/" name[t])
            for (i = 1; i <= nPeers["F", t]; i++) endpoint["F", t, peers["F", t, i]] = ""
        } else {
            readConfiguration("D", t, desired "/" name[t] ".conf")
            if (mode == "tree") {
                if (mistake != "") print "wrong", name[t], mistake
                else print "tunnel", name[t], reverse["D", t] != "", loads["D", t] + 0
                continue
            }
            readConfiguration("F", t, (mode == "verify" ? desired : former) "/" name[t] ".conf")
            if (applied != "") unite(t, applied "/" name[t] ".conf")
        }
        readState("O", t, current "/" name[t])
        if (start != "") readState("S", t, start "/" name[t])
        if (name[t] == self) at = t
    }
    if (amongFile != "") readSet(amongFile, among)
    if (awaitedFile != "") readSet(awaitedFile, awaited)
    gated = mode != "back"
    if (at) findKept(at)
    if (mode == "plan" || mode == "verify" || mode == "back") {
        changeAll(loading + 0, unloading + 0)
        if (steps != "" && cuts) print "cuts" >(steps "/cuts")
    }
    if (mode == "sessions") sessions(at)
    if (mode == "silent") silent(at)
    if (mode == "answers") answers(at, amongFile == "")
    if (mode == "lost") lost(at)
    if (mode == "finish") finish(at)
    if (mode == "cut") cut(at)
    if (mode == "standing") standing()
}
