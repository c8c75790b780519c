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

/// The part of a body that was asked for: a store may answer to a range with the whole object.
struct BodyWindow {
    private let range: ByteRange
    private var isOpen = false
    /// Bytes of the body before the wanted ones.
    private var skip: UInt64 = 0
    private var room: UInt64
    private var checksum: Crc32c?
    private(set) var delivered: UInt64 = 0
    private(set) var tag: String?

    init(_ range: ByteRange) {
        self.range = range
        room = range.length ?? .max
    }

    /// Looks at the answer's head, once; false when its body is another range.
    mutating func open(_ head: HTTPHead) -> Bool {
        guard !isOpen else { return true }
        isOpen = true
        tag = head.headers["etag"].map(S3Store.tag)
        if range.isWhole { checksum = Crc32c() }
        let said = head.headers["content-range"]
        // Compatibility: rclone 1.75 sends a range with status 200. Only the header tells what it is.
        guard said != nil || head.status == 206 else {
            skip = range.offset
            return true
        }
        return said.flatMap(Self.start) == range.offset
    }

    /// Hands on what belongs to the range.
    mutating func pass(_ run: UnsafeRawBufferPointer, to sink: ByteSink) throws {
        let skipped = Int(clamping: min(skip, UInt64(run.count)))
        skip -= UInt64(skipped)
        let count = Int(clamping: min(room, UInt64(run.count - skipped)))
        guard count > 0 else { return }
        let wanted = unsafe UnsafeRawBufferPointer(rebasing: run[skipped..<skipped + count])
        try unsafe sink(wanted)
        unsafe checksum?.update(wanted)
        room -= UInt64(count)
        delivered += UInt64(count)
    }

    /// Whether a whole object has the checksum that its metadata holds; true when that cannot be said.
    func hasChecksum(_ marked: UInt32?) -> Bool {
        guard let checksum, let marked else { return true }
        return checksum.value == marked
    }

    /// The first byte's number in `bytes 7-12/100`.
    private static func start(_ text: String) -> UInt64? {
        let words = text.split(separator: " ")
        guard words.count == 2, words[0] == "bytes" else { return nil }
        return UInt64(words[1].prefix { $0 != "-" })
    }
}

extension HTTPHead {
    /// Decimal CRC-32C of the body in the user metadata `crc32c`, of JuiceFS 1.4.2.
    fileprivate var markedChecksum: UInt32? {
        headers["x-amz-meta-crc32c"].flatMap { UInt32($0) }
    }
}

extension ByteRange {
    /// `bytes=A-B`, `bytes=A-`.
    fileprivate var header: String {
        guard let length else { return "bytes=\(offset)-" }
        let (end, overflow) = offset.addingReportingOverflow(length - 1)
        return overflow ? "bytes=\(offset)-" : "bytes=\(offset)-\(end)"
    }
}
