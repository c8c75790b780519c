// SPDX-License-Identifier: Apache-2.0
// Removing the data of files that are gone (metadata-format §5.3). The order makes every step safe to repeat:
// first the chunk goes and its users are counted down, then the objects of slices without users, then their
// references, and last the note that the file is to be deleted. A crash leaves something to find, never
// something missing.

import SluiceBase
import VolumeModel

/// Removes the objects of slices: called outside of transactions with all that may go at a time, so that they
/// can be put on record together.
///
/// Objects that are gone already are no error.
package typealias BlockRemoval = (_ slices: [SliceKey]) throws -> Void

extension Volume {
    /// Slices whose objects are removed before their references and the deleted file's record go.
    private static var sliceBatch: Int { 1000 }

    /// Removes the data of a deleted file.
    ///
    /// May be repeated after any failure, also by another client.
    /// - Throws: `VolumeError.damaged` when the file is not gone at all or a chunk's record cannot be read:
    ///   then its data stay. What the engine and `removingBlocks` throw.
    package func deleteData(of file: DeletedFile, removingBlocks: BlockRemoval) throws {
        let chunks = try engine.read { reader in
            try Self.requireGone(file.inode, reader)
            return try reader.chunks(of: file.inode)
        }
        // Nothing is touched when a part cannot be understood.
        for chunk in chunks { _ = try chunk.storedSlices() }
        var orphans: [SliceReference] = []
        for chunk in chunks {
            orphans += try release(chunk.index, of: file.inode)
            guard orphans.count >= Self.sliceBatch else { continue }
            try removeOrphans(orphans, removingBlocks: removingBlocks)
            orphans = []
        }
        try removeOrphans(orphans, removingBlocks: removingBlocks) { transaction in
            try transaction.deleteDeletedFile(file.inode)
        }
    }

    private static func requireGone(_ inode: Inode, _ reader: any MetadataReader) throws {
        guard try reader.node(inode) == nil else {
            throw VolumeError(.damaged, "delete the data of", inode, reason: "its node is still there")
        }
    }

    /// Removes a chunk and counts the users of its slices down.
    /// - Returns: slices that nobody uses any more.
    private func release(_ index: UInt32, of inode: Inode) throws -> [SliceReference] {
        let released = try engine.write { transaction -> [SliceKey] in
            try transaction.lock([inode])
            try Self.requireGone(inode, transaction)
            guard let chunk = try transaction.chunk(index, of: inode) else { return [] }
            let slices = try chunk.storedSlices().map { SliceKey(id: $0.id, size: $0.size) }
            try transaction.deleteChunk(index, of: inode)
            try log(.deleteChunk(index, of: inode), in: transaction)
            return try transaction.release(slices)
        }
        return try unused(released)
    }

    /// Those of the released slices that nobody uses any more.
    ///
    /// Asked after the commit: nobody can take up a slice again that no record names.
    func unused(_ slices: [SliceKey]) throws -> [SliceReference] {
        guard !slices.isEmpty else { return [] }
        return try engine.read { try $0.sliceReferences(slices) }.compactMap(\.self).filter { $0.count <= 0 }
    }

    /// Removes the objects of slices without users, then their references.
    func removeOrphans(
        _ orphans: [SliceReference],
        removingBlocks: BlockRemoval,
        finally: (any MetadataTransaction) throws -> Void = { _ in },
    ) throws {
        if !orphans.isEmpty { try removingBlocks(orphans.map { SliceKey(id: $0.id, size: $0.size) }) }
        try engine.write { transaction in
            let current = try transaction.sliceReferences(
                orphans.map { SliceKey(id: $0.id, size: $0.size) }
            )
            for orphan in current.compactMap(\.self) { try forget(orphan, transaction) }
            try finally(transaction)
        }
    }

    /// Removes the reference of a slice whose objects are gone, unless it counts somebody.
    /// - Parameter orphan: as this transaction read it.
    package func forget(_ orphan: SliceReference, _ transaction: any MetadataTransaction) throws {
        guard orphan.count <= 0 else { return }
        try transaction.deleteSliceReference(orphan.id, size: orphan.size)
        try log(.deleteSlice(orphan.id, size: orphan.size), in: transaction)
    }
}

extension Volume {
    /// Files deleted before `time` whose data are still there, at most `limit`.
    /// - Parameter time: seconds since the epoch. Live clients delete at once and repeat after an hour.
    package func deletedFiles(before time: Int64, limit: Int) throws -> [DeletedFile] {
        try collect(limit) {
            try $0.scanDeletedFiles()
        } matching: {
            $0.deleted < time
        }
    }

    /// Forgets slices that compaction replaced, as soon as the trash need not keep them, and removes those
    /// without users.
    /// - Parameters:
    ///   - time: seconds since the epoch; records made before it expire. Clients use now − `trashDays` ×
    ///   86400. - limit: of records.
    /// - Returns: the number of records expired. One that cannot be read stays.
    @discardableResult
    package func expireDelayedSlices(
        before time: Int64,
        limit: Int,
        removingBlocks: BlockRemoval,
    ) throws -> Int {
        let expired = try collect(limit) {
            try $0.scanDelayedSlices()
        } matching: { record in
            record.deleted < time && (try? record.slices()) != nil
        }
        for record in expired { try expireDelayedSlices(record.id, removingBlocks: removingBlocks) }
        return expired.count
    }

    /// Forgets the slices that one compaction replaced, and removes those without users.
    /// - Returns: false when there is no such record any more.
    @discardableResult
    package func expireDelayedSlices(_ id: UInt64, removingBlocks: BlockRemoval) throws -> Bool {
        let released = try engine.write { transaction -> [SliceKey]? in
            guard let current = try transaction.delayedSlices(id) else { return nil }
            let slices = try current.slices().map { SliceKey(id: $0.id, size: $0.size) }
            try transaction.deleteDelayedSlices(id)
            try log(.expireDelayedSlices(id, deleted: current.deleted), in: transaction)
            return try transaction.release(slices)
        }
        guard let released else { return false }
        try removeOrphans(try unused(released), removingBlocks: removingBlocks)
        return true
    }

    /// Removes slices whose count of users is 0 or less: what interrupted deletions and failed compactions
    /// left.
    ///
    /// The count is all that live clients look at (metadata-format §5.3). `gc` does not call this: it counts
    /// itself.
    /// - Returns: the number of slices removed.
    @discardableResult
    package func removeUnusedSlices(limit: Int, removingBlocks: BlockRemoval) throws -> Int {
        let unused = try collect(limit) {
            try $0.scanSliceReferences()
        } matching: {
            $0.count <= 0
        }
        for start in stride(from: 0, to: unused.count, by: Self.sliceBatch) {
            let batch = unused[start..<min(start + Self.sliceBatch, unused.count)]
            try removeOrphans(Array(batch), removingBlocks: removingBlocks)
        }
        return unused.count
    }

    /// The first `limit` readable records of a scan that match.
    ///
    /// Collected before anything is written, because an engine's snapshot may not outlive or may block
    /// writes.
    private func collect<Record>(
        _ limit: Int,
        from scan: (any MetadataScanner) throws -> any RecordCursor<Record>,
        matching: (Record) -> Bool,
    ) throws -> [Record] {
        try engine.snapshot { scanner in
            let cursor = try scan(scanner)
            var found: [Record] = []
            while found.count < limit, let scanned = try cursor.next() {
                guard case .record(let record) = scanned, matching(record) else { continue }
                found.append(record)
            }
            return found
        }
    }
}

extension ChunkRecord {
    /// The records that name a stored slice.
    /// - Throws: `VolumeError.damaged` when the list cannot be decoded.
    func storedSlices() throws -> [Slice] {
        do {
            return try Slice.list(decoding: slices).filter { !$0.isHole }
        } catch {
            throw VolumeError(
                .damaged,
                "read",
                "chunk \(index) of inode \(inode)",
                reason: error.description
            )
        }
    }
}

extension MetadataTransaction {
    /// Takes one user away from each slice, several from one that is listed several times.
    /// - Returns: the slices, each once, in order of their ids.
    func release(_ slices: [SliceKey]) throws -> [SliceKey] {
        // In order, so that two clients wait for each other instead of blocking each other.
        let stored = slices.filter { $0.id > 0 }.sorted { ($0.id, $0.size) < ($1.id, $1.size) }
        for slice in stored { try adjustSliceReference(slice.id, size: slice.size, by: -1) }
        return Set(stored).sorted { ($0.id, $0.size) < ($1.id, $1.size) }
    }
}
