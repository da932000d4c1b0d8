import CNamespaces
import Glibc

/// What passed on every wire of the underlay while it was listened to.
struct WireCounts: Sendable {
    var frames = 0
    /// WireGuard between hosts of the mesh.
    var tunnel = 0
    /// Queries in plaintext that only a tunnel may carry, and others.
    var secrets = 0
    var openTexts = 0
    /// What no rule lets pass between hosts of the mesh: frames by their description.
    var strange: [String: Int] = [:]
    /// Frames that the listener was too slow for.
    var missed = 0
}

/// Listens to every bridge and every line of the lab's Internet, in a thread of its own.
///
/// Only frames that come in are looked at, so that each is seen once on its wire.
final class WireTap: @unchecked Sendable {
    // The thread alone touches the counts until `stop` has waited for its end.
    private var counts = WireCounts()
    private let sockets: [(descriptor: Int32, strangers: Set<Int32>)]
    private let rules: WireRules
    private let marks: (secret: [UInt8], open: [UInt8])
    private var isStopped: Int32 = 0
    private var stopPipe: [Int32] = [-1, -1]
    private var thread = pthread_t()

    /// Opens the sockets and starts to listen.
    init(_ topology: LabTopology, _ rules: WireRules, _ payload: FlowPayload) throws(PosixError) {
        self.rules = rules
        marks = (payload.secretMark, payload.openMark)
        var sockets: [(descriptor: Int32, strangers: Set<Int32>)] = []
        for namespace in ["wires", "internet"] {
            let names = try LabNetwork.interfaceNames(in: namespace)
            let strangers = names.filter { WireTap.isStranger($0.value, topology) }.map { Int32(bitPattern: $0.key) }
            let descriptor = try LabNetwork.inside(namespace) { () throws(PosixError) in lab_open_sniffer() }
            guard descriptor >= 0 else { throw PosixError("listen to the wires") }
            sockets.append((descriptor, Set(strangers)))
        }
        self.sockets = sockets
        guard pipe(&stopPipe) == 0 else { throw PosixError("make a pipe") }
        let box = Unmanaged.passRetained(self).toOpaque()
        pthread_create(
            &thread, nil,
            { box in
                guard let box else { return nil }
                Unmanaged<WireTap>.fromOpaque(box).takeRetainedValue().listen()
                return nil
            }, box)
    }

    private static func isStranger(_ name: String, _ topology: LabTopology) -> Bool {
        topology.strangers.indices.contains { number in
            let namespace = Wiring.strangerNamespace(number)
            return name == namespace || name == "to-\(namespace)"
        }
    }

    /// Ends the listening and returns what was counted.
    func stop() -> WireCounts {
        close(stopPipe[1])
        pthread_join(thread, nil)
        close(stopPipe[0])
        for socket in sockets {
            counts.missed += Int(max(0, lab_sniffer_missed(socket.descriptor)))
            close(socket.descriptor)
        }
        return counts
    }

    private func listen() {
        var waiting = (sockets.map(\.descriptor) + [stopPipe[0]]).map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        while true {
            _ = poll(&waiting, nfds_t(waiting.count), -1)
            let isEnd = waiting[waiting.count - 1].revents != 0
            for socket in sockets { drain(socket) }
            if isEnd { return }
        }
    }

    private func drain(_ socket: (descriptor: Int32, strangers: Set<Int32>)) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        var interface: Int32 = 0
        var leaving: Int32 = 0
        while true {
            let count = lab_sniff(socket.descriptor, &buffer, buffer.count, &interface, &leaving)
            if count <= 0 { return }
            if leaving == 0 { look(at: buffer[..<min(count, buffer.count)], socket.strangers.contains(interface)) }
        }
    }

    private func look(at frame: ArraySlice<UInt8>, _ isStranger: Bool) {
        counts.frames += 1
        counts.secrets += find(marks.secret, in: frame)
        counts.openTexts += find(marks.open, in: frame)
        guard !isStranger, let packet = WirePacket(frame) else { return }
        switch rules.judge(packet) {
        case .tunnel: counts.tunnel += 1
        case .passed: break
        case .strange(let description): counts.strange[description, default: 0] += 1
        }
    }

    private func find(_ mark: [UInt8], in frame: ArraySlice<UInt8>) -> Int {
        frame.withUnsafeBytes { Int(lab_count($0.baseAddress, $0.count, mark, mark.count)) }
    }
}
