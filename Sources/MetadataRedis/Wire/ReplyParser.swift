// SPDX-License-Identifier: Apache-2.0
// Replies out of bytes, by hiredis' reader. The reader itself bounds nesting (7 levels) and waits for whole
// strings; what it would allocate on a server's word alone, the elements of arrays, and how much may wait for
// the end of a reply are bounded here.

import CHiredis
package import SluiceBase

/// Takes a server's bytes in any pieces and gives its replies one by one.
///
/// Belongs to one thread at a time.
@safe package final class ReplyParser {
    /// Elements of all arrays of one reply.
    package static let maximumElements = 1 << 22
    /// Bytes of one reply, a little more than the longest string that Redis stores.
    package static let maximumBytes = 640 << 20

    // Owned by this object from init to deinit.
    private let reader: UnsafeMutablePointer<redisReader>
    // What is left of `maximumElements`; the reader hands its address to `makeArray`.
    private let elementsLeft: UnsafeMutablePointer<Int>
    private var bytesWaiting = 0

    package init() {
        guard let reader = unsafe redisReaderCreateWithFunctions(replyFunctions) else {
            preconditionFailure("no memory for a reader of some hundred bytes")
        }
        unsafe self.reader = reader
        unsafe elementsLeft = .allocate(capacity: 1)
        unsafe elementsLeft.initialize(to: Self.maximumElements)
        unsafe reader.pointee.privdata = UnsafeMutableRawPointer(elementsLeft)
    }

    deinit {
        unsafe redisReaderFree(reader)
        unsafe elementsLeft.deallocate()
    }

    /// Takes further bytes.
    /// - Throws: `CodecError` when a reply grows too large.
    package func feed(_ bytes: UnsafeRawBufferPointer) throws(CodecError) {
        bytesWaiting += bytes.count
        guard bytesWaiting <= Self.maximumBytes else {
            throw CodecError("Redis reply", "a reply of more than \(Self.maximumBytes) bytes")
        }
        let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        guard unsafe redisReaderFeed(reader, start, bytes.count) == REDIS_OK else { throw damage() }
    }

    /// Takes further bytes.
    /// - Throws: `CodecError` when a reply grows too large.
    package func feed(_ bytes: [UInt8]) throws(CodecError) {
        let result = unsafe bytes.withUnsafeBytes { buffer in
            Result { () throws(CodecError) in unsafe try feed(buffer) }
        }
        try result.get()
    }

    /// The next reply, nil when more bytes are needed.
    /// - Throws: `CodecError` for what is no reply; nothing can be read after that.
    package func next() throws(CodecError) -> RedisReply? {
        var object: UnsafeMutableRawPointer?
        guard unsafe redisReaderGetReply(reader, &object) == REDIS_OK else { throw damage() }
        guard let object = unsafe object else { return nil }
        defer { unsafe freeReplyObject(object) }
        bytesWaiting = 0
        unsafe elementsLeft.pointee = Self.maximumElements
        return unsafe RedisReply(object.assumingMemoryBound(to: redisReply.self))
    }

    private func damage() -> CodecError {
        let text = unsafe withUnsafeBytes(of: &reader.pointee.errstr) { buffer in
            unsafe String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
        }
        return CodecError("Redis reply", text.isEmpty ? "not the Redis protocol" : text)
    }
}

/// How hiredis makes objects of its own, with a bound on arrays.
private nonisolated(unsafe) let replyFunctions: UnsafeMutablePointer<redisReplyObjectFunctions> = {
    let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
    unsafe functions.initialize(to: ownFunctions)
    unsafe functions.pointee.createArray = makeArray
    return unsafe functions
}()

/// The functions that hiredis uses by itself, which it shows only through a reader.
private let ownFunctions: redisReplyObjectFunctions = {
    let reader = unsafe redisReaderCreate()
    defer { unsafe redisReaderFree(reader) }
    guard let functions = unsafe reader?.pointee.fn else {
        preconditionFailure("no memory for a reader of some hundred bytes")
    }
    return unsafe functions.pointee
}()

/// Makes an array when the reply may have that many elements; otherwise the reader stops with an error.
private func makeArray(_ task: UnsafePointer<redisReadTask>?, _ count: Int32) -> UnsafeMutableRawPointer? {
    guard let left = unsafe task?.pointee.privdata?.assumingMemoryBound(to: Int.self),
        unsafe Int(count) <= left.pointee
    else { return nil }
    unsafe left.pointee -= Int(max(count, 0))
    return unsafe ownFunctions.createArray(task, count)
}

extension RedisReply {
    /// Copies what hiredis made; at most as deep as its reader goes.
    fileprivate init(_ object: UnsafePointer<redisReply>) {
        let reply = unsafe object.pointee
        var bytes: [UInt8] {
            unsafe Array(UnsafeRawBufferPointer(start: reply.str, count: reply.str == nil ? 0 : reply.len))
        }
        switch unsafe reply.type {
        case REDIS_REPLY_STATUS: self = .status(String(decoding: bytes, as: UTF8.self))
        case REDIS_REPLY_ERROR: self = .error(RedisFailure(String(decoding: bytes, as: UTF8.self)))
        case REDIS_REPLY_INTEGER: self = .integer(unsafe reply.integer)
        case REDIS_REPLY_STRING: self = .bytes(bytes)
        case REDIS_REPLY_ARRAY:
            var elements: [RedisReply] = []
            elements.reserveCapacity(unsafe reply.elements)
            for index in 0..<(unsafe reply.elements) {
                elements.append(unsafe reply.element[index].map { unsafe RedisReply($0) } ?? .null)
            }
            self = .array(elements)
        default: self = .null
        }
    }
}
