// SPDX-License-Identifier: Apache-2.0
// What a Redis server answers, and the names and values that only volumes in Redis have.

import Metadata
import MetadataRedis
import SluiceBase

/// A server's bytes, whole and one by one.
@Sendable func checkReplies(_ bytes: [UInt8]) throws(BrokenPromise) {
    let whole = replies(bytes, piece: max(1, bytes.count))
    let single = replies(bytes, piece: 1)
    try promise(
        whole.isPrefix(of: single) || single.isPrefix(of: whole),
        "replies depend on how they are cut"
    )
    try promise(whole.count == single.count, "\(whole.count) replies at once, \(single.count) byte by byte")
}

/// The replies before the first that is none.
private func replies(_ bytes: [UInt8], piece: Int) -> [RedisReply] {
    let parser = ReplyParser()
    var found: [RedisReply] = []
    for start in stride(from: 0, to: bytes.count, by: piece) {
        let part = Array(bytes[start..<min(start + piece, bytes.count)])
        guard accepted({ () throws(CodecError) in try parser.feed(part) }) != nil else { return found }
        while case .some(.some(let reply)) = accepted({ () throws(CodecError) in try parser.next() }) {
            found.append(reply)
        }
    }
    return found
}

extension [RedisReply] {
    fileprivate func isPrefix(of other: [RedisReply]) -> Bool {
        other.starts(with: self)
    }
}

/// Entries, fields, members and keys: each reader gets the same bytes.
@Sendable func checkRedisRecords(_ bytes: [UInt8]) throws(BrokenPromise) {
    if let entry = accepted({ () throws(CodecError) in try EntryValue.decode(bytes) }) {
        try promise(EntryValue.encode(entry) == bytes, "an entry is written differently from how it was read")
    }
    if let slice = accepted({ () throws(CodecError) in try ReferenceField.decode(bytes) }) {
        let field = ReferenceField.encode(slice.id, size: slice.size)
        let again = try certain("a reference's field") { () throws(CodecError) in
            try ReferenceField.decode(field)
        }
        try promise(again == slice, "a reference's field changes when it is written and read again")
    }
    if let (id, deleted) = accepted({ () throws(CodecError) in try DelayedField.decode(bytes) }) {
        let field = DelayedField.encode(DelayedSlices(id: id, deleted: deleted, encodedSlices: []))
        let again = try certain("delayed slices") { () throws(CodecError) in try DelayedField.decode(field) }
        try promise(again == (id, deleted), "delayed slices change when they are written and read again")
    }
    if let (inode, length) = accepted({ () throws(CodecError) in try DeletedFileMember.decode(bytes) }) {
        let member = DeletedFileMember.encode(DeletedFile(inode: inode, length: length, deleted: 0))
        let again = try certain("a deleted file") { () throws(CodecError) in
            try DeletedFileMember.decode(member)
        }
        try promise(again == (inode, length), "a deleted file changes when it is written and read again")
    }
    if let (session, owner) = accepted({ () throws(CodecError) in try LockField.decode(bytes) }) {
        let field = LockField.encode(session: session, owner: owner)
        let again = try certain("a lock") { () throws(CodecError) in try LockField.decode(field) }
        try promise(again == (session, owner), "a lock changes when it is written and read again")
    }
    _ = accepted { () throws(CodecError) in try KeySuffix.inode(bytes) }
    _ = accepted { () throws(CodecError) in try KeySuffix.chunk(bytes) }
}
