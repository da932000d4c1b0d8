extension RandomAccessCollection {
    /// The first index whose element belongs to the second part of a collection in two parts; `endIndex` for none.
    ///
    /// `belongsInSecondPart` must hold for no element before that index and for every element from it on. Asks about a
    /// logarithmic number of elements.
    package func partitioningIndex(where belongsInSecondPart: (Element) -> Bool) -> Index {
        var start = startIndex
        var count = self.count
        while count > 0 {
            let half = count / 2
            let middle = index(start, offsetBy: half)
            if belongsInSecondPart(self[middle]) {
                count = half
            } else {
                start = index(after: middle)
                count -= half + 1
            }
        }
        return start
    }
}
