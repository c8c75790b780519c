// SPDX-License-Identifier: Apache-2.0

import ObjectStorage
import SluiceBase

/// Objects that all have the prefix that was asked for, in key order, page by page.
///
/// One thread at a time.
protocol ObjectPages: AnyObject {
    /// The next objects, at least one; empty at the end.
    /// - Parameter start: smaller keys need not come any more; nil when all do.
    func next(from start: ObjectKey?) throws(StorageError) -> [ObjectInfo]
}

/// What a request wants of a store whose keys have no levels: rolls up, then skips.
final class FlatListing: ObjectListing {
    private let request: ListRequest
    private let pages: any ObjectPages
    private var start: ObjectKey?
    private var lastRolled: ObjectKey?

    init(_ request: ListRequest, _ pages: any ObjectPages) {
        self.request = request
        self.pages = pages
        // The smallest key that is greater.
        start = request.after.map { $0 + ObjectKey([0]) }
    }

    func next() throws(StorageError) -> [ObjectInfo] {
        while true {
            let page = try pages.next(from: start)
            guard !page.isEmpty else { return [] }
            let batch = page.compactMap(selected)
            if !batch.isEmpty { return batch }
        }
    }

    private func selected(_ object: ObjectInfo) -> ObjectInfo? {
        let entry = request.rolledUp(object)
        if let after = request.after, entry.key <= after { return nil }
        guard entry.kind == .commonPrefix else { return entry }
        guard entry.key != lastRolled else { return nil }
        lastRolled = entry.key
        start = entry.key.afterPrefix ?? start
        return entry
    }
}

extension ObjectKey {
    /// The smallest key behind all that begin with this one; nil when there is none.
    fileprivate var afterPrefix: ObjectKey? {
        var bytes = bytes
        while let last = bytes.popLast() {
            guard last == .max else { return ObjectKey(bytes + [last + 1]) }
        }
        return nil
    }
}
