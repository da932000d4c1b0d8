/// One line about work that lasts, rewritten in place; silent off a terminal and for work under half a second.
package struct Progress: ~Copyable {
    private let isShown: Bool
    private let clock: SystemClock
    private let write: (String) -> Void
    private let width: Int
    private var next: Int64
    private var hasLine = false

    /// On standard error.
    package init(terminal: Terminal = .errors, clock: SystemClock = .system) {
        self.init(width: terminal.isTerminal ? terminal.width ?? 80 : nil, clock: clock) { terminal.write($0) }
    }

    /// - Parameter width: columns; nil shows nothing.
    package init(width: Int?, clock: SystemClock, write: @escaping (String) -> Void) {
        isShown = width != nil
        self.width = width ?? 0
        self.clock = clock
        self.write = write
        next = clock.monotonic() + 500_000_000
    }

    /// Says where the work stands; cheap to call often, as the text is only made when it is shown (ten times a second).
    package mutating func update(_ text: @autoclosure () -> String) {
        guard isShown else { return }
        let now = clock.monotonic()
        guard now >= next else { return }
        next = now + 100_000_000
        hasLine = true
        write("\r\u{1b}[K\(text().prefix(max(width - 1, 1)))")
    }

    /// Takes the line away; call it before anything else is printed.
    package mutating func finish() {
        guard hasLine else { return }
        hasLine = false
        write("\r\u{1b}[K")
    }
}
