// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import VolumeModel

/// The entries of a directory in order of their names, sorted on disk when they are many.
///
/// Sendable, because it has one owner at a time: the window that it belongs to, which is taken out of
/// `ListingWindows` before it is read.
final class SortedEntries: @unchecked Sendable {
    private let address: String
    private let fields: SortedFields

    /// - Parameter forEachEntry: hands out all entries, in any order, some twice perhaps.
    init(address: String, _ forEachEntry: ((NamedEntry) throws -> Void) throws -> Void) throws {
        self.address = address
        let sorter = FieldSorter(address: address)
        try forEachEntry { entry in
            try sorter.add(Field(name: entry.name.bytes, value: EntryValue.encode(entry.entry)))
        }
        fields = try sorter.finish()
    }

    /// The next entry, nil at the end.
    func next() throws(EngineError) -> NamedEntry? {
        guard let field = try fields.next() else { return nil }
        let entry: Entry
        do throws(CodecError) {
            entry = try EntryValue.decode(field.value)
        } catch {
            throw EngineError(.failed, "sort a directory", address: address, reason: "\(error)")
        }
        return NamedEntry(name: FileName(field.name), inode: entry.inode, type: entry.type)
    }
}
