extension AllocationError {
    /// One lower-case sentence without a full stop; names are quoted and cut after 64 characters.
    package var message: String {
        switch reason {
        case .noMeshPrefix(let family):
            "the mesh has no \(family) prefix"
        case .noBlock(let group, let family):
            "group \(quote(group)) has no \(family) block"
        case .blockOutsideMesh(let block, let group):
            "the prefix \(block) of group \(quote(group)) is not inside a prefix of the mesh"
        case .blocksOverlap(let block, let group, let other, let otherGroup):
            "the prefix \(block) of group \(quote(group)) overlaps \(other) of group \(quote(otherGroup))"
        case .secondBlock(let block, let group, let first):
            "group \(quote(group)) has two \(block.family) prefixes, \(first) and \(block)"
        case .addressOutsideMesh(let address, let peer):
            "the address \(address) of peer \(quote(peer)) is not inside a prefix of the mesh"
        case .unusableAddress(let address, let peer, let prefix):
            "the address \(address) of peer \(quote(peer)) is the \(edgeName(address, prefix)) address of \(prefix)"
        case .addressTaken(let address, let peer, let holder):
            "peer \(quote(peer)) and peer \(quote(holder)) share \(address)"
        case .noRoomForBlock(let group, let family, let members, _):
            "no free \(family) block is left for group \(quote(group)) with \(members) members"
        case .cannotWiden(let block, let group, let obstacle, _):
            "the prefix \(block) of group \(quote(group)) cannot be doubled in place: \(obstacle.text)"
        case .groupExhausted(let group, let block, let usage):
            "no address is left in \(block) of group \(quote(group)): \(usage.text)"
        case .meshExhausted(let last, let usage):
            "no \(last.family) address is left in the mesh for peers without a group: \(usage.text)"
        }
    }

    /// What to edit; nil when the message says it.
    package var hint: String? {
        switch reason {
        case .noMeshPrefix(let family):
            "add an \(family) prefix under prefixes in mesh.yaml"
        case .noBlock: nil
        case .blockOutsideMesh(_, let group):
            "give group \(quote(group)) a prefix inside one of the mesh's, or add one under prefixes in mesh.yaml"
        case .blocksOverlap: "give one of the groups another prefix in mesh.yaml"
        case .secondBlock: "leave one prefix of each family to the group"
        case .addressOutsideMesh: "write an address inside the mesh's prefixes, or none to have one chosen"
        case .unusableAddress(let address, _, let prefix):
            prefix.first == address ? "write \(address.advanced(by: 1) ?? address)" : "write a lower address"
        case .addressTaken: "give one of them another address, or none to have one chosen"
        case .noRoomForBlock(_, _, _, let widest): widening(widest)
        case .cannotWiden(_, let group, _, let free):
            free.map { "write groups: {\(group): {prefix: \($0)}}; its peers then get new addresses" }
                ?? "enlarge the mesh's prefix in mesh.yaml first"
        case .groupExhausted(let group, let block, _):
            block.widened(by: 1).map { "enlarge the prefix of group \(quote(group)), to \($0) if that is free" }
        case .meshExhausted(let last, _): widening(last)
        }
    }

    private func widening(_ prefix: IPPrefix) -> String {
        let start = "enlarge the prefix \(prefix) under prefixes in mesh.yaml"
        guard let wider = prefix.widened(by: 1) else { return "add a prefix under prefixes in mesh.yaml" }
        return "\(start), to \(wider) or shorter: every address is kept"
    }

    private func edgeName(_ address: IPAddress, _ prefix: IPPrefix) -> String {
        if prefix.family == .v6 { return "subnet-router anycast" }
        return address == prefix.first ? "network" : "broadcast"
    }
}

extension AllocationError.Obstacle {
    fileprivate var text: String {
        switch self {
        case .meshEdge: "the mesh's prefix ends there"
        case .ungroupedPeers: "the addresses before it are for peers without a group"
        case .group(let name): "group \(quote(name)) is next to it"
        case .address(let address): "\(address) next to it is taken or in quarantine"
        }
    }
}

extension AllocationError.Usage {
    fileprivate var text: String {
        let start = addresses == 1 ? "it has 1 address" : "it has \(addresses) addresses"
        guard let nextFree else { return "\(start), all in use" }
        return "\(start), \(quarantined) of them in quarantine, the next free at unix time \(nextFree)"
    }
}

private func quote(_ name: String) -> String {
    let utf8 = name.utf8
    return quotedText(utf8.span)
}
