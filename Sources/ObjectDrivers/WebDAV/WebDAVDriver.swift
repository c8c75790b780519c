// SPDX-License-Identifier: Apache-2.0

package import ObjectStorage
import SluiceBase

extension StorageDriver {
    /// Files of a WebDAV server; the keys are user and password.
    package static let webdav = StorageDriver(["webdav"]) { request throws(StorageError) in
        try WebDAVStore.open(request)
    }
}

extension WebDAVStore {
    /// Opens a folder; nothing is sent yet.
    /// - Parameter stallSeconds: without a byte in either direction a request has failed.
    /// - Throws: `.unsupported` for an address that names no server.
    package static func open(
        _ request: StorageRequest,
        stallSeconds: Double = 60,
    ) throws(StorageError) -> WebDAVStore {
        let location = try WebDAVLocation(request.bucket)
        var settings = HTTPSettings(options: location.options)
        settings.cancellation = request.cancellation
        settings.stallSeconds = stallSeconds
        settings.firstByteSeconds = stallSeconds
        return WebDAVStore(
            WebDAVConnection(
                location,
                HTTPTransport(settings),
                user: request.accessKey,
                password: request.secretKey
            )
        )
    }
}
