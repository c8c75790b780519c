// SPDX-License-Identifier: Apache-2.0

import SluiceBase

/// Several sorted listings as one, in constant memory; directories and common prefixes that are in more than
/// one of them come once.
final class MergedListing: ObjectListing {
    private struct Head {
        var batch: [ObjectInfo]
        var position = 0
        let listing: any ObjectListing

        var object: ObjectInfo { batch[position] }
    }

    private let address: String
    private var waiting: [any ObjectListing]
    /// A binary heap by the key of each listing's next object.
    private var heads: [Head] = []
    private var last: ObjectKey?
    private var failure: StorageError?

    init(_ listings: [any ObjectListing], address: String) {
        waiting = listings
        self.address = address
    }

    func next() throws(StorageError) -> [ObjectInfo] {
        if let failure { throw failure }
        do throws(StorageError) {
            return try merge()
        } catch {
            failure = error
            throw error
        }
    }

    private func merge() throws(StorageError) -> [ObjectInfo] {
        while let listing = waiting.last {
            let batch = try listing.next()
            waiting.removeLast()
            guard !batch.isEmpty else { continue }
            heads.append(Head(batch: batch, listing: listing))
            siftUp()
        }
        var merged: [ObjectInfo] = []
        merged.reserveCapacity(1000)
        while merged.count < 1000, !heads.isEmpty {
            let object = heads[0].object
            if object.key != last {
                if let last, object.key < last {
                    throw StorageError(outOfOrder: object.key, address: address)
                }
                merged.append(object)
                last = object.key
            }
            try advance()
        }
        return merged
    }

    private func advance() throws(StorageError) {
        heads[0].position += 1
        if heads[0].position == heads[0].batch.count {
            let batch = try heads[0].listing.next()
            if batch.isEmpty {
                heads.swapAt(0, heads.count - 1)
                heads.removeLast()
            } else {
                heads[0].batch = batch
                heads[0].position = 0
            }
        }
        siftDown()
    }

    private func siftUp() {
        var child = heads.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heads[child].object.key < heads[parent].object.key else { return }
            heads.swapAt(child, parent)
            child = parent
        }
    }

    private func siftDown() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heads.count {
                if heads[child].object.key < heads[least].object.key { least = child }
            }
            guard least != parent else { return }
            heads.swapAt(parent, least)
            parent = least
        }
    }
}

extension StorageError {
    /// A listing that names a key after a greater one: nothing can be concluded from what it leaves out.
    package init(outOfOrder key: ObjectKey, address: String) {
        self.init(.corrupt, "list", key: key, address: address, reason: "the listing is out of order")
    }
}
