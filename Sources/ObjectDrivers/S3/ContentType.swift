// SPDX-License-Identifier: Apache-2.0

import ObjectStorage
import SluiceBase

/// The Content-Type of objects whose writer names none, by the end of their keys.
enum ContentType {
    private static let known: [String: String] = [
        "avif": "image/avif", "css": "text/css; charset=utf-8", "csv": "text/csv; charset=utf-8",
        "gif": "image/gif", "gz": "application/gzip", "htm": "text/html; charset=utf-8",
        "html": "text/html; charset=utf-8", "jpeg": "image/jpeg", "jpg": "image/jpeg",
        "js": "text/javascript; charset=utf-8", "json": "application/json", "mjs": "text/javascript",
        "mp4": "video/mp4", "parquet": "application/vnd.apache.parquet", "pdf": "application/pdf",
        "png": "image/png", "svg": "image/svg+xml", "tar": "application/x-tar",
        "txt": "text/plain; charset=utf-8", "wasm": "application/wasm", "webp": "image/webp",
        "xml": "text/xml; charset=utf-8", "zip": "application/zip",
    ]

    static func of(_ key: ObjectKey) -> String {
        let name = key.bytes[(key.bytes.lastIndex(of: UInt8(ascii: "/")) ?? -1).advanced(by: 1)...]
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return "application/octet-stream" }
        let suffix = String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased()
        return known[suffix] ?? "application/octet-stream"
    }
}
