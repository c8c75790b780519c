// SPDX-License-Identifier: Apache-2.0

package import ObjectStorage
import SluiceBase

extension StorageDriver {
    /// Files of a server that is reached over SSH; the keys are user and password.
    ///
    /// Nothing is sent before the first use.
    package static let sftp = StorageDriver(["sftp"]) { request throws(StorageError) in
        try SFTPStore.open(request)
    }
}

extension SFTPStore {
    /// Opens a folder, or a prefix of names in it.
    /// - Parameter stallSeconds: without anything moving for so long a connection has failed.
    /// - Throws: `.unsupported` for an address that is none.
    package static func open(
        _ request: StorageRequest,
        stallSeconds: Double = 60,
    ) throws(StorageError) -> any ObjectStore {
        let location = try SFTPLocation(request.bucket)
        let login = SFTPLogin(
            user: request.accessKey,
            password: request.secretKey,
            environment: request.environment
        )
        let watch = SFTPWatch(stall: .seconds(stallSeconds), request.cancellation)
        let store = SFTPStore(location, login, watch)
        return location.prefix.isEmpty ? store : PrefixStore(store, prefix: ByteString(location.prefix))
    }
}
