// SPDX-License-Identifier: Apache-2.0
// Moves the bytes of one object and proves that they arrived. What is proven without reading back: the
// destination stored as many bytes as the source delivered, and their CRC-32C, computed by the destination
// over what it stored, is the CRC-32C that was computed here over what the source delivered. Not proven: that
// the source read its disk right.

import ObjectStorage
import SluiceBase

/// How a transfer ended, where it is no error.
enum CopyResult {
    case verified
    /// The destination reports no checksum and was not read back.
    case unverified
    /// The source is gone.
    case vanished
}

/// Copies and compares objects.
///
/// One per worker: it owns the worker's buffer.
final class ObjectCopier {
    private let source: SyncSide
    private let destination: SyncSide
    private let options: SyncOptions
    private let ledger: SyncLedger
    private let pace: @Sendable (Int) throws -> Void
    private let buffer = CopyBuffer()
    private let scratch = CopyBuffer()
    /// A source that changes while it is copied is copied again, up to this often.
    private static let maximumAttempts = 3

    init(
        _ source: SyncSide,
        _ destination: SyncSide,
        _ options: SyncOptions,
        _ ledger: SyncLedger,
        pace: @escaping @Sendable (Int) throws -> Void,
    ) {
        self.source = source
        self.destination = destination
        self.options = options
        self.ledger = ledger
        self.pace = pace
    }

    /// Copies an object, again when it changed meanwhile.
    /// - Throws: what either side said; `.corrupt` when what arrived is not what was sent. Wrong bytes are
    ///   removed from the destination: by their size the next run would take them for right.
    func copy(_ listed: ObjectInfo) throws(StorageError) -> CopyResult {
        var info = listed
        for _ in 0..<Self.maximumAttempts {
            let moved = try move(info)
            guard let moved else { return .vanished }
            let mustLook = !moved.isWhole || options.checksChange || info.size > UInt64(CopyBuffer.capacity)
            guard mustLook else { return try prove(info, moved) }
            let current: ObjectInfo
            do throws(StorageError) {
                current = try source.store.head(source.full(info.key))
            } catch {
                guard error.code == .notFound else { throw error }
                if moved.isWhole { return try prove(info, moved) }
                return .vanished
            }
            if moved.isWhole, current.size == info.size, current.modified == info.modified {
                return try prove(info, moved)
            }
            info.size = current.size
            info.modified = current.modified
        }
        discard(info.key)
        throw StorageError(
            .corrupt,
            "copy",
            key: info.key,
            address: source.store.address,
            reason: "the file changes faster than it can be copied"
        )
    }

    private struct Moved {
        /// Whether the source delivered as many bytes as it announced.
        var isWhole: Bool
        var checksum: UInt32
        var receipt: PutReceipt
    }

    /// - Returns: nil when the source is gone.
    private func move(_ info: ObjectInfo) throws(StorageError) -> Moved? {
        info.size <= UInt64(CopyBuffer.capacity) ? try moveSmall(info) : try moveLarge(info)
    }

    private func putOptions(_ info: ObjectInfo) -> PutOptions {
        let keepsFacts = options.fidelity.permissions && destination.tree != nil
        // A store without times of changes says the epoch, which a file may well have.
        let knowsTime = info.modified != .epoch || source.tree != nil
        return PutOptions(
            modified: knowsTime ? info.modified : nil,
            file: keepsFacts ? info.file : nil
        )
    }

    private func moveSmall(_ info: ObjectInfo) throws(StorageError) -> Moved? {
        guard let count = try fill(buffer, info) else { return nil }
        guard count == info.size else {
            return Moved(isWhole: false, checksum: 0, receipt: PutReceipt(size: 0))
        }
        let checksum = unsafe Crc32c.checksum(buffer.bytes)
        let receipt = try destination.store.put(
            destination.full(info.key),
            from: buffer,
            options: putOptions(info)
        )
        return Moved(isWhole: true, checksum: checksum, receipt: receipt)
    }

    /// Reads a small object into memory.
    /// - Returns: its length, more than the buffer holds when it has grown; nil when it is gone.
    private func fill(_ buffer: CopyBuffer, _ info: ObjectInfo) throws(StorageError) -> UInt64? {
        buffer.removeAll()
        var overflow = false
        do throws(StorageError) {
            return try unsafe source.store.read(source.full(info.key), range: .whole) {
                (run: UnsafeRawBufferPointer) throws -> Void in
                try pace(run.count)
                guard unsafe buffer.append(run) else {
                    overflow = true
                    throw CancelledTransfer()
                }
            }
        } catch {
            if overflow { return UInt64.max }
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    private func moveLarge(_ info: ObjectInfo) throws(StorageError) -> Moved? {
        let pipe = TransferPipe(source.store, source.full(info.key), length: info.size, pace: pace)
        let receipt: PutReceipt
        do throws(StorageError) {
            receipt = try destination.store.put(
                destination.full(info.key),
                from: pipe,
                options: putOptions(info)
            )
        } catch {
            pipe.stop()
            if let failure = pipe.sourceFailure, failure.code == .notFound { return nil }
            // A source that ended early or went on is not the destination's failure.
            guard pipe.sourceFailure == nil, error.code == .corrupt, pipe.total != info.size else {
                throw error
            }
            return Moved(isWhole: false, checksum: 0, receipt: PutReceipt(size: 0))
        }
        pipe.stop()
        return Moved(isWhole: pipe.total == info.size, checksum: pipe.checksum, receipt: receipt)
    }

    // MARK: Proof

    private func prove(_ info: ObjectInfo, _ moved: Moved) throws(StorageError) -> CopyResult {
        guard moved.receipt.size == info.size else {
            throw wrong(info.key, "\(info.size) bytes were sent and \(moved.receipt.size) stored")
        }
        if let stored = moved.receipt.crc32c, stored != moved.checksum {
            throw wrong(info.key, "the checksum of what was stored differs")
        }
        guard options.verification == .full else {
            return moved.receipt.crc32c == nil ? .unverified : .verified
        }
        var checksum = Crc32c()
        let count = try unsafe destination.store.read(destination.full(info.key), range: .whole) {
            (run: UnsafeRawBufferPointer) throws -> Void in
            if ledger.shouldStop { throw CancelledTransfer() }
            unsafe checksum.update(run)
        }
        guard count == info.size, checksum.value == moved.checksum else {
            throw wrong(info.key, "what reads back differs from what was sent")
        }
        ledger.count { counts in
            counts.checked += 1
            counts.checkedBytes &+= info.size  // a statistic: may wrap at 16 EiB
        }
        return .verified
    }

    private func wrong(_ key: ObjectKey, _ reason: String) -> StorageError {
        discard(key)
        return StorageError(
            .corrupt,
            "copy",
            key: key,
            address: destination.store.address,
            reason: "\(reason); what had arrived was removed"
        )
    }

    private func discard(_ key: ObjectKey) {
        do throws(StorageError) {
            try destination.store.delete(destination.full(key))
        } catch {
            ledger.warn(key, "a bad copy could not be removed: \(error)")
        }
    }

    // MARK: Comparison

    /// Whether both sides have the same bytes, read from both; nil when the source is gone.
    func haveEqualBytes(_ info: ObjectInfo, _ other: ObjectInfo) throws(StorageError) -> Bool? {
        guard info.size == other.size else { return false }
        ledger.count { counts in
            counts.checked += 1
            counts.checkedBytes &+= info.size  // a statistic: may wrap at 16 EiB
        }
        let pipe = TransferPipe(source.store, source.full(info.key), length: info.size, pace: pace)
        let isSmall = info.size <= UInt64(CopyBuffer.capacity)
        if isSmall {
            guard let count = try fill(buffer, info) else { return nil }
            guard count == info.size else { return false }
        }
        let own: any ByteSource = isSmall ? buffer : pipe
        var isEqual = true
        var sourceError: (any Error)?
        do throws(StorageError) {
            let count = try unsafe destination.store.read(destination.full(info.key), range: .whole) {
                (run: UnsafeRawBufferPointer) throws -> Void in
                do {
                    isEqual = try unsafe equals(run, own)
                } catch {
                    sourceError = error
                }
                if !isEqual || sourceError != nil { throw CancelledTransfer() }
            }
            isEqual = isEqual && count == info.size
        } catch {
            if isEqual, sourceError == nil {
                guard error.code == .notFound else { throw error }
                isEqual = false
            }
        }
        pipe.stop()
        guard let sourceError else { return isEqual }
        if pipe.sourceFailure?.code == .notFound { return nil }
        throw StorageError(endedBy: sourceError, "read", key: info.key, address: source.store.address)
    }

    private func equals(_ run: UnsafeRawBufferPointer, _ own: any ByteSource) throws -> Bool {
        var done = 0
        while done < run.count {
            let wanted = min(CopyBuffer.capacity, run.count - done)
            let count = try unsafe scratch.withMemory(wanted) { try unsafe own.read(into: $0) }
            guard count > 0 else { return false }
            guard
                unsafe scratch.isEqual(count, to: UnsafeRawBufferPointer(rebasing: run[done..<done + count]))
            else {
                return false
            }
            done += count
        }
        return true
    }
}
