// SPDX-License-Identifier: Apache-2.0
// Writing. A checksum goes ahead of the body, so a body is in memory before it is sent: lent by its source,
// or collected when it is small. Larger ones go in parts (ObjectStore.putInParts).

package import ObjectStorage
import SluiceBase

extension S3Store {
    package func put(
        _ key: ObjectKey,
        from source: any ByteSource,
        options: PutOptions,
    ) throws(StorageError) -> PutReceipt {
        try check(key, "store")
        if let parts = limits.multipart, source.length > parts.wholeLimit {
            return try putInParts(key, from: source, options: options, parts)
        }
        var receipt: PutReceipt?
        do {
            let isLent = try unsafe source.lend { bytes in
                guard UInt64(bytes.count) == source.length else {
                    throw StorageError(
                        .corrupt,
                        "store",
                        key: key,
                        address: address,
                        reason: "the source has other bytes than the \(source.length) announced"
                    )
                }
                receipt = try unsafe put(key, bytes, options)
            }
            if !isLent {
                let bytes = try source.collect(
                    limit: limits.multipart?.wholeLimit ?? .max,
                    "store",
                    key: key,
                    address: address
                )
                receipt = try unsafe bytes.withUnsafeBytes { try unsafe put(key, $0, options) }
            }
        } catch {
            throw StorageError(endedBy: error, "store", key: key, address: address)
        }
        guard let receipt else {
            throw StorageError(
                .failed,
                "store",
                key: key,
                address: address,
                reason: "the source lent nothing"
            )
        }
        return receipt
    }

    private func put(
        _ key: ObjectKey,
        _ bytes: UnsafeRawBufferPointer,
        _ options: PutOptions,
    ) throws(StorageError) -> PutReceipt {
        var call = S3Connection.Call(.put, key)
        call.headers = objectHeaders(key, options)
        let crc32c = unsafe Crc32c.checksum(bytes)
        if marksChecksums { call.headers["x-amz-meta-crc32c"] = String(crc32c) }
        let (response, verdict) = try unsafe send(
            call,
            bytes,
            crc32c,
            "store",
            wantsProof: options.wantsChecksum
        )
        guard verdict != .different else { throw changedOnTheWay(key) }
        return PutReceipt(
            size: UInt64(bytes.count),
            tag: response.head.headers["etag"].map(HTTPHead.tag),
            crc32c: verdict == .proven ? crc32c : nil
        )
    }

    /// Sends a body with its checksums and compares the answer.
    func send(
        _ call: S3Connection.Call,
        _ bytes: UnsafeRawBufferPointer,
        _ crc32c: UInt32,
        _ operation: String,
        wantsProof: Bool,
    ) throws(StorageError) -> (HTTPResponse, ChecksumProofs.Verdict) {
        var call = call
        call.body = unsafe LentBytes(bytes)
        if dialect.checksum == .crc32c {
            call.headers["x-amz-sdk-checksum-algorithm"] = "CRC32C"
            call.headers["x-amz-checksum-crc32c"] = ChecksumProofs.base64(crc32c)
        }
        var md5: [UInt8]?
        if wantsProof, proofs.wantsMD5 {
            let stream = MD5Stream()
            unsafe stream.update(bytes)
            let digest = stream.digest()
            md5 = digest
            call.headers["content-md5"] = Base64.encode(digest)
        }
        let response = try connection.send(call, operation)
        return (response, proofs.judge(response.head.headers, crc32c: crc32c, md5: md5))
    }

    func changedOnTheWay(_ key: ObjectKey) -> StorageError {
        StorageError(
            .corrupt,
            "store",
            key: key,
            address: address,
            reason: "the store answers with another checksum than that of what was sent",
            isTransient: true
        )
    }

    /// What a new object is to have besides its bytes.
    func objectHeaders(_ key: ObjectKey, _ options: PutOptions) -> HTTPHeaders {
        var headers = HTTPHeaders()
        headers["content-type"] = options.contentType ?? ContentType.of(key)
        headers["x-amz-storage-class"] = options.storageClass
        if let tag = options.tag, let equals = tag.firstIndex(of: "=") {
            // As forms are encoded (data-format §1.6): a blank becomes +.
            let parts = [tag[..<equals], tag[tag.index(after: equals)...]].map { part in
                part.split(separator: " ", omittingEmptySubsequences: false)
                    .map { PercentEncoding.encode($0.utf8) }.joined(separator: "+")
            }
            headers["x-amz-tagging"] = parts.joined(separator: "=")
        }
        for (name, value) in options.userMetadata.sorted(by: { $0.key < $1.key }) {
            headers["x-amz-meta-\(name)"] = value
        }
        if let time = options.modified {
            // Seconds with a fraction, as rclone writes and reads them.
            let fraction = String(1_000_000_000 + UInt64(time.nanoseconds)).dropFirst()
            headers["x-amz-meta-mtime"] = "\(time.seconds).\(fraction)"
        }
        for (option, header) in Self.encryptionHeaders {
            headers[header] = connection.location.options[option]
        }
        return headers
    }

    /// Options of an address that ask for encryption by the store.
    private static let encryptionHeaders = [
        ("sse", "x-amz-server-side-encryption"),
        ("sse-kms-key-id", "x-amz-server-side-encryption-aws-kms-key-id"),
    ]

    // MARK: Copies

    package func copy(from source: ObjectKey, to destination: ObjectKey) throws(StorageError) {
        try check(source, "copy")
        try check(destination, "copy to")
        var call = S3Connection.Call(.put, destination)
        call.headers["x-amz-copy-source"] = copySource(source)
        do throws(StorageError) {
            let response = try connection.send(call, "copy")
            try requireNoError(in: response, "copy", source)
        } catch {
            // Larger than one copy takes; what that is called differs.
            let mayBeLarge = error.code == .tooLarge || error.storeCode == "InvalidRequest"
            guard mayBeLarge, dialect.copiesParts else { throw error.about(source) }
            let info = try head(source)
            guard info.size > Self.singleLimit else { throw error.about(source) }
            try copyInParts(info, to: destination)
        }
    }

    func copySource(_ key: ObjectKey) -> String {
        "/\(connection.location.bucket)/\(PercentEncoding.encode(key.bytes, keepsSlash: true))"
    }

    /// Some requests are answered with success before they are done, and then with an error in the body.
    func requireNoError(
        in response: HTTPResponse,
        _ operation: String,
        _ key: ObjectKey,
    ) throws(StorageError) {
        guard let fields = try? XMLFields(response.body) else {
            let reason = "the store's answer is not XML"
            throw StorageError(.unreachable, operation, key: key, address: address, reason: reason)
        }
        guard fields.root == "Error" else { return }
        let failure = S3Failure(
            HTTPResponse(head: HTTPHead(status: 500), body: response.body),
            now: .epoch
        )
        throw failure.error(operation, key: key, address: address)
    }
}

extension StorageError {
    /// The same error with the object that it is really about.
    fileprivate func about(_ key: ObjectKey) -> StorageError {
        var error = self
        error.key = key
        return error
    }
}
