// SPDX-License-Identifier: Apache-2.0
// Reading sorted streams side by side: a merge join looks at the next element of each before it takes one.

/// A stream with one element of look-ahead; for one thread.
package final class GroupedCursor<Element> {
    private let produce: () throws -> Element?
    private var ahead: Element?
    private var isAtEnd = false

    /// - Parameter produce: gives the elements in order and nil at the end, after which it is not called
    /// again.
    package init(_ produce: @escaping () throws -> Element?) {
        self.produce = produce
    }

    /// The next element, which stays in the stream; nil at the end.
    package func peek() throws -> Element? {
        if ahead == nil, !isAtEnd {
            ahead = try produce()
            isAtEnd = ahead == nil
        }
        return ahead
    }

    /// Takes the next element, nil at the end.
    package func next() throws -> Element? {
        let element = try peek()
        ahead = nil
        return element
    }

    /// Takes elements as long as they belong to a group, calling `body` for each, in constant memory.
    package func forEachWhile(_ belongs: (Element) -> Bool, _ body: (Element) throws -> Void) throws {
        while let element = try peek(), belongs(element) {
            ahead = nil
            try body(element)
        }
    }

    /// Takes the elements that come next and belong to a group.
    ///
    /// The caller knows that groups are small; otherwise `forEachWhile` keeps memory constant.
    package func takeWhile(_ belongs: (Element) -> Bool) throws -> [Element] {
        var group: [Element] = []
        try forEachWhile(belongs) { group.append($0) }
        return group
    }

    /// Takes the elements that come next and have a key.
    package func takeWhile<Key: Equatable>(_ key: Key, by keyOf: (Element) -> Key) throws -> [Element] {
        try takeWhile { keyOf($0) == key }
    }

    /// Drops elements as long as they belong to a group.
    package func skipWhile(_ belongs: (Element) -> Bool) throws {
        try forEachWhile(belongs) { _ in }
    }
}
