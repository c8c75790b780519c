// SPDX-License-Identifier: Apache-2.0
// What object stores answer, and the addresses and files that lead to them.

import ObjectDrivers
import ObjectStorage
import SluiceBase

/// Documents of stores that speak S3 or WebDAV.
@Sendable func checkStoreAnswers(_ bytes: [UInt8]) throws(BrokenPromise) {
    if let page = accepted({ () throws(CodecError) in try ObjectPage(bytes) }) {
        for object in page.objects { _ = object.key.description }
    }
    if let page = accepted({ () throws(CodecError) in try PartPage(bytes) }) {
        try promise(page.parts.allSatisfy { $0.number > 0 }, "a part without number")
    }
    _ = accepted { () throws(CodecError) in try DeletionPage(bytes) }
    if let page = accepted({ () throws(CodecError) in try PropfindPage(bytes) }),
        let members = accepted({ () throws(CodecError) in try page.members() })
    {
        let names = members.map { $0.path.last ?? [] }
        let isPlain = names.allSatisfy { !$0.isEmpty && !$0.contains(0x2F) && !$0.elementsEqual("..".utf8) }
        try promise(isPlain, "a member whose name leads elsewhere")
    }
    _ = accepted { () throws(CodecError) in try XMLFields(bytes) }
    if let answer = SFTPAnswer(bytes) {
        try promise(answer.message.utf8.count <= 4096, "a message without end")
    }
    _ = (RoleAnswer.parse(json: bytes), RoleAnswer.parse(xml: bytes))
    for status in [301, 403, 404, 503] {
        let failure = S3Failure(HTTPResponse(head: HTTPHead(status: status), body: bytes), now: .epoch)
        _ = failure.error("read", key: "k", address: "s3://b/").description
    }
}

/// Header lines of an answer.
@Sendable func checkHeaders(_ bytes: [UInt8]) throws(BrokenPromise) {
    var head = HTTPHead(status: 200)
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
        head.headers.append(line: line)
    }
    _ = head.contentLength
    if let seconds = head.retryAfterSeconds(now: .epoch) {
        try promise(seconds >= 0 && seconds.isFinite, "a pause of \(seconds) s")
    }
    for field in head.headers.fields {
        try promise(head.headers[field.name] != nil, "a field that cannot be found by its name")
        _ = HTTPDate.parse(field.value)
    }
}

/// A file of keys, and the address of a bucket.
@Sendable func checkStoreAddresses(_ bytes: [UInt8]) throws(BrokenPromise) {
    for (_, settings) in SharedFile(bytes).sections {
        try promise(settings.keys.allSatisfy { $0 == $0.lowercased() }, "a setting with capitals")
    }
    let text = String(decoding: bytes, as: UTF8.self)
    for scheme in ["s3", "minio", "gs", "oss", "scw"] {
        let location = accepted { () throws(StorageError) in
            try S3Location(scheme: scheme, bucket: text) { _ in nil }
        }
        guard let location else { continue }
        try promise(!location.bucket.isEmpty && !location.host.isEmpty, "an address without bucket or host")
    }
    if let location = accepted({ () throws(StorageError) in try WebDAVLocation(text) }) {
        try promise(location.target("k").path.last == UInt8(ascii: "k"), "a key without its folder")
    }
    if let location = accepted({ () throws(StorageError) in try SFTPLocation(text) }) {
        let again = accepted { () throws(StorageError) in try SFTPLocation(location.folderAddress) }
        try promise(again?.folder == location.folder, "the folder of \(text) is not read back")
        try promise(!location.prefix.contains(0x2F) && !location.folder.contains(0), "a prefix with a slash")
    }
    if let target = HTTPTarget(url: text) {
        guard let again = HTTPTarget(url: target.url) else {
            throw BrokenPromise(description: "the address \(target.url) is not read back")
        }
        try promise(again.path == target.path && again.host == target.host, "the address \(text) changes")
    }
}
