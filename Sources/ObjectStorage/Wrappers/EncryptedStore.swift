// SPDX-License-Identifier: Apache-2.0

import SluiceBase

/// A store whose objects are envelopes (data-format §1.5).
///
/// Sizes told by `head`, `list` and `put` are those of the envelopes. An object is opened whole before its
/// first byte is delivered, because nothing is authentic before the tag was checked; a range read fetches the
/// whole object.
package final class EncryptedStore: ObjectStore {
    private let base: any ObjectStore
    private let envelope: Envelope
    /// More than any key, nonce and tag add: 3 + 65535 + 255 + 16.
    private static let overhead: UInt64 = 1 << 17

    package let limits: StorageLimits

    /// Objects of more than `maximumObjectSize` bytes are refused, because each passes through the memory
    /// whole.
    package init(_ base: any ObjectStore, _ envelope: Envelope, maximumObjectSize: UInt64 = 1 << 30) {
        self.base = base
        self.envelope = envelope
        let largest = base.limits.maximumObjectSize
        limits = StorageLimits(
            maximumObjectSize: min(maximumObjectSize, largest > Self.overhead ? largest - Self.overhead : 0),
            canCopy: base.limits.canCopy,
            isFileSystem: base.limits.isFileSystem
        )
    }

    package var address: String { base.address }

    package func create() throws(StorageError) {
        try base.create()
    }

    package func head(_ key: ObjectKey) throws(StorageError) -> ObjectInfo {
        try base.head(key)
    }

    package func read(_ key: ObjectKey, range: ByteRange, into sink: ByteSink) throws(StorageError) -> UInt64
    {
        let (most, overflow) = limits.maximumObjectSize.addingReportingOverflow(Self.overhead)
        let sealed = try base.bytes(of: key, limit: Int(clamping: overflow ? .max : most))
        let plaintext = try open(sealed, key)
        let wanted = range.clamped(to: UInt64(plaintext.count))
        guard !wanted.isEmpty else { return 0 }
        let window = plaintext[Int(wanted.lowerBound)..<Int(wanted.upperBound)]
        do {
            try unsafe window.withUnsafeBytes { try unsafe sink($0) }
        } catch {
            throw StorageError(endedBy: error, "read", key: key, address: address)
        }
        return UInt64(window.count)
    }

    private func open(_ sealed: [UInt8], _ key: ObjectKey) throws(StorageError) -> [UInt8] {
        do throws(EnvelopeError) {
            return try envelope.open(sealed)
        } catch {
            let code: StorageError.Code =
                switch error {
                case .malformed: .corrupt
                case .crypto(let why): why.code == .notAuthentic ? .corrupt : .undecipherable
                }
            throw StorageError(code, "decrypt", key: key, address: address, reason: error.description)
        }
    }

    package func put(
        _ key: ObjectKey,
        from source: any ByteSource,
        options: PutOptions,
    ) throws(StorageError) -> PutReceipt {
        let limit = limits.maximumObjectSize
        let plaintext = try source.collect(limit: limit, "store", key: key, address: address)
        let sealed: [UInt8]
        do throws(EnvelopeError) {
            sealed = try envelope.seal(plaintext)
        } catch {
            throw StorageError(.failed, "encrypt", key: key, address: address, reason: error.description)
        }
        return try base.put(key, from: ArraySource(sealed), options: options)
    }

    package func delete(_ key: ObjectKey) throws(StorageError) {
        try base.delete(key)
    }

    package func delete(_ keys: [ObjectKey]) -> [ObjectKey: StorageError] {
        base.delete(keys)
    }

    package func copy(from source: ObjectKey, to destination: ObjectKey) throws(StorageError) {
        try base.copy(from: source, to: destination)
    }

    package func list(_ request: ListRequest) throws(StorageError) -> any ObjectListing {
        try base.list(request)
    }
}
