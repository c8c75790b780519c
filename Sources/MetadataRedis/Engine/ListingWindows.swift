// SPDX-License-Identifier: Apache-2.0
// Redis keeps the entries of a directory in no order, so the page of a listing that follows a name can only
// be found by looking at all of them. What one look found beyond its page is kept for the next one: the first
// look keeps the smallest names in memory, which is all of most directories; a listing that goes on behind
// them sorts everything else on disk, so that a directory of any size costs two looks. A window is used once,
// by the reader that goes on where it ends, and only while pages are asked for: like a directory stream of
// the kernel, a listing may then show an entry as it was when the listing began.

import Metadata
import SluiceBase
import Synchronization
import VolumeModel

/// Entries of one directory that a listing will ask for next.
struct ListingWindow: Sendable {
    private var entries: ArraySlice<NamedEntry>
    /// What follows the entries in memory.
    private var rest: SortedEntries?
    /// Whether the directory has no more entries behind these.
    private var isLast: Bool
    fileprivate var lastUse = MonotonicTime.now

    /// - Parameter isLast: whether the directory ends with these entries.
    init(_ entries: ArraySlice<NamedEntry>, isLast: Bool) {
        self.entries = entries
        self.isLast = isLast
    }

    /// - Parameter rest: all that the directory has.
    init(_ rest: SortedEntries) {
        entries = []
        self.rest = rest
        isLast = false
    }

    /// Takes the next entries.
    /// - Returns: nil when there are fewer and the directory goes on.
    mutating func take(_ limit: Int) throws(EngineError) -> [NamedEntry]? {
        while let rest, entries.count < limit {
            guard let next = try rest.next() else {
                self.rest = nil
                isLast = true
                break
            }
            entries.append(next)
        }
        // A page that is cut short by the window's end would be taken for the end of the directory.
        guard entries.count >= limit || isLast else { return nil }
        let page = Array(entries.prefix(limit))
        entries = entries.dropFirst(page.count)
        lastUse = .now
        return page
    }
}

/// The windows of all listings.
///
/// Thread-safe; the lock is a leaf.
final class ListingWindows: Sendable {
    /// Entries that the first look keeps.
    static let maximumEntries = 100_000
    private static let maximumWindows = 8
    private static let lifetime = Duration.seconds(30)

    private struct Place: Hashable {
        let directory: Inode
        let after: FileName
    }

    private let windows = Mutex<[Place: ListingWindow]>([:])

    /// The window that begins behind a name; it is the caller's then.
    func take(_ directory: Inode, after name: FileName) -> ListingWindow? {
        windows.withLock { windows in
            guard let window = windows.removeValue(forKey: Place(directory: directory, after: name)),
                MonotonicTime.now - window.lastUse < Self.lifetime
            else { return nil }
            return window
        }
    }

    /// Keeps a window for whoever goes on behind a name.
    func keep(_ window: ListingWindow, _ directory: Inode, after name: FileName) {
        windows.withLock { windows in
            let oldest = windows.min { $0.value.lastUse < $1.value.lastUse }
            if windows.count >= Self.maximumWindows, let oldest { windows[oldest.key] = nil }
            windows[Place(directory: directory, after: name)] = window
        }
    }
}
