// SPDX-License-Identifier: Apache-2.0
// Writes of settings, counters, nodes, names and data. Each records what the server will do at the commit; a
// rule of the protocol ("exists", "vanished") is checked against what was read under WATCH.

import Metadata
import SluiceBase
import VolumeModel

/// Reads and writes records of one transaction.
class RedisTransaction: RedisReader, MetadataTransaction {
    let writes: KeyTransaction

    init(_ writes: KeyTransaction, keys: Keys, shared: SharedState) {
        self.writes = writes
        super.init(writes, keys: keys, shared: shared)
    }

    func failure(_ code: EngineError.Code, _ operation: String, _ reason: String = "") -> EngineError {
        writes.failure(code, operation, reason)
    }

    /// The end of the use of this transaction is checked on writes too, which ask the server nothing.
    var open: KeyTransaction {
        get throws(EngineError) {
            guard !writes.hasEnded else { throw failure(.failed, "write", "the transaction has ended") }
            return writes
        }
    }

    // MARK: Reads that differ inside transactions

    func lock(_ inodes: [Inode]) throws {
        writes.watch(inodes.map(keys.node))
    }

    func expect(_ records: [RecordKey]) throws {
        try writes.load(records.flatMap(fetches))
        let entries = records.compactMap { record -> Fetch? in
            guard case .lookup(let name, let directory) = record else { return nil }
            return .field(name.bytes, of: keys.entries(directory))
        }
        // Known by now. A damaged entry is for the reader who asks for it to report.
        let nodes = try writes.values(entries).compactMap { $0.flatMap { try? EntryValue.decode($0) } }
        try writes.load(nodes.map { .string(keys.node($0.inode)) })
    }

    private func fetches(_ record: RecordKey) -> [Fetch] {
        switch record {
        case .node(let inode): [.string(keys.node(inode))]
        case .entry(let name, let directory), .lookup(let name, let directory):
            [.field(name.bytes, of: keys.entries(directory))]
        case .chunk(let index, let inode): [.list(keys.chunk(index, inode))]
        case .parents(let inode): [.string(keys.node(inode)), .hash(keys.parents(inode))]
        case .extendedAttribute(let name, let inode): [.field(name.bytes, of: keys.extendedAttributes(inode))]
        case .fileLocks(let inode): [.hash(keys.fileLocks(inode))]
        case .rangeLocks(let inode): [.hash(keys.rangeLocks(inode))]
        case .directoryStat(let inode):
            statKeys.map { .field([UInt8](decimal: inode.number), of: $0) }
        case .quota(let kind, let key):
            [.field([UInt8](decimal: key), of: keys.quotas(kind).limits)]
        case .directoryQuotas:
            [keys.quotas(.directory).limits, keys.quotas(.directory).space, keys.quotas(.directory).inodes]
                .map(Fetch.hash)
        }
    }

    /// A script would read the node before it is watched.
    override var usesScript: Bool { false }

    override func entries(of directory: Inode, after name: FileName?, limit: Int) throws -> [NamedEntry] {
        let names = try writes.sortedNames(keys.entries(directory))
        let start =
            name.map { name in
                names.partitioningIndex { !($0.lexicographicallyPrecedes(name.bytes) || $0 == name.bytes) }
            } ?? 0
        return try names[start...].prefix(limit).compactMap { bytes in
            let name = FileName(bytes)
            guard let entry = try entry(named: name, in: directory) else { return nil }
            return NamedEntry(name: name, inode: entry.inode, type: entry.type)
        }
    }

    override func someEntries(of directory: Inode, limit: Int) throws -> [NamedEntry] {
        try entries(of: directory, after: nil, limit: limit)
    }

    override func hasEntries(_ directory: Inode) throws -> Bool {
        if let count = try writes.value(.count(keys.entries(directory))) {
            return count != [UInt8(ascii: "0")]
        }
        // The transaction changed the directory.
        return try !entries(of: directory, after: nil, limit: 1).isEmpty
    }

    override func forEachField(of key: Key, _ body: (Field) throws -> Void) throws {
        for field in try writes.fields(.hash(key)) { try body(field) }
    }

    // MARK: The volume

    func setSetting(_ value: [UInt8]) throws {
        try open.set(keys.setting, to: value)
    }

    func setCounter(_ counter: Counter, to value: Int64) throws {
        let (stored, overflow) = value.subtractingReportingOverflow(counter.storedOffset)
        guard !overflow else { throw failure(.overflow, "set counter \(counter.rawValue)") }
        // Compatibility: `format` of JuiceFS 1.4.2 makes no counters on Redis.
        let isInitial = value == counter.initialValue ?? 0
        try open.set(keys.counter(counter), to: isInitial ? nil : [UInt8](decimal: stored))
    }

    func add(_ delta: Int64, to counter: Counter) throws {
        try open.add(delta, to: keys.counter(counter))
    }

    /// Done at once, outside of the transaction: the numbers must be known now, and nobody may watch them.
    func advance(_ counter: Counter, by count: Int64) throws -> Int64 {
        let operation = "take numbers from counter \(counter.rawValue)"
        return try increment(keys.counter(counter), by: count, operation).saturatingAdd(counter.storedOffset)
    }

    func increment(_ key: Key, by count: Int64, _ operation: String) throws -> Int64 {
        var batch = CommandBatch()
        batch.add("INCRBY", key.bytes, [UInt8](decimal: count))
        let reply = try open.exchange(batch).first?.checked(operation, address: store.address)
        guard case .integer(let value) = reply else {
            throw failure(.failed, operation, "an unexpected reply")
        }
        return value
    }

    // MARK: Nodes

    func insertNode(_ inode: Inode, _ attributes: Attributes) throws {
        let key = keys.node(inode)
        guard try open.value(.string(key)) == nil else { throw failure(.exists, "insert node \(inode)") }
        writes.set(key, to: attributes.encoded)
    }

    func updateNode(_ inode: Inode, _ attributes: Attributes) throws {
        let key = keys.node(inode)
        guard try open.value(.string(key)) != nil else { throw failure(.vanished, "update node \(inode)") }
        writes.set(key, to: attributes.encoded)
    }

    func touch(_ directory: Inode, linkDelta: Int32, time: Timestamp?) throws {
        let operation = "touch directory \(directory)"
        guard var node = try node(directory) else { throw failure(.vanished, operation) }
        guard let links = UInt32(exactly: Int64(node.linkCount) + Int64(linkDelta)) else {
            throw failure(.overflow, operation)
        }
        node.linkCount = links
        if let time {
            node.modifyTime = time
            node.changeTime = time
        }
        try open.set(keys.node(directory), to: node.encoded)
    }

    func deleteNode(_ inode: Inode) throws {
        try open.set(keys.node(inode), to: nil)
    }

    // MARK: Names

    func insertEntry(_ entry: NamedEntry, in directory: Inode) throws {
        let key = keys.entries(directory)
        guard try open.value(.field(entry.name.bytes, of: key)) == nil else {
            throw failure(.exists, "insert entry \(entry.name) in directory \(directory)")
        }
        writes.setField(entry.name.bytes, of: key, to: EntryValue.encode(entry.entry))
    }

    func replaceEntry(_ entry: NamedEntry, in directory: Inode) throws {
        let key = keys.entries(directory)
        guard try open.value(.field(entry.name.bytes, of: key)) != nil else {
            throw failure(.vanished, "replace entry \(entry.name) in directory \(directory)")
        }
        writes.setField(entry.name.bytes, of: key, to: EntryValue.encode(entry.entry))
    }

    func deleteEntry(named name: FileName, in directory: Inode) throws {
        try open.deleteField(name.bytes, of: keys.entries(directory))
    }

    func adjustParent(_ parent: Inode, of inode: Inode, by delta: Int64) throws {
        guard delta != 0 else { return }
        try open.add(delta, toField: [UInt8](decimal: parent.number), of: keys.parents(inode))
    }

    func setSymlinkTarget(_ target: ByteString, of inode: Inode) throws {
        try open.set(keys.symlink(inode), to: target.bytes)
    }

    func deleteSymlinkTarget(of inode: Inode) throws {
        try open.set(keys.symlink(inode), to: nil)
    }

    func setExtendedAttribute(named name: ByteString, of inode: Inode, to value: [UInt8]) throws {
        try open.setField(name.bytes, of: keys.extendedAttributes(inode), to: value)
    }

    func deleteExtendedAttribute(named name: ByteString, of inode: Inode) throws {
        try open.deleteField(name.bytes, of: keys.extendedAttributes(inode))
    }

    func deleteExtendedAttributes(of inode: Inode) throws {
        try open.deleteMapping(keys.extendedAttributes(inode))
    }

    // MARK: Data

    func appendSlices(_ slices: [Slice], toChunk index: UInt32, of inode: Inode) throws -> Int {
        let key = keys.chunk(index, inode)
        let known = try open.lists([key])[0].count
        writes.append(slices.map { Slice.encode([$0]) }, to: key)
        return known + slices.count
    }

    func setChunk(_ record: ChunkRecord) throws {
        let key = keys.chunk(record.index, record.inode)
        try open.setList(key, to: ChunkItems.split(record.slices))
    }

    func deleteChunk(_ index: UInt32, of inode: Inode) throws {
        try open.setList(keys.chunk(index, inode), to: [])
    }

    /// A slice with one user has no record; that its id was never used before cannot be seen here and follows
    /// from the counter, from which no number comes twice.
    func insertSliceReference(_ reference: SliceReference) throws {
        guard reference.count != 1 else { return }
        let field = ReferenceField.encode(reference.id, size: reference.size)
        guard try open.value(.field(field, of: keys.sliceReferences)) == nil else {
            throw failure(.exists, "insert the reference of slice \(reference.id)")
        }
        writes.setField(
            field,
            of: keys.sliceReferences,
            to: [UInt8](decimal: reference.count.saturatingAdd(-1))
        )
    }

    func adjustSliceReference(_ id: UInt64, size: UInt32, by delta: Int64) throws {
        try open.add(delta, toField: ReferenceField.encode(id, size: size), of: keys.sliceReferences)
    }

    func deleteSliceReference(_ id: UInt64, size: UInt32) throws {
        try open.deleteField(ReferenceField.encode(id, size: size), of: keys.sliceReferences)
    }
}

/// A chunk's list of slices as the items of a Redis list.
enum ChunkItems {
    /// Records of 24 bytes; what is left over is an item of its own, as damaged as it came.
    static func split(_ bytes: [UInt8]) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: Slice.encodedSize).map { start in
            Array(bytes[start..<min(start + Slice.encodedSize, bytes.count)])
        }
    }
}

extension [[UInt8]] {
    /// The first index whose element matches, in an array whose matching elements are all at its end.
    fileprivate func partitioningIndex(_ matches: ([UInt8]) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if matches(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
