// SPDX-License-Identifier: Apache-2.0

import ObjectStorage
import SluiceBase

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
        tag = head.headers["etag"].map(HTTPHead.tag)
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

extension ByteRange {
    /// `bytes=A-B`, `bytes=A-`.
    var header: String {
        guard let length else { return "bytes=\(offset)-" }
        let (end, overflow) = offset.addingReportingOverflow(length - 1)
        return overflow ? "bytes=\(offset)-" : "bytes=\(offset)-\(end)"
    }
}

extension HTTPHead {
    /// An ETag without the quotes around it.
    static func tag(_ header: String) -> String {
        String(header.filter { $0 != "\"" })
    }
}
