// SPDX-License-Identifier: Apache-2.0
// The ranges that one holder has locked in one file (metadata-format §5.9).

package import VolumeModel

/// A range of bytes that somebody asks to lock or unlock.
package struct RangeRequest: Hashable, Sendable {
    package var wish: LockWish
    package var start: UInt64
    /// Inclusive; `wholeFile` for up to the end, however long the file becomes.
    package var end: UInt64
    package var processID: UInt32

    /// The end of a lock without end.
    package static let wholeFile = UInt64(Int64.max)

    package init(_ wish: LockWish, from start: UInt64, to end: UInt64, processID: UInt32) {
        self.wish = wish
        self.start = start
        self.end = end
        self.processID = processID
    }
}

extension RangeLock {
    private static let read: UInt32 = 0
    private static let write: UInt32 = 1

    /// The record for a request; nil for one to unlock.
    init?(_ request: RangeRequest) {
        switch request.wish {
        case .unlock: return nil
        case .read: self.init(Self.read, request)
        case .write: self.init(Self.write, request)
        }
    }

    private init(_ type: UInt32, _ request: RangeRequest) {
        self.init(type: type, processID: request.processID, start: request.start, end: request.end)
    }

    /// What the record stands for; an unknown number is taken for the stronger one.
    package var wish: LockWish { type == Self.read ? .read : .write }

    func overlaps(_ request: RangeRequest) -> Bool {
        start <= request.end && request.start <= end
    }

    /// Whether another holder's request has to wait for this lock.
    func blocks(_ request: RangeRequest) -> Bool {
        overlaps(request) && request.wish != .unlock && (wish == .write || request.wish == .write)
    }

    fileprivate func continues(_ other: RangeLock) -> Bool {
        other.type == type && other.processID == processID && other.end < start && other.end == start - 1
    }
}

extension [RangeLock] {
    /// The list after a request of its holder: the new range lies over the old ones and splits them, what is
    /// unlocked goes, and neighbours that say the same become one.
    /// - Returns: sorted, without overlaps, when the list was.
    func applying(_ request: RangeRequest) -> [RangeLock] {
        var ranges: [RangeLock] = []
        for old in self {
            guard old.overlaps(request) else { ranges.append(old); continue }
            if old.start < request.start {
                var left = old
                left.end = request.start - 1
                ranges.append(left)
            }
            if old.end > request.end {
                var right = old
                right.start = request.end + 1
                ranges.append(right)
            }
        }
        if let new = RangeLock(request) { ranges.append(new) }
        ranges.sort { $0.start < $1.start }
        return ranges.reduce(into: []) { merged, range in
            if let last = merged.last, range.continues(last) {
                merged[merged.count - 1].end = range.end
            } else {
                merged.append(range)
            }
        }
    }
}
