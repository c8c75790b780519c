// SPDX-License-Identifier: Apache-2.0

package import BlockStore
package import ObjectStorage

extension SliceStore {
    /// Stores up to `limit` bytes of a source as one slice, from where the source stands.
    /// - Returns: bytes stored; 0 when the source had ended.
    /// - Throws: `BlockError`; nothing stays stored then.
    package func write(
        slice id: UInt64,
        from source: any ByteSource,
        limit: UInt32
    ) throws(BlockError) -> UInt32 {
        let writer = SliceWriter(self, sliceID: id)
        do throws(BlockError) {
            _ = try writer.append(from: source, limit: limit)
        } catch {
            writer.abandon()
            throw error
        }
        return try writer.finish()
    }
}
