// SPDX-License-Identifier: Apache-2.0
// Redis keeps the entries of a directory in no order, so the page of a listing that follows a name can only
// be found by looking at all of them. What one look found beyond its page is kept for the next one, so that a
// listing of N entries costs N / 100 000 looks and not N / page. A window is used once, by the reader that
// goes on where it ends, and only while it is young: like a directory stream of the kernel, a listing may
// then show an entry as it was when the listing began.

import Metadata
import SluiceBase
import Synchronization
import VolumeModel

/// Entries of directories that a listing will ask for next.
///
/// Thread-safe; the lock is a leaf.
final class ListingWindows: Sendable {
    /// Entries that one look keeps.
    static let maximumEntries = 100_000
    private static let maximumWindows = 8
    private static let lifetime = Duration.seconds(30)

    private struct Place: Hashable {
        let directory: Inode
        let after: FileName
    }

    private struct Window {
        var entries: ArraySlice<NamedEntry>
        /// Whether the directory has no more entries behind these.
        var isLast: Bool
        var made: MonotonicTime
    }

    private let windows = Mutex<[Place: Window]>([:])

    /// The entries that follow a name, if they were kept.
    func take(
        _ directory: Inode,
        after name: FileName,
        limit: Int,
    ) -> ArraySlice<NamedEntry>? {
        windows.withLock { windows in
            let place = Place(directory: directory, after: name)
            guard let window = windows.removeValue(forKey: place),
                MonotonicTime.now - window.made < Self.lifetime
            else { return nil }
            let page = window.entries.prefix(limit)
            // A page that is cut short by the window's end would be taken for the end of the directory.
            guard page.count == limit || window.isLast else { return nil }
            Self.keep(window, after: page, in: directory, &windows)
            return page
        }
    }

    /// Keeps what follows a page.
    func keep(
        _ rest: ArraySlice<NamedEntry>,
        isLast: Bool,
        after page: ArraySlice<NamedEntry>,
        in directory: Inode
    ) {
        windows.withLock { windows in
            let window = Window(entries: page + rest, isLast: isLast, made: .now)
            Self.keep(window, after: page, in: directory, &windows)
        }
    }

    private static func keep(
        _ window: Window,
        after page: ArraySlice<NamedEntry>,
        in directory: Inode,
        _ windows: inout [Place: Window],
    ) {
        guard let last = page.last, window.entries.count > page.count else { return }
        if windows.count >= maximumWindows, let oldest = windows.min(by: { $0.value.made < $1.value.made }) {
            windows[oldest.key] = nil
        }
        var rest = window
        rest.entries = window.entries.dropFirst(page.count)
        windows[Place(directory: directory, after: last.name)] = rest
    }
}
