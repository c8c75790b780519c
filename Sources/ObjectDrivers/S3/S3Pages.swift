// SPDX-License-Identifier: Apache-2.0
// Listings as S3 writes them. Keys are percent-encoded, because XML 1.0 cannot hold every character, and are
// decoded exactly once, if the answer says that they are.

package import ObjectStorage
package import SluiceBase

/// One page of a listing of objects, version 1 or 2.
package struct ObjectPage: Hashable, Sendable {
    package var objects: [ObjectInfo] = []
    package var isTruncated = false
    package var token: String?
    package var nextMarker: ObjectKey?

    /// - Throws: `CodecError` for what is no listing.
    package init(_ document: [UInt8]) throws(CodecError) {
        var walk = try RecordWalk(
            document,
            roots: ["ListBucketResult"],
            records: ["Contents", "CommonPrefixes"]
        )
        while let record = try walk.next() {
            if record.name == "CommonPrefixes" {
                let key = ObjectKey(try walk.key(record, "Prefix"))
                objects.append(ObjectInfo(key: key, size: 0, modified: .epoch, kind: .commonPrefix))
            } else {
                objects.append(try Self.object(record, walk))
            }
        }
        isTruncated = walk.fields["IsTruncated"] == Array("true".utf8)
        token = walk.fields["NextContinuationToken"].map { String(decoding: $0, as: UTF8.self) }
        if walk.fields["NextMarker"] != nil {
            nextMarker = ObjectKey(try walk.decoded(walk.fields["NextMarker"] ?? []))
        }
    }

    private static func object(
        _ record: RecordWalk.Record,
        _ walk: RecordWalk,
    ) throws(CodecError) -> ObjectInfo {
        let key = ObjectKey(try walk.key(record, "Key"))
        guard let size = record.text("Size").flatMap({ UInt64($0) }) else {
            throw CodecError("listing", "\(key) has no size")
        }
        var modified = Timestamp.epoch
        if let text = record.text("LastModified") {
            // Whole seconds, as HEAD answers: one object must not have two times.
            modified = Timestamp(seconds: try Timestamp(rfc3339: text).seconds)
        }
        return ObjectInfo(
            key: key,
            size: size,
            modified: modified,
            kind: key.hasSuffix(UInt8(ascii: "/")) && size == 0 ? .directory : .object,
            tag: record.text("ETag").map(HTTPHead.tag),
            storageClass: record.text("StorageClass")
        )
    }
}

/// One page of the parts of an upload.
package struct PartPage: Hashable, Sendable {
    package struct Part: Hashable, Sendable {
        package var number: Int
        package var tag: String
        package var size: UInt64
        /// CRC-32C in base64, where the store keeps it.
        package var checksum: String?
    }

    package var parts: [Part] = []
    package var isTruncated = false

    package init(_ document: [UInt8]) throws(CodecError) {
        var walk = try RecordWalk(
            document,
            roots: ["ListPartsResult", "ListPartsResponse"],
            records: ["Part"]
        )
        while let record = try walk.next() {
            guard let number = record.text("PartNumber").flatMap({ Int($0) }), number > 0,
                let size = record.text("Size").flatMap({ UInt64($0) }), let tag = record.text("ETag")
            else { throw CodecError("list of parts", "a part without number, size or tag") }
            let checksum = record.text("ChecksumCRC32C")
            parts.append(Part(number: number, tag: HTTPHead.tag(tag), size: size, checksum: checksum))
        }
        isTruncated = walk.fields["IsTruncated"] == Array("true".utf8)
    }
}

/// One page of uploads that are under way.
struct UploadPage {
    var uploads: [(key: ObjectKey, id: String)] = []

    init(_ document: [UInt8]) throws(CodecError) {
        var walk = try RecordWalk(document, roots: ["ListMultipartUploadsResult"], records: ["Upload"])
        while let record = try walk.next() {
            guard let id = record.text("UploadId") else { throw CodecError("list of uploads", "no id") }
            uploads.append((ObjectKey(try walk.key(record, "Key")), id))
        }
    }
}

/// What could not be deleted of a batch.
package struct DeletionPage: Hashable, Sendable {
    package struct Failure: Hashable, Sendable {
        package var key: ObjectKey
        package var code: String
        package var message: String
    }

    package var failures: [Failure] = []

    package init(_ document: [UInt8]) throws(CodecError) {
        var walk = try RecordWalk(document, roots: ["DeleteResult"], records: ["Error"])
        while let record = try walk.next() {
            failures.append(
                Failure(
                    key: ObjectKey(record.fields["Key"] ?? []),
                    code: record.text("Code") ?? "",
                    message: record.text("Message") ?? ""
                )
            )
        }
    }
}

/// Walks over the records of a document: elements below its root, with texts below them.
struct RecordWalk {
    struct Record {
        var name: String
        var fields: [String: [UInt8]] = [:]

        func text(_ name: String) -> String? {
            fields[name].map { String(decoding: $0, as: UTF8.self) }
        }
    }

    private let reader: XMLReader
    private let records: Set<String>
    /// Texts directly below the root, as far as they were read.
    private(set) var fields: [String: [UInt8]] = [:]
    private var isEncoded: Bool?

    init(_ document: [UInt8], roots: Set<String>, records: Set<String>) throws(CodecError) {
        reader = try XMLReader(document)
        self.records = records
        guard case .start(let root)? = try reader.next(), roots.contains(root) else {
            throw CodecError("XML", "this is no \(roots.sorted().joined(separator: " or "))")
        }
        // The encoding may be said behind the keys that it holds for.
        isEncoded = document.contains("<EncodingType>url</EncodingType>")
    }

    /// The next record, nil at the end.
    mutating func next() throws(CodecError) -> Record? {
        var path: [String] = []
        var record: Record?
        var text: [UInt8] = []
        while let event = try reader.next() {
            switch event {
            case .start(let name):
                if path.isEmpty, records.contains(name) { record = Record(name: name) }
                path.append(name)
                guard path.count <= 8 else { throw CodecError("XML", "too deep") }
                text = []
            case .text(let run): text += run
            case .end(let name):
                guard path.popLast() != nil else { return nil }
                if path.isEmpty, let record { return record }
                if path.isEmpty { fields[name] = text }
                if path.count == 1, record != nil { record?.fields[name] = text }
                text = []
            }
        }
        return nil
    }

    /// A key of a record, decoded.
    func key(_ record: Record, _ name: String) throws(CodecError) -> [UInt8] {
        guard let key = record.fields[name] else { throw CodecError("listing", "an entry without key") }
        return try decoded(key)
    }

    func decoded(_ key: [UInt8]) throws(CodecError) -> [UInt8] {
        isEncoded == true ? try PercentEncoding.decode(key, plusIsSpace: true) : key
    }
}

extension [UInt8] {
    fileprivate func contains(_ text: String) -> Bool {
        let wanted = Array(text.utf8)
        return firstRange(of: wanted) != nil
    }
}
