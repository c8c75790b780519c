// SPDX-License-Identifier: Apache-2.0
// A bucket of a store that speaks S3 as an ObjectStore (data-format §3). Keys go through as they are; S3
// wants them to be UTF-8, so others are refused instead of being stored under another name.

package import ObjectStorage
import SluiceBase
import Synchronization

/// A bucket.
package final class S3Store: ObjectStore {
    let connection: S3Connection
    let dialect: S3Dialect
    /// Whether the CRC-32C goes into the user metadata and is compared with it, as JuiceFS 1.4.2 does.
    let marksChecksums: Bool
    let proofs: ChecksumProofs

    package let address: String
    package let limits: StorageLimits

    /// Largest object of one request, in bytes.
    static let singleLimit: UInt64 = 5 << 30

    init(_ connection: S3Connection) {
        self.connection = connection
        dialect = connection.dialect
        address = connection.address
        proofs = ChecksumProofs(trustsEcho: connection.location.isAmazon)
        let wish = connection.location.options["disable-checksum"] ?? "false"
        marksChecksums = !["true", "1"].contains(wish.lowercased())
        let parts = MultipartLimits(
            minimumPartSize: dialect.minimumPartSize,
            maximumPartSize: Self.singleLimit,
            maximumPartCount: dialect.maximumPartCount
        )
        limits = StorageLimits(
            maximumObjectSize: 48 << 40,
            multipart: parts,
            canCopy: true,
            keysAreUTF8: true,
            deletionBatch: dialect.deletionBatch
        )
    }

    /// - Throws: `.invalidKey` for a key that no request can carry.
    func check(_ key: ObjectKey, _ operation: String) throws(StorageError) {
        let reason: String
        if key.isEmpty {
            reason = "the key is empty"
        } else if key.count > 1024 {
            reason = "the key is longer than 1024 bytes"
        } else if key.text == nil {
            reason = "the key is not UTF-8, which S3 wants"
        } else {
            return
        }
        throw StorageError(.invalidKey, operation, key: key, address: address, reason: reason)
    }

    package func head(_ key: ObjectKey) throws(StorageError) -> ObjectInfo {
        do throws(StorageError) {
            try check(key, "look up")
        } catch {
            // What cannot be stored is not there.
            throw StorageError(.notFound, "look up", key: key, address: address, reason: error.reason)
        }
        let response = try connection.send(S3Connection.Call(.head, key), "look up")
        let headers = response.head.headers
        guard let size = response.head.contentLength else {
            throw StorageError(
                .failed,
                "look up",
                key: key,
                address: address,
                reason: "no Content-Length came"
            )
        }
        return ObjectInfo(
            key: key,
            size: size,
            modified: headers["last-modified"].flatMap(HTTPDate.parse) ?? .epoch,
            kind: key.hasSuffix(UInt8(ascii: "/")) && size == 0 ? .directory : .object,
            tag: headers["etag"].map(HTTPHead.tag),
            storageClass: headers["x-amz-storage-class"]
        )
    }

    package func delete(_ key: ObjectKey) throws(StorageError) {
        do throws(StorageError) {
            try check(key, "delete")
            _ = try connection.send(S3Connection.Call(.delete, key), "delete")
        } catch {
            guard error.code != .notFound, error.code != .invalidKey else { return }
            throw error
        }
    }
}
