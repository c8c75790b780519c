// SPDX-License-Identifier: Apache-2.0
// A put stores the data first, as fresh slices, and then lets one transaction make the file and put the old
// one into the trash: a reader sees the old file or the new one, and a crash leaves objects that nothing
// names (gc finds them).

import BlockStore
import Metadata
package import ObjectStorage
package import SluiceBase
import VolumeModel

extension VolumeTree {
    package func create() {}

    package func put(
        _ key: ObjectKey,
        from source: any ByteSource,
        options: PutOptions,
    ) throws(StorageError) -> PutReceipt {
        let path = try TreePath(key, "store", address: address)
        guard !path.isDirectory, !path.names.isEmpty else {
            guard source.length == 0, !path.names.isEmpty else {
                let reason = "a key that ends in / is a directory and holds no bytes"
                throw StorageError(.invalidKey, "store", key: key, address: address, reason: reason)
            }
            try makeDirectory(key, facts: options.file, modified: options.modified)
            return PutReceipt(size: 0)
        }
        let length = source.length
        guard length <= limits.maximumObjectSize else {
            throw StorageError(.tooLarge, "store", key: key, address: address, reason: "\(length) bytes")
        }
        let isSmall = length <= UInt64(slices.layout.blockSize)
        if isSmall { commits.announce() }
        let writes: [ChunkWrite]
        let checked = ChecksumSource(source)
        do throws(StorageError) {
            writes = try upload(checked, length, key)
        } catch {
            if isSmall { commits.withdraw() }
            throw error
        }
        let change = TreeChange(
            path: path,
            deed: .file(writes),
            facts: options.file,
            modified: options.modified
        )
        do {
            removeData(of: try commits.run(change, announced: isSmall))
        } catch {
            // Only a refusal is certain: an engine that did not answer may have committed.
            if error is VolumeError { discard(writes) }
            throw StorageError(error, "store", key: key, address: address)
        }
        return PutReceipt(size: length, crc32c: checked.checksum)
    }

    package func delete(_ key: ObjectKey) throws(StorageError) {
        let path = try TreePath(key, "delete", address: address)
        do {
            try commit(TreeChange(path: path, deed: .removal), "delete", key)
        } catch {
            guard error.code != .notFound else { return }
            throw error
        }
    }

    package func makeDirectory(
        _ key: ObjectKey,
        facts: FileFacts?,
        modified: Timestamp?,
    ) throws(StorageError) {
        try commit(key, "make the directory", .directory, facts, modified)
    }

    package func makeSymlink(
        _ key: ObjectKey,
        target: ByteString,
        facts: FileFacts?,
        modified: Timestamp?,
    ) throws(StorageError) {
        try commit(key, "make the link", .symlink(target), facts, modified)
    }

    package func makeLink(_ key: ObjectKey, to existing: ObjectKey) throws(StorageError) {
        let source = try TreePath(existing, "link", address: address)
        try commit(key, "link", .link(source.names), nil, nil)
    }

    package func makeSpecial(
        _ key: ObjectKey,
        _ file: SpecialFile,
        facts: FileFacts?,
        modified: Timestamp?,
    ) throws(StorageError) {
        try commit(key, "make the special file", .special(file), facts, modified)
    }

    package func setFacts(_ key: ObjectKey, _ facts: FileFacts?, modified: Timestamp?) throws(StorageError) {
        try commit(key, "set the attributes of", .facts, facts, modified)
    }

    package func setExtendedAttributes(
        _ key: ObjectKey,
        _ attributes: [ExtendedAttribute],
    ) throws(StorageError) {
        try commit(key, "set the extended attributes of", .attributes(attributes), nil, nil)
    }

    private func commit(
        _ key: ObjectKey,
        _ operation: String,
        _ deed: TreeChange.Deed,
        _ facts: FileFacts?,
        _ modified: Timestamp?,
    ) throws(StorageError) {
        let path = try TreePath(key, operation, address: address)
        try commit(TreeChange(path: path, deed: deed, facts: facts, modified: modified), operation, key)
    }

    private func commit(_ change: TreeChange, _ operation: String, _ key: ObjectKey) throws(StorageError) {
        do {
            removeData(of: try commits.run(change))
        } catch {
            throw StorageError(error, operation, key: key, address: address)
        }
    }

    // MARK: Data

    /// Stores a source as one slice per chunk.
    private func upload(
        _ source: any ByteSource,
        _ length: UInt64,
        _ key: ObjectKey
    ) throws(StorageError) -> [ChunkWrite] {
        var writes: [ChunkWrite] = []
        do {
            try source.rewind()
            let chunks = Int(clamping: (length + Chunk.size - 1) / Chunk.size)
            for (index, id) in try volume.takeSliceIDs(chunks).enumerated() {
                let start = UInt64(index) * Chunk.size
                // At most a chunk, which fits.
                let wanted = UInt32(min(length - start, Chunk.size))
                let count = try slices.write(slice: id, from: source, limit: wanted)
                if count > 0 {
                    let slice = Slice(position: 0, id: id, size: count, offset: 0, length: count)
                    writes.append(ChunkWrite(slice, toChunk: UInt32(truncatingIfNeeded: index)))
                }
                guard count == wanted else {
                    throw StorageError(
                        .corrupt,
                        "store",
                        key: key,
                        address: address,
                        reason: "the source ended before its \(length) bytes"
                    )
                }
            }
            guard try Self.isAtEnd(source) else {
                throw StorageError(
                    .corrupt,
                    "store",
                    key: key,
                    address: address,
                    reason: "the source has more than the \(length) bytes announced"
                )
            }
            return writes
        } catch {
            discard(writes)
            guard let error = error as? BlockError, error.code == .source, error.underlying == nil else {
                throw StorageError(
                    (error as? BlockError)?.sourceError ?? error,
                    "store",
                    key: key,
                    address: address
                )
            }
            throw StorageError(.cancelled, "store", key: key, address: address, reason: error.reason)
        }
    }

    private static func isAtEnd(_ source: any ByteSource) throws -> Bool {
        var byte: UInt8 = 0
        return try unsafe withUnsafeMutableBytes(of: &byte) { try unsafe source.read(into: $0) } == 0
    }

    /// Removes slices that no transaction names.
    ///
    /// What cannot be removed stays behind as a leaked object,
    /// which gc finds.
    private func discard(_ writes: [ChunkWrite]) {
        for write in writes {
            do throws(BlockError) {
                try slices.delete(slice: write.slice.id, size: write.slice.size)
            } catch {
                continue
            }
        }
    }

    /// Removes the data of files that are gone.
    ///
    /// Their records stay until that has worked: live clients and gc
    /// try again.
    private func removeData(of files: [DeletedFile]) {
        for file in files {
            do {
                try volume.deleteData(of: file) { unused in
                    for slice in unused { try slices.delete(slice: slice.id, size: slice.size) }
                }
            } catch {
                continue
            }
        }
    }
}

extension BlockError {
    /// What a source threw in the words of a store.
    fileprivate var sourceError: StorageError? { code == .source ? underlying : nil }
}
