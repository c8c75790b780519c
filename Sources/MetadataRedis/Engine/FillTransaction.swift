// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import VolumeModel

/// Fills a database that nobody else uses: nothing is looked up, and what gathered is sent from time to time.
final class FillTransaction: RedisTransaction {
    private let limit: Int

    /// - Parameter limit: bytes of commands that gather before they are sent.
    init(_ writes: KeyTransaction, keys: Keys, shared: SharedState, limit: Int) {
        self.limit = limit
        super.init(writes, keys: keys, shared: shared)
    }

    private func sendIfFull() throws {
        if writes.gatheredBytes >= limit { try writes.flush() }
    }

    override func insertNode(_ inode: Inode, _ attributes: Attributes) throws {
        writes.set(keys.node(inode), to: attributes.encoded)
        try sendIfFull()
    }

    override func insertEntry(_ entry: NamedEntry, in directory: Inode) throws {
        writes.setField(entry.name.bytes, of: keys.entries(directory), to: EntryValue.encode(entry.entry))
        try sendIfFull()
    }

    override func appendSlices(_ slices: [Slice], toChunk index: UInt32, of inode: Inode) throws -> Int {
        writes.append(slices.map { Slice.encode([$0]) }, to: keys.chunk(index, inode))
        try sendIfFull()
        return slices.count
    }

    override func setChunk(_ record: ChunkRecord) throws {
        try super.setChunk(record)
        try sendIfFull()
    }

    override func insertSliceReference(_ reference: SliceReference) throws {
        guard reference.count != 1 else { return }
        let field = ReferenceField.encode(reference.id, size: reference.size)
        let others = [UInt8](decimal: reference.count.saturatingAdd(-1))
        writes.setField(field, of: keys.sliceReferences, to: others)
        try sendIfFull()
    }

    override func setSymlinkTarget(_ target: ByteString, of inode: Inode) throws {
        try super.setSymlinkTarget(target, of: inode)
        try sendIfFull()
    }

    override func setExtendedAttribute(named name: ByteString, of inode: Inode, to value: [UInt8]) throws {
        try super.setExtendedAttribute(named: name, of: inode, to: value)
        try sendIfFull()
    }
}
