// SPDX-License-Identifier: Apache-2.0
// One directory of a running listing. Entries come in order of their names, keys are wanted in order of names
// with `/` behind those of directories: `a-b` comes before `a/`. A directory is held back until the entries
// that sort before its key are out; those all begin with its name, so at most 255 directories wait.

import Metadata
import ObjectStorage
import SluiceBase
import VolumeModel

/// The entries of one directory in key order.
final class DirectoryFrame {
    struct Entry {
        var name: FileName
        /// The name, with `/` if it is listed as a directory.
        var sortKey: ByteString
        var inode: Inode
        /// Nil when the entry points to a node that does not exist.
        var attributes: Attributes?
        /// The text of the link, when the entry is one.
        var target: ByteString?
        /// The directories down to this one, when it is listed as one.
        var directories: [Inode]

        var isDirectory: Bool { sortKey.hasSuffix(TreePath.slash) }
    }

    /// What of a directory is wanted.
    struct Bounds {
        /// Names must begin with this.
        var prefix: FileName = ""
        /// Only entries whose sort key, or keys below them, are greater than this.
        var after: ByteString?
    }

    static let pageSize = 1000

    /// From the tree's root to this directory.
    let directories: [Inode]
    /// The directory's key, `/` included; empty for the root.
    let keyPrefix: ByteString
    private let bounds: Bounds
    /// Directories that the listing is inside of, this one included; nil where links are not followed.
    private let visited: Set<Inode>?
    private let engine: any MetadataEngine
    private var page: ArraySlice<Entry> = []
    /// Directories that wait for smaller keys; smallest last.
    private var held: [Entry] = []
    /// The last name read; nil before the first page.
    private var position: FileName?
    private var isStarted = false
    private var isComplete = false

    init(
        _ directories: [Inode],
        keyPrefix: ByteString,
        bounds: Bounds = Bounds(),
        visited: Set<Inode>?,
        engine: any MetadataEngine,
    ) {
        self.directories = directories
        self.keyPrefix = keyPrefix
        self.bounds = bounds
        self.visited = visited
        self.engine = engine
    }

    /// The next entry; nil at the end.
    func next() throws -> Entry? {
        while true {
            if page.isEmpty, !isComplete {
                try load()
                continue
            }
            guard let following = page.first else { return held.popLast() }
            if let waiting = held.last, waiting.sortKey < following.name { return held.popLast() }
            page.removeFirst()
            guard following.isDirectory else { return following }
            let place = held.firstIndex { $0.sortKey < following.sortKey } ?? held.count
            held.insert(following, at: place)
        }
    }

    private func load() throws {
        guard let directory = directories.last else { return isComplete = true }
        let isFirst = !isStarted
        let start = isFirst ? seekName : position
        let (entries, last, count) = try engine.read { reader in
            let following = try reader.entries(of: directory, after: start, limit: Self.pageSize)
            let before = isFirst ? try entriesUpTo(start, of: directory, reader) : []
            let wanted = (before + following).filter { $0.name.hasPrefix(bounds.prefix) }
            return (try describe(wanted, reader), following.last?.name, following.count)
        }
        isStarted = true
        position = last ?? position
        let isPastPrefix = last.map { !$0.hasPrefix(bounds.prefix) && $0 > bounds.prefix } ?? true
        isComplete = count < Self.pageSize || isPastPrefix
        page = entries[...]
    }

    /// The name behind which paging starts; nil for the front of the directory.
    private var seekName: FileName? {
        let first = bounds.after.map { FileName($0.bytes.prefix { $0 != TreePath.slash }) } ?? ""
        let name = max(first, bounds.prefix)
        return name.isEmpty ? nil : name
    }

    /// The entry with the name behind which paging starts, and directories with smaller names and larger
    /// keys: for `a-b` that is `a/`.
    private func entriesUpTo(
        _ name: FileName?,
        of directory: Inode,
        _ reader: any MetadataReader,
    ) throws -> [NamedEntry] {
        guard let name else { return [] }
        return try (1...name.count).compactMap { count in
            guard count == name.count || name.bytes[count] < TreePath.slash else { return nil }
            let candidate = FileName(name.bytes.prefix(count))
            guard let entry = try reader.entry(named: candidate, in: directory) else { return nil }
            return NamedEntry(name: candidate, inode: entry.inode, type: entry.type)
        }
    }

    private func describe(_ entries: [NamedEntry], _ reader: any MetadataReader) throws -> [Entry] {
        let nodes = try reader.nodes(entries.map(\.inode))
        var described: [Entry] = []
        described.reserveCapacity(entries.count)
        for (entry, attributes) in zip(entries, nodes) {
            described.append(try describe(entry, attributes, reader))
        }
        return described
    }

    private func describe(
        _ entry: NamedEntry,
        _ attributes: Attributes?,
        _ reader: any MetadataReader,
    ) throws -> Entry {
        let type = attributes?.type ?? entry.type
        var described = Entry(
            name: entry.name,
            sortKey: entry.name,
            inode: entry.inode,
            attributes: attributes,
            directories: []
        )
        if type == .directory {
            described.sortKey.bytes.append(TreePath.slash)
            described.directories = directories + [entry.inode]
        }
        guard type == .symlink else { return described }
        described.target = try reader.symlinkTarget(of: entry.inode)
        guard let visited, let place = try place(of: described.target, reader), !visited.contains(place.inode)
        else {
            return described
        }
        described.inode = place.inode
        described.attributes = place.attributes
        if place.attributes.type == .directory {
            described.sortKey.bytes.append(TreePath.slash)
            described.directories = place.directories
        }
        return described
    }

    /// Where a link leads; nil for nowhere, in circles, or into damage, which is found where it lies.
    private func place(of target: ByteString?, _ reader: any MetadataReader) throws -> PathWalk.Place? {
        guard let target, target.bytes.first != TreePath.slash else { return nil }
        let names = target.bytes.split(separator: TreePath.slash).map { FileName($0) }
        do {
            return try PathWalk(reader: reader).find(names, from: directories, followingLast: true)
        } catch let error as VolumeError {
            guard error.code == .linkLoop || error.code == .damaged else { throw error }
            return nil
        }
    }
}
