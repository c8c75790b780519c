// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import VolumeModel

/// An entry of a dump and where it belongs.
struct LoadedEntry {
    /// What only one entry can have.
    struct Place: Hashable {
        let name: FileName
        let directory: Inode
    }

    let entry: NamedEntry
    let directory: Inode

    var place: Place { Place(name: entry.name, directory: directory) }

    /// The error of a dump that holds the place twice.
    var contradiction: CodecError {
        CodecError("dump", "the entry '\(entry.name)' of directory \(directory) comes twice")
    }
}

/// Entries that do not come in order of their names.
///
/// Dumps are sorted, so that a name that follows a smaller one is new. Of others the database is asked, many
/// at a time: an engine that overwrites would lose the first of two.
struct LateEntries {
    private static let limit = 1000
    private var waiting: [LoadedEntry] = []

    mutating func add(_ entry: NamedEntry, in directory: Inode, to target: LoadTarget) throws {
        waiting.append(LoadedEntry(entry: entry, directory: directory))
        if waiting.count >= Self.limit { try flush(to: target) }
    }

    /// Hands on what waits.
    /// - Throws: `CodecError` for a name that a directory has already.
    mutating func flush(to target: LoadTarget) throws {
        guard !waiting.isEmpty else { return }
        if let known = try target.firstKnown(waiting) { throw known.contradiction }
        for late in waiting { try target.put(.entry(late.entry, in: late.directory)) }
        waiting.removeAll()
    }
}
