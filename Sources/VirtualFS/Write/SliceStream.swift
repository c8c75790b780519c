// SPDX-License-Identifier: Apache-2.0

import BlockStore
import ObjectStorage

/// The slices of one file on their way: while one is filled, the blocks of the one before arrive.
///
/// One owner, one thread at a time. `finish` or `abandon` must follow.
final class SliceStream {
    private let store: SliceStore
    private var filling: SliceWriter?
    private var landing: SliceWriter?

    init(_ store: SliceStore) {
        self.store = store
    }

    /// Stores up to `limit` bytes of a source as the next slice, from where the source stands.
    /// - Returns: bytes taken; 0 when the source had ended.
    /// - Throws: `BlockError`, also of the slices before.
    func write(slice id: UInt64, from source: any ByteSource, limit: UInt32) throws(BlockError) -> UInt32 {
        _ = try landing?.finish()
        landing = filling
        let writer = SliceWriter(store, sliceID: id)
        filling = writer
        let count = try writer.append(from: source, limit: limit)
        try writer.launch()
        return count
    }

    /// Waits until all slices are stored.
    func finish() throws(BlockError) {
        _ = try landing?.finish()
        landing = nil
        _ = try filling?.finish()
        filling = nil
    }

    /// Removes the slices that are under way; those before were stored.
    func abandon() {
        landing?.abandon()
        filling?.abandon()
        (landing, filling) = (nil, nil)
    }
}
