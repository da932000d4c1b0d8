internal import Delivery

/// What was applied: each interface's configuration, as the last transaction that was confirmed has brought it about.
///
/// What is on the disk may be more than that: somebody has copied the next tree over it. These are copies, for scp(1)
/// writes into the file that is there, and do not wait for the disk: what runs does not outlive the kernel's run either.
extension ApplyFolder {
    private func applied(_ interface: String) -> String { "\(base)/applied/\(interface).conf" }

    /// Nil when nothing is kept; also for a file that a power cut has emptied.
    func appliedConfiguration(of interface: String) throws -> [UInt8]? {
        let bytes = try disk.bytes(applied(interface))
        return bytes?.isEmpty ?? true ? nil : bytes
    }

    /// Keeps what a transaction that is confirmed has applied; again is no change. Another run of the kernel has begun
    /// with what is on the disk.
    func keepApplied(_ journal: ApplyJournal) throws {
        let isLive = journal.place == PutBack.Place.here()
        let second = journal.rotates ? [journal.interface + HostTree.second] : []
        for interface in [journal.interface] + second {
            let bytes = isLive ? try disk.bytes("\(new)/\(HostTree.configuration(of: interface))") : nil
            try keep(interface, bytes)
        }
    }

    /// Keeps what is applied already; again is no change.
    func keepApplied(_ interface: String, _ bytes: [UInt8]?) throws {
        if try disk.bytes(applied(interface)) != bytes { try keep(interface, bytes) }
    }

    /// Not by a rename: where that replaces a file, ext4 has it written at once (ext4(5), auto_da_alloc), and what waits
    /// for the disk next waits for it as well. What a kill has cut off is written anew by whoever finishes.
    ///
    /// - Parameter bytes: nil for an interface that is gone.
    private func keep(_ interface: String, _ bytes: [UInt8]?) throws {
        let path = applied(interface)
        try disk.remove(path)
        guard let bytes else { return }
        try disk.files.makeFolders("\(base)/applied", mode: 0o700)
        try disk.keep(path, bytes)
    }
}
