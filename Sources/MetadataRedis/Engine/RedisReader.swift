// SPDX-License-Identifier: Apache-2.0
// Point reads. A reader outside of transactions asks the server each time; inside a transaction `store` is a
// `KeyTransaction`, which watches, remembers and knows what was written.

import Metadata
import SluiceBase
import VolumeModel

/// Reads records.
class RedisReader: MetadataReader {
    let store: KeyReader
    let keys: Keys
    let shared: SharedState

    init(_ store: KeyReader, keys: Keys, shared: SharedState) {
        self.store = store
        self.keys = keys
        self.shared = shared
    }

    /// Ends the use of this reader.
    func end() {
        store.end()
    }

    // MARK: The volume

    func setting() throws -> [UInt8]? {
        try store.value(.string(keys.setting))
    }

    func counter(_ counter: Counter) throws -> Int64? {
        let stored = try store.number(
            store.value(.string(keys.counter(counter))),
            "counter \(counter.rawValue)"
        )
        return stored?.saturatingAdd(counter.storedOffset) ?? counter.initialValue
    }

    // MARK: Nodes and names

    func node(_ inode: Inode) throws -> Attributes? {
        try nodes([inode])[0]
    }

    func nodes(_ inodes: [Inode]) throws -> [Attributes?] {
        guard !inodes.isEmpty else { return [] }
        let stored = try store.strings(inodes.map(keys.node))
        return try zip(inodes, stored).map { inode, bytes in try attributes(bytes, of: inode) }
    }

    func attributes(_ bytes: [UInt8]?, of inode: Inode) throws(EngineError) -> Attributes? {
        guard let bytes else { return nil }
        return try store.decoded("node \(inode)") { () throws(CodecError) in try Attributes(decoding: bytes) }
    }

    func entry(named name: FileName, in directory: Inode) throws -> Entry? {
        try entry(store.value(.field(name.bytes, of: keys.entries(directory))), name, in: directory)
    }

    func entry(_ bytes: [UInt8]?, _ name: FileName, in directory: Inode) throws(EngineError) -> Entry? {
        guard let bytes else { return nil }
        return try store.decoded("entry \(name) of directory \(directory)") { () throws(CodecError) in
            try EntryValue.decode(bytes)
        }
    }

    func lookup(_ name: FileName, in directory: Inode) throws -> NodeEntry? {
        if let answer = try askScript(name, in: directory) {
            return try nodeEntry(answer.last, name, in: directory)
        }
        guard let entry = try entry(named: name, in: directory) else { return nil }
        return NodeEntry(entry: entry, attributes: try node(entry.inode))
    }

    func step(to name: FileName, in directory: Inode) throws -> PathStep {
        let parent = Fetch.string(keys.node(directory))
        if let answer = try askScript(name, in: directory, after: parent), let first = answer.first {
            guard case .value(let node) = try parent.decode(first, address: store.address) else {
                throw store.failure(.failed, "read node \(directory)", "an unexpected reply")
            }
            let entry = try nodeEntry(answer.last, name, in: directory)
            return PathStep(directory: try attributes(node, of: directory), entry: entry)
        }
        let stored = try store.values([parent, .field(name.bytes, of: keys.entries(directory))])
        let entry = try entry(stored[1], name, in: directory)
        return PathStep(
            directory: try attributes(stored[0], of: directory),
            entry: try entry.map { NodeEntry(entry: $0, attributes: try node($0.inode)) }
        )
    }

    /// Asks the script, and for something else in the same round trip.
    /// - Returns: both replies; nil when the script cannot answer.
    private func askScript(
        _ name: FileName,
        in directory: Inode,
        after fetch: Fetch? = nil,
    ) throws -> [RedisReply]? {
        guard usesScript, let script = try lookupScript(), !script.isEmpty else { return nil }
        var batch = CommandBatch()
        fetch?.add(to: &batch)
        batch.add("EVALSHA", script, [UInt8(ascii: "1")], keys.entries(directory).bytes, name.bytes)
        let replies = try store.exchange(batch)
        guard case .error(let failure) = replies.last else { return replies }
        // A server that was started anew has forgotten it; others may run no scripts at all.
        shared.lookupScript = failure.code == "NOSCRIPT" ? nil : []
        return nil
    }

    /// Whether the script may be asked: every key is on one server, and nothing has to be watched first.
    var usesScript: Bool { keys.prefix.isEmpty }

    /// What the script says of an entry.
    private func nodeEntry(
        _ reply: RedisReply?,
        _ name: FileName,
        in directory: Inode,
    ) throws -> NodeEntry? {
        guard case .array(let items) = reply else { return nil }
        guard let entry = try entry(items.first?.bytes, name, in: directory) else { return nil }
        guard items.count > 1 else { return NodeEntry(entry: entry, attributes: try node(entry.inode)) }
        return NodeEntry(entry: entry, attributes: try attributes(items[1].bytes, of: entry.inode))
    }

    /// The script's name on the server, which learns it at the first use.
    private func lookupScript() throws -> [UInt8]? {
        if let known = shared.lookupScript { return known }
        var batch = CommandBatch()
        batch.add("SCRIPT", Array("LOAD".utf8), Array(LookupScript.text.utf8))
        let name = try store.exchange(batch).first?.bytes ?? []
        shared.lookupScript = name
        return name
    }

    func entries(of directory: Inode, after name: FileName?, limit: Int) throws -> [NamedEntry] {
        guard limit > 0 else { return [] }
        if let name, let kept = shared.listings.take(directory, after: name),
            let page = try page(of: kept, in: directory, limit: limit)
        {
            return page
        }
        let window: ListingWindow
        if let name {
            window = ListingWindow(
                try SortedEntries(address: store.address) { take in
                    try forEachEntry(of: directory, after: name, take)
                }
            )
        } else {
            window = try firstWindow(of: directory, count: max(limit, ListingWindows.maximumEntries))
        }
        return try page(of: window, in: directory, limit: limit) ?? []
    }

    func someEntries(of directory: Inode, limit: Int) throws -> [NamedEntry] {
        let key = keys.entries(directory)
        var found: [NamedEntry] = []
        var names: Set<FileName> = []
        var cursor = [UInt8(ascii: "0")]
        repeat {
            var batch = CommandBatch()
            FieldType.hash.addScan(of: key, from: cursor, count: limit, to: &batch)
            let operation = "read key \(ByteString(key.bytes))"
            let page = try ScanPage(try store.exchange(batch).first, operation, address: store.address)
            for field in page.fields where found.count < limit {
                let name = FileName(field.name)
                // A field may be delivered twice while the hash grows.
                guard names.insert(name).inserted,
                    let entry = try entry(field.value, name, in: directory)
                else { continue }
                found.append(NamedEntry(name: name, inode: entry.inode, type: entry.type))
            }
            cursor = page.cursor
        } while found.count < limit && cursor != [UInt8(ascii: "0")]
        return found
    }

    func hasEntries(_ directory: Inode) throws -> Bool {
        try store.value(.count(keys.entries(directory))) != [UInt8(ascii: "0")]
    }

    /// Takes a page and keeps what follows it.
    private func page(
        of window: ListingWindow,
        in directory: Inode,
        limit: Int,
    ) throws(EngineError) -> [NamedEntry]? {
        var window = window
        guard let page = try window.take(limit) else { return nil }
        // Behind a full page somebody asks again, though it be the last.
        if page.count == limit, let last = page.last {
            shared.listings.keep(window, directory, after: last.name)
        }
        return page
    }

    private func forEachEntry(
        of directory: Inode,
        after name: FileName?,
        _ body: (NamedEntry) throws -> Void,
    ) throws {
        try forEachField(of: keys.entries(directory)) { field in
            let fieldName = FileName(field.name)
            if let name, !(name < fieldName) { return }
            guard let entry = try entry(field.value, fieldName, in: directory) else { return }
            try body(NamedEntry(name: fieldName, inode: entry.inode, type: entry.type))
        }
    }

    /// The first `count` entries, found in memory for twice as many.
    private func firstWindow(of directory: Inode, count: Int) throws -> ListingWindow {
        var found: [NamedEntry] = []
        var isLast = true
        func cut() {
            found.sort { $0.name < $1.name }
            // A field may be delivered twice while the hash grows.
            var kept = 0
            for item in found where kept == 0 || found[kept - 1].name != item.name {
                found[kept] = item
                kept += 1
            }
            isLast = isLast && kept <= count
            found.removeLast(found.count - min(kept, count))
        }
        try forEachEntry(of: directory, after: nil) { entry in
            found.append(entry)
            if found.count >= 2 * count { cut() }
        }
        cut()
        return ListingWindow(found[...], isLast: isLast)
    }

    /// Goes through a hash of any size.
    func forEachField(of key: Key, _ body: (Field) throws -> Void) throws {
        var cursor: [UInt8] = [UInt8(ascii: "0")]
        repeat {
            var batch = CommandBatch()
            batch.add("HSCAN", key.bytes, cursor, Array("COUNT".utf8), Array("10000".utf8))
            let page = try ScanPage(
                try store.exchange(batch).first,
                "scan key \(ByteString(key.bytes))",
                address: store.address
            )
            for field in page.fields { try body(field) }
            cursor = page.cursor
        } while cursor != [UInt8(ascii: "0")]
    }

    func parents(of inode: Inode) throws -> [ParentLink] {
        if let node = try node(inode), node.parent.number != 0 {
            return [ParentLink(parent: node.parent, count: 1)]
        }
        return try store.fields(.hash(keys.parents(inode))).compactMap { field in
            let subject = "the parents of node \(inode)"
            guard let count = try store.number(field.value, subject), count != 0 else { return nil }
            let parent = try store.decoded(subject) { () throws(CodecError) in try KeySuffix.inode(field.name)
            }
            return ParentLink(parent: parent, count: count)
        }
    }

    func names(of inode: Inode, in directory: Inode) throws -> [FileName] {
        var names: Set<FileName> = []
        try forEachField(of: keys.entries(directory)) { field in
            // A damaged entry is no name of this node.
            guard let entry = try? EntryValue.decode(field.value), entry.inode == inode else { return }
            names.insert(FileName(field.name))
        }
        return names.sorted()
    }

    func symlinkTarget(of inode: Inode) throws -> ByteString? {
        try store.value(.string(keys.symlink(inode))).map { ByteString($0) }
    }

    func extendedAttribute(named name: ByteString, of inode: Inode) throws -> [UInt8]? {
        try store.value(.field(name.bytes, of: keys.extendedAttributes(inode)))
    }

    func extendedAttributes(of inode: Inode) throws -> [ExtendedAttributeRecord] {
        try store.fields(.hash(keys.extendedAttributes(inode)))
            .map { ExtendedAttributeRecord(inode: inode, name: ByteString($0.name), value: $0.value) }
            .sorted { $0.name < $1.name }
    }
}
