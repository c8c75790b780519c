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
