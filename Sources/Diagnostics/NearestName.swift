/// The candidate that a person most likely meant, or nil when none is near.
///
/// Near means at most two edits (Damerau–Levenshtein with adjacent swaps), and at most a third of the word's length.
package func nearest(to word: some StringProtocol, among candidates: some Sequence<String>) -> String? {
    let letters = Array(word.utf8.prefix(64))
    var best: (name: String, distance: Int)?
    for candidate in candidates {
        let distance = editDistance(letters, Array(candidate.utf8.prefix(64)))
        if distance < best?.distance ?? Int.max { best = (candidate, distance) }
    }
    guard let best, best.distance <= min(2, max(1, letters.count / 3)) else { return nil }
    return best.name
}

private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
        var row = [i + 1] + [Int](repeating: 0, count: b.count)
        for j in b.indices {
            row[j + 1] = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                row[j + 1] = min(row[j + 1], beforeLast[j - 1] + 1)
            }
        }
        (beforeLast, last) = (last, row)
    }
    return last[b.count]
}
