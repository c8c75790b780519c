// SPDX-License-Identifier: Apache-2.0

package import ObjectStorage
package import SluiceBase

/// A folder on a server: `[http[s]://]HOST[:PORT][/PATH/][?options]` (data-format §2.1).
package struct WebDAVLocation: Hashable, Sendable {
    /// With the path of the folder, which ends in `/`.
    private let folder: HTTPTarget
    /// Options of the address: those of TLS.
    package let options: [String: String]

    /// - Throws: `.unsupported` for a text that names no server.
    package init(_ bucket: String) throws(StorageError) {
        let url = bucket.contains("://") ? bucket : "http://" + bucket
        guard var target = HTTPTarget(url: url) else {
            let hint = url.contains("@") ? "; user and password are given as access key and secret key" : ""
            throw StorageError(
                .unsupported,
                "open",
                address: redactedAddress(url),
                reason: "it is not http[s]://HOST[:PORT]/FOLDER/\(hint)"
            )
        }
        options = Dictionary(
            target.query.map { ($0.name, String(decoding: $0.value, as: UTF8.self)) }
        ) { $1 }
        target.query = []
        if target.path.last != UInt8(ascii: "/") { target.path.append(UInt8(ascii: "/")) }
        folder = target
    }

    /// For people: `webdav://host:8080/folder/`.
    package var address: String {
        let scheme = folder.isSecure ? "webdavs" : "webdav"
        return "\(scheme)://\(folder.authority)\(ByteString(folder.path))"
    }

    /// Where a request for a key goes; an empty key is the folder itself.
    package func target(_ key: ByteString) -> HTTPTarget {
        var target = folder
        target.path += key.bytes
        return target
    }

    /// The folder and those above it, the outermost first, without the server's root.
    var ancestors: [HTTPTarget] {
        folder.path.indices.dropFirst().filter { folder.path[$0] == UInt8(ascii: "/") }.map { end in
            var target = folder
            target.path = Array(folder.path[...end])
            return target
        }
    }
}
