// SPDX-License-Identifier: Apache-2.0
// Point reads inside a transaction. A record that cannot be decoded throws `EngineError.corrupt`, one that is
// not there is nil or empty.

package import SluiceBase
package import VolumeModel

/// Reads records of one consistent state.
///
/// Valid inside the closure it is handed to, on that thread.
package protocol MetadataReader: AnyObject {
    /// The volume's settings, as stored (JSON).
    func setting() throws -> [UInt8]?

    func counter(_ counter: Counter) throws -> Int64?

    func node(_ inode: Inode) throws -> Attributes?

    /// Several nodes in one round trip, in the order asked for.
    func nodes(_ inodes: [Inode]) throws -> [Attributes?]

    func entry(named name: FileName, in directory: Inode) throws -> Entry?

    /// An entry together with the attributes of its node, in one step where the engine can.
    func lookup(_ name: FileName, in directory: Inode) throws -> NodeEntry?

    /// A directory's node together with one of its entries and that entry's node, in one step where the
    /// engine can.
    func step(to name: FileName, in directory: Inode) throws -> PathStep

    /// Entries in byte order of their names, from the first one after `name`.
    func entries(of directory: Inode, after name: FileName?, limit: Int) throws -> [NamedEntry]

    /// Entries in any order, which large directories give sooner than the first ones; fewer than `limit` when
    /// there are no more.
    func someEntries(of directory: Inode, limit: Int) throws -> [NamedEntry]

    /// Whether a directory has entries.
    func hasEntries(_ directory: Inode) throws -> Bool

    /// Which directories have entries for a node, and how many each.
    ///
    /// Redis knows this only for nodes whose `parent` is 0; for others it answers from the attribute.
    func parents(of inode: Inode) throws -> [ParentLink]

    /// The names that a node has in one directory.
    func names(of inode: Inode, in directory: Inode) throws -> [FileName]

    func symlinkTarget(of inode: Inode) throws -> ByteString?

    func extendedAttribute(named name: ByteString, of inode: Inode) throws -> [UInt8]?

    func extendedAttributes(of inode: Inode) throws -> [ExtendedAttributeRecord]

    func chunk(_ index: UInt32, of inode: Inode) throws -> ChunkRecord?

    /// All chunks of a file in order of their index.
    func chunks(of inode: Inode) throws -> [ChunkRecord]

    /// On Redis an absent record means one user; its engine answers a count of 1 then.
    func sliceReference(_ id: UInt64, size: UInt32) throws -> SliceReference?

    /// Several references in one round trip, in the order asked for.
    func sliceReferences(_ slices: [SliceKey]) throws -> [SliceReference?]

    func directoryStat(of inode: Inode) throws -> DirectoryStat?

    func quota(_ kind: QuotaKind, _ key: UInt64) throws -> Quota?

    func quotas(_ kind: QuotaKind) throws -> [QuotaRecord]

    func session(_ id: UInt64) throws -> SessionRecord?

    func sessions() throws -> [SessionRecord]

    func sustainedInodes(of session: UInt64) throws -> [Inode]

    /// Sessions that keep a node without name alive.
    func sustainingSessions(of inode: Inode) throws -> [UInt64]

    func deletedFile(_ inode: Inode) throws -> DeletedFile?

    func delayedSlices(_ id: UInt64) throws -> DelayedSlices?

    func detachedNode(_ inode: Inode) throws -> DetachedNode?

    func aclRule(_ id: UInt32) throws -> ACLRule?

    func fileLocks(of inode: Inode) throws -> [FileLock]

    func rangeLocks(of inode: Inode) throws -> [OwnedRangeLocks]

    /// Lines of the change log with a higher version, oldest first.
    func changes(after version: Int64, limit: Int) throws -> [ChangeRecord]

    /// The version of the newest line of the change log; SQL engines answer 0 when no line is left.
    func lastChange() throws -> Int64
}

extension MetadataReader {
    package func lookup(_ name: FileName, in directory: Inode) throws -> NodeEntry? {
        guard let entry = try entry(named: name, in: directory) else { return nil }
        return NodeEntry(entry: entry, attributes: try node(entry.inode))
    }

    package func step(to name: FileName, in directory: Inode) throws -> PathStep {
        PathStep(directory: try node(directory), entry: try lookup(name, in: directory))
    }

    package func someEntries(of directory: Inode, limit: Int) throws -> [NamedEntry] {
        try entries(of: directory, after: nil, limit: limit)
    }

    package func hasEntries(_ directory: Inode) throws -> Bool {
        try !entries(of: directory, after: nil, limit: 1).isEmpty
    }

    package func sliceReferences(_ slices: [SliceKey]) throws -> [SliceReference?] {
        try slices.map { try sliceReference($0.id, size: $0.size) }
    }
}
