// SPDX-License-Identifier: Apache-2.0
// Nothing is deleted before a line about it is safe on disk: whoever has to explain or undo a deletion finds
// what, why and when. JSON lines; the format is in sluice-json(5).

package import SluiceBase
import Synchronization

/// An append-only record of deletions.
///
/// Thread-safe.
package final class DeletionJournal: Sendable {
    private let file: Mutex<FileDescriptor>
    /// Where the journal lies.
    package let path: ByteString

    /// Creates or continues a journal; its folder must exist.
    package init(_ path: ByteString) throws(SystemError) {
        self.path = path
        file = Mutex(try FileDescriptor.open(path, [.writeOnly, .create, .append], mode: 0o600))
    }

    /// Writes lines and waits until they are on disk.
    ///
    /// Call before deleting what they announce.
    package func record(_ lines: [JSONObject]) throws(SystemError) {
        let text = lines.map { JSONValue.object($0).line + "\n" }.joined()
        try file.withLock { (file: inout sending FileDescriptor) throws(SystemError) in
            try file.write(Array(text.utf8))
            try file.synchronizeData()
        }
    }
}
