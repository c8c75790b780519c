// SPDX-License-Identifier: Apache-2.0

import MetadataSQL
package import ObjectStorage
import SluiceBase

extension StorageDriver {
    /// Objects in an SQLite file: the bucket is its path.
    package static let sqlite = StorageDriver(["sqlite3"]) { request throws(StorageError) in
        do {
            return BlobStore(try BlobTable.sqlite(request.bucket), isOwnWriter: true)
        } catch {
            throw StorageError(of: error, "open", address: "sqlite3://")
        }
    }

    /// Objects in a PostgreSQL database: the bucket is `HOST:PORT/DATABASE`, the keys are user and password.
    package static let postgres = StorageDriver(["postgres"]) { request throws(StorageError) in
        do {
            return BlobStore(
                try BlobTable.postgres(
                    request.bucket,
                    user: request.accessKey,
                    password: request.secretKey
                ),
                isOwnWriter: false
            )
        } catch {
            throw StorageError(of: error, "open", address: "postgres://")
        }
    }
}
