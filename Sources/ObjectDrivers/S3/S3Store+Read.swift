// SPDX-License-Identifier: Apache-2.0

package import ObjectStorage
import SluiceBase

extension S3Store {
    package func read(_ key: ObjectKey, range: ByteRange, into sink: ByteSink) throws(StorageError) -> UInt64
    {
        guard range.length != 0 else {
            _ = try head(key)
            return 0
        }
        do throws(StorageError) {
            try check(key, "read")
        } catch {
            throw StorageError(.notFound, "read", key: key, address: address, reason: error.reason)
        }
        var call = S3Connection.Call(.get, key)
        if !range.isWhole { call.headers["range"] = range.header }
        if let tag = range.tag { call.headers["if-match"] = "\"\(tag)\"" }
        var window = BodyWindow(range)
        let response: HTTPResponse
        do throws(StorageError) {
            // The request does not keep the sink beyond this call.
            response = try unsafe withoutActuallyEscaping(sink) { sink throws(StorageError) in
                try unsafe connection.send(call, "read") { head, run in
                    try self.open(&window, head, key)
                    try unsafe window.pass(run, to: sink)
                }
            }
        } catch {
            // Past the end of the object nothing is delivered.
            if error.storeCode == "InvalidRange" { return 0 }
            var error = error
            error.tag = window.tag
            throw error
        }
        try open(&window, response.head, key)
        guard window.hasChecksum(marksChecksums ? response.head.markedChecksum : nil) else {
            let reason = "the checksum is not the one that was stored with the object"
            throw StorageError(.corrupt, "read", key: key, address: address, reason: reason)
        }
        return window.delivered
    }

    private func open(_ window: inout BodyWindow, _ head: HTTPHead, _ key: ObjectKey) throws(StorageError) {
        guard window.open(head) else {
            let reason = "the store sent another range than the one asked for"
            throw StorageError(.corrupt, "read", key: key, address: address, reason: reason)
        }
    }
}

extension HTTPHead {
    /// Decimal CRC-32C of the body in the user metadata `crc32c`, of JuiceFS 1.4.2.
    fileprivate var markedChecksum: UInt32? {
        headers["x-amz-meta-crc32c"].flatMap { UInt32($0) }
    }
}
