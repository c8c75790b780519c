// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import VolumeModel

/// The entries of a directory in order of their names, sorted on disk when they are many.
///
/// Sendable, because it has one owner at a time: the window that it belongs to, which is taken out of
/// `ListingWindows` before it is read.
final class SortedEntries: @unchecked Sendable {
    /// Bytes of names and values in memory.
    private static let memoryLimitBytes = 8 << 20

    private let address: String
    private let sorted: SortedBytes
    private var lastName: [UInt8]?

    /// - Parameter forEachEntry: hands out all entries, in any order, some twice perhaps.
    init(address: String, _ forEachEntry: ((NamedEntry) throws -> Void) throws -> Void) throws {
        self.address = address
        let sorter = ByteSorter(memoryLimitBytes: Self.memoryLimitBytes)
        try forEachEntry { entry in
            try Self.sorting(address) { () throws(SystemError) in
                try sorter.add(key: entry.name.bytes, value: EntryValue.encode(entry.entry))
            }
        }
        sorted = try Self.sorting(address) { () throws(SystemError) in try sorter.finish() }
    }

    /// The next entry, nil at the end.
    func next() throws(EngineError) -> NamedEntry? {
        while true {
            let record = try Self.sorting(address) { () throws(SystemError) in try sorted.next() }
            guard let record else { return nil }
            let name = unsafe Array(record.key)
            // A field may be delivered twice while the hash grows.
            guard name != lastName else { continue }
            lastName = name
            let entry: Entry
            do throws(CodecError) {
                entry = try EntryValue.decode(unsafe Array(record.value))
            } catch {
                throw EngineError(.failed, "sort a directory", address: address, reason: "\(error)")
            }
            return NamedEntry(name: FileName(name), inode: entry.inode, type: entry.type)
        }
    }

    private static func sorting<Result>(
        _ address: String,
        _ body: () throws(SystemError) -> Result,
    ) throws(EngineError) -> Result {
        do throws(SystemError) {
            return try body()
        } catch {
            throw EngineError(.failed, "sort a directory", address: address, reason: "\(error)")
        }
    }
}
