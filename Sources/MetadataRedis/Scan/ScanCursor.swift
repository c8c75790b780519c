// SPDX-License-Identifier: Apache-2.0

import Metadata

/// A running scan that gets its records page by page.
final class ScanCursor<Record: Sendable>: RecordCursor {
    private let nextPage: () throws -> [Scanned<Record>]?
    private var page: [Scanned<Record>] = []
    private var position = 0
    private var isAtEnd = false

    /// - Parameter nextPage: answers nil at the end; a page may be empty.
    init(_ nextPage: @escaping () throws -> [Scanned<Record>]?) {
        self.nextPage = nextPage
    }

    func next() throws -> Scanned<Record>? {
        while position == page.count {
            guard !isAtEnd, let more = try nextPage() else {
                isAtEnd = true
                page = []
                position = 0
                return nil
            }
            page = more
            position = 0
        }
        defer { position += 1 }
        return page[position]
    }
}

/// Two scans in order as one in order.
final class MergedCursor<Record: Sendable>: RecordCursor {
    private let one: any RecordCursor<Record>
    private let other: any RecordCursor<Record>
    private let precedes: (Record, Record) -> Bool
    private var heads: (one: Scanned<Record>?, other: Scanned<Record>?)
    private var hasBegun = false

    init(
        _ one: any RecordCursor<Record>,
        _ other: any RecordCursor<Record>,
        _ precedes: @escaping (Record, Record) -> Bool
    ) {
        self.one = one
        self.other = other
        self.precedes = precedes
    }

    func next() throws -> Scanned<Record>? {
        if !hasBegun { heads = (try one.next(), try other.next()) }
        hasBegun = true
        if isOtherNext {
            let head = heads.other
            heads.other = try other.next()
            return head
        }
        let head = heads.one
        heads.one = try one.next()
        return head
    }

    private var isOtherNext: Bool {
        switch (heads.one, heads.other) {
        case (.record(let first), .record(let second)): precedes(second, first)
        case (nil, _), (.record, .damaged): true
        case (_, nil), (.damaged, _): false
        }
    }
}
