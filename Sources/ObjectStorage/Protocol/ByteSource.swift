// SPDX-License-Identifier: Apache-2.0
// Bodies are pulled by the store, so that a slow store slows its source down.

/// Bytes that are to be stored.
package protocol ByteSource: AnyObject {
    /// Bytes in all.
    var length: UInt64 { get }

    /// Starts again at the first byte.
    func rewind() throws

    /// Fills the front of `buffer`; 0 means the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int

    /// Lends the next run of bytes where they lie in memory anyway, so that a store need not copy them.
    /// - Returns: the length of the run, 0 at the end; nil when the source does not lend runs.
    func lendRun(to body: (UnsafeRawBufferPointer) throws -> Void) throws -> Int?

    /// Lends all bytes at once where they lie in memory anyway, so that a store need not copy them.
    /// - Returns: false when they do not; then `body` was not called.
    func lend(to body: (UnsafeRawBufferPointer) throws -> Void) rethrows -> Bool
}

extension ByteSource {
    package func lendRun(to body: (UnsafeRawBufferPointer) throws -> Void) throws -> Int? { nil }

    package func lend(to body: (UnsafeRawBufferPointer) throws -> Void) rethrows -> Bool { false }
}

/// Bytes in memory.
package final class ArraySource: ByteSource {
    private let bytes: [UInt8]
    private var position = 0

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package var length: UInt64 { UInt64(bytes.count) }

    package func rewind() {
        position = 0
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, bytes.count - position)
        guard count > 0 else { return 0 }
        unsafe buffer.copyBytes(from: bytes[position..<position + count])
        position += count
        return count
    }
}

/// Bytes that somebody else owns and keeps in place as long as this is used.
@safe package final class LentBytes: ByteSource {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    package init(_ bytes: UnsafeRawBufferPointer) {
        unsafe self.bytes = unsafe bytes
    }

    package var length: UInt64 { unsafe UInt64(bytes.count) }

    package func rewind() {
        position = 0
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = unsafe min(buffer.count, bytes.count - position)
        guard count > 0 else { return 0 }
        unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[position..<position + count]))
        position += count
        return count
    }

    package func lend(to body: (UnsafeRawBufferPointer) throws -> Void) rethrows -> Bool {
        try unsafe body(bytes)
        return true
    }
}

/// One multipart upload: parts may be sent from several threads.
package protocol MultipartUpload: AnyObject, Sendable {
    /// Names the upload, so that it can be continued or aborted later.
    var identifier: String { get }

    /// Sends part `number`, from 1.
    func putPart(_ number: Int, from source: any ByteSource) throws(StorageError) -> PutReceipt

    /// Joins the parts in the order of their numbers.
    func complete() throws(StorageError) -> PutReceipt

    /// Drops the parts; an upload that is gone is success.
    func abort() throws(StorageError)
}
