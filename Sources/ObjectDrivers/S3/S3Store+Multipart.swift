// SPDX-License-Identifier: Apache-2.0

package import ObjectStorage
import SluiceBase
import Synchronization

extension S3Store {
    package func startMultipart(
        _ key: ObjectKey,
        options: PutOptions,
    ) throws(StorageError) -> any MultipartUpload {
        try check(key, "start an upload of")
        var call = S3Connection.Call(.post, key, query: [HTTPParameter("uploads")])
        call.headers = objectHeaders(key, options)
        if dialect.checksum == .crc32c {
            call.headers["x-amz-checksum-algorithm"] = "CRC32C"
        }
        call.body = ArraySource([])
        let response = try connection.send(call, "start an upload of")
        guard let identifier = (try? XMLFields(response.body))?["UploadId"], !identifier.isEmpty else {
            let reason = "the store gave no upload id"
            throw StorageError(.unreachable, "start an upload of", key: key, address: address, reason: reason)
        }
        return S3Upload(self, key, identifier, [:], wantsProof: options.wantsChecksum)
    }

    /// Goes on with an upload that was begun before: the parts that the store has are not sent again.
    /// - Throws: `.notFound` when it is gone.
    package func continueMultipart(
        _ key: ObjectKey,
        identifier: String,
    ) throws(StorageError) -> any MultipartUpload {
        var parts: [Int: S3Upload.Part] = [:]
        var marker = 0
        while true {
            var query = [HTTPParameter("uploadId", identifier)]
            if marker > 0 { query.append(HTTPParameter("part-number-marker", String(marker))) }
            let response = try connection.send(
                S3Connection.Call(.get, key, query: query),
                "list the parts of"
            )
            let page: PartPage
            do throws(CodecError) {
                page = try PartPage(response.body)
            } catch {
                throw StorageError(
                    .failed,
                    "list the parts of",
                    key: key,
                    address: address,
                    reason: "\(error)"
                )
            }
            for part in page.parts { parts[part.number] = S3Upload.Part(part) }
            guard page.isTruncated, let last = page.parts.last?.number, last > marker else { break }
            marker = last
        }
        return S3Upload(self, key, identifier, parts, wantsProof: true)
    }

    /// Ids of uploads that were begun and neither completed nor aborted, with their keys; the first 1000.
    package func unfinishedUploads(prefix: ObjectKey) throws(StorageError) -> [(key: ObjectKey, id: String)] {
        let query = [
            HTTPParameter("uploads"), HTTPParameter("encoding-type", "url"),
            HTTPParameter("prefix", bytes: prefix.bytes),
        ]
        let response = try connection.send(S3Connection.Call(.get, nil, query: query), "list the uploads of")
        do throws(CodecError) {
            return try UploadPage(response.body).uploads.filter { $0.key.hasPrefix(prefix) }
        } catch {
            throw StorageError(.failed, "list the uploads of", address: address, reason: "\(error)")
        }
    }

    /// Copies an object that is larger than one request may copy.
    func copyInParts(_ info: ObjectInfo, to destination: ObjectKey) throws(StorageError) {
        let upload = try startMultipart(destination, options: PutOptions(storageClass: info.storageClass))
        guard let upload = upload as? S3Upload else { return }
        do throws(StorageError) {
            let size = max(512 << 20, info.size / UInt64(dialect.maximumPartCount) + 1)
            var offset: UInt64 = 0
            var number = 1
            while offset < info.size {
                let end = min(offset + size, info.size)
                try upload.copyPart(number, from: info, offset..<end)
                offset = end
                number += 1
            }
            _ = try upload.complete()
        } catch {
            // The failure of the copy is the one to report.
            do throws(StorageError) { try upload.abort() } catch {}
            throw error
        }
    }
}

/// An upload of one object in parts.
final class S3Upload: MultipartUpload {
    struct Part: Hashable, Sendable {
        var tag: String
        var size: UInt64
        /// In base64, as it was sent.
        var checksum: String?
        /// CRC-32C, nil where the store did not prove it.
        var proven: UInt32?
    }

    private let store: S3Store
    private let key: ObjectKey
    let identifier: String
    private let parts: Mutex<[Int: Part]>
    private let wantsProof: Bool

    init(
        _ store: S3Store,
        _ key: ObjectKey,
        _ identifier: String,
        _ parts: [Int: Part],
        wantsProof: Bool,
    ) {
        self.store = store
        self.key = key
        self.identifier = identifier
        self.parts = Mutex(parts)
        self.wantsProof = wantsProof
    }

    /// Parts that the store has, by number, with their sizes.
    var sizes: [Int: UInt64] { parts.withLock { $0.mapValues(\.size) } }

    private func query(_ number: Int? = nil) -> [HTTPParameter] {
        let part = number.map { [HTTPParameter("partNumber", String($0))] } ?? []
        return part + [HTTPParameter("uploadId", identifier)]
    }

    func putPart(_ number: Int, from source: any ByteSource) throws(StorageError) -> PutReceipt {
        var receipt: PutReceipt?
        do {
            let isLent = try unsafe source.lend { receipt = try unsafe putPart(number, $0) }
            if !isLent {
                let bytes = try source.collect(
                    limit: S3Store.singleLimit,
                    "store a part of",
                    key: key,
                    address: store.address
                )
                receipt = try unsafe bytes.withUnsafeBytes { try unsafe putPart(number, $0) }
            }
        } catch {
            throw StorageError(endedBy: error, "store a part of", key: key, address: store.address)
        }
        return receipt ?? PutReceipt(size: 0)
    }

    private func putPart(_ number: Int, _ bytes: UnsafeRawBufferPointer) throws(StorageError) -> PutReceipt {
        let call = S3Connection.Call(.put, key, query: query(number))
        let crc32c = unsafe Crc32c.checksum(bytes)
        let (response, verdict) = try unsafe store.send(
            call,
            bytes,
            crc32c,
            "store a part of",
            wantsProof: wantsProof
        )
        guard verdict != .different else { throw store.changedOnTheWay(key) }
        guard let tag = response.head.headers["etag"].map(HTTPHead.tag) else {
            let reason = "the store gave no tag for part \(number)"
            throw StorageError(.failed, "store a part of", key: key, address: store.address, reason: reason)
        }
        let proven = verdict == .proven ? crc32c : nil
        let part = Part(
            tag: tag,
            size: UInt64(bytes.count),
            checksum: ChecksumProofs.base64(crc32c),
            proven: proven
        )
        parts.withLock { $0[number] = part }
        return PutReceipt(size: UInt64(bytes.count), tag: tag, crc32c: proven)
    }

    func copyPart(_ number: Int, from info: ObjectInfo, _ range: Range<UInt64>) throws(StorageError) {
        var call = S3Connection.Call(.put, key, query: query(number))
        call.headers["x-amz-copy-source"] = store.copySource(info.key)
        call.headers["x-amz-copy-source-range"] = "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
        if let tag = info.tag { call.headers["x-amz-copy-source-if-match"] = "\"\(tag)\"" }
        let response = try store.connection.send(call, "copy")
        try store.requireNoError(in: response, "copy", info.key)
        guard let tag = (try? XMLFields(response.body))?["ETag"] else {
            throw StorageError(.failed, "copy", key: info.key, address: store.address, reason: "no tag came")
        }
        let size = range.upperBound - range.lowerBound
        parts.withLock { $0[number] = Part(tag: HTTPHead.tag(tag), size: size) }
    }

    func complete() throws(StorageError) -> PutReceipt {
        let parts = parts.withLock { $0 }.sorted { $0.key < $1.key }
        var text = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        for (number, part) in parts {
            let tag = XMLText.escaped(Array(part.tag.utf8))
            text += "<Part><PartNumber>\(number)</PartNumber><ETag>\"\(tag)\"</ETag>"
            if store.dialect.checksum == .crc32c, let checksum = part.checksum {
                text += "<ChecksumCRC32C>\(XMLText.escaped(Array(checksum.utf8)))</ChecksumCRC32C>"
            }
            text += "</Part>"
        }
        text += "</CompleteMultipartUpload>"
        var call = S3Connection.Call(.post, key, query: query())
        call.headers["content-type"] = "application/xml"
        call.body = ArraySource(Array(text.utf8))
        let size = parts.reduce(0) { $0 + $1.value.size }
        do throws(StorageError) {
            let response = try store.connection.send(call, "complete the upload of")
            try store.requireNoError(in: response, "complete the upload of", key)
            let tag = (try? XMLFields(response.body))?["ETag"].map(HTTPHead.tag)
            return PutReceipt(size: size, tag: tag ?? nil, crc32c: wholeChecksum(parts.map(\.value)))
        } catch {
            // The answer to an earlier try may have been lost: then the object is there, and the upload gone.
            guard error.code == .notFound, let info = try? store.head(key), info.size == size,
                let tag = info.tag, tag == wholeTag(parts.map(\.value))
            else { throw error }
            return PutReceipt(size: size, tag: tag, crc32c: wholeChecksum(parts.map(\.value)))
        }
    }

    /// The checksum of all parts together, nil when one of them is not proven.
    private func wholeChecksum(_ parts: [Part]) -> UInt32? {
        var whole: UInt32 = 0
        for part in parts {
            guard let crc32c = part.proven else { return nil }
            whole = Crc32c.combined(whole, crc32c, secondLength: part.size)
        }
        return whole
    }

    /// MD5 over the MD5s of the parts, with their number, where the parts' tags are MD5s.
    private func wholeTag(_ parts: [Part]) -> String? {
        var digests: [UInt8] = []
        for part in parts {
            guard let digest = try? Hex.decode(part.tag), digest.count == 16 else { return nil }
            digests += digest
        }
        return "\(Hex.encode(Digest.md5(digests)))-\(parts.count)"
    }

    func abort() throws(StorageError) {
        do throws(StorageError) {
            _ = try store.connection.send(
                S3Connection.Call(.delete, key, query: query()),
                "abort the upload of"
            )
        } catch {
            guard error.code != .notFound else { return }
            throw error
        }
    }
}

extension S3Upload.Part {
    /// A part that the store listed.
    fileprivate init(_ listed: PartPage.Part) {
        self.init(tag: listed.tag, size: listed.size, checksum: listed.checksum)
    }
}
