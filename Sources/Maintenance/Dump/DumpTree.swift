// SPDX-License-Identifier: Apache-2.0
// From records by inode to entries by directory: nodes are merged with everything that names them, their
// text goes with each of their entries through a sort by directory and name, and a file keeps the result.
// In memory stays one place in that file per directory.

import Metadata
import SluiceBase
import VolumeModel

/// The entries of all directories, each directory's one behind the other.
struct DumpTree {
    let entries: ByteRecordFile
    /// Directories with entries in ascending order, and where their entries start.
    let directories: [(inode: UInt64, place: Int64)]
    /// The text of the directories that stand at the top.
    let tops: [Inode: [UInt8]]

    /// Where a directory is in `directories`, nil for one without entries.
    func position(of directory: UInt64) -> Int? {
        var (low, high) = (0, directories.count)
        while low < high {
            let middle = low + (high - low) / 2
            if directories[middle].inode < directory { low = middle + 1 } else { high = middle }
        }
        return low < directories.count && directories[low].inode == directory ? low : nil
    }
}

/// An entry of the tree, as its record holds it.
struct DumpEntry {
    /// Bytes of the value before the text.
    static let headLength = 17

    var inode: UInt64
    var isDirectory: Bool
    var chunks: UInt32
    var slices: UInt32

    init(inode: UInt64, isDirectory: Bool, chunks: UInt32, slices: UInt32) {
        (self.inode, self.isDirectory, self.chunks, self.slices) = (inode, isDirectory, chunks, slices)
    }

    init(decoding value: UnsafeRawBufferPointer) {
        unsafe inode = value.loadUnaligned(as: UInt64.self)
        unsafe chunks = value.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
        unsafe slices = value.loadUnaligned(fromByteOffset: 12, as: UInt32.self)
        unsafe isDirectory = value[16] != 0
    }

    func append(to bytes: inout [UInt8]) {
        unsafe withUnsafeBytes(of: inode) { unsafe bytes.append(contentsOf: $0) }
        unsafe withUnsafeBytes(of: chunks) { unsafe bytes.append(contentsOf: $0) }
        unsafe withUnsafeBytes(of: slices) { unsafe bytes.append(contentsOf: $0) }
        bytes.append(isDirectory ? 1 : 0)
    }
}

/// Makes a tree of a snapshot.
struct DumpTreeBuilder {
    private let scanner: any MetadataScanner
    private let options: DumpOptions
    private let records: OrderedRecords
    private let rules: [UInt32: ACLRule]
    private let sorter: ByteSorter
    /// The directories at the top.
    private let shown: Set<Inode>
    private var tops: [Inode: [UInt8]] = [:]
    private var text = NodeText()
    private let progress: (UInt64) -> Void

    init(
        _ scanner: any MetadataScanner,
        _ options: DumpOptions,
        tops shown: Set<Inode>,
        progress: @escaping (UInt64) -> Void,
    ) throws {
        self.scanner = scanner
        self.options = options
        self.shown = shown
        self.progress = progress
        rules = try Self.readRules(scanner)
        records = try OrderedRecords(scanner, options)
        sorter = ByteSorter(memoryLimitBytes: options.sortMemory, directory: options.spillDirectory)
    }

    private static func readRules(_ scanner: any MetadataScanner) throws -> [UInt32: ACLRule] {
        var rules: [UInt32: ACLRule] = [:]
        let cursor = try scanner.scanACLRules()
        while let scanned = try cursor.next() {
            switch scanned {
            case .record(let record): rules[record.id] = record.rule
            case .damaged(let record): throw damage("\(record.kind) \(record.key): \(record.reason)")
            }
        }
        return rules
    }

    mutating func build() throws -> DumpTree {
        var nodes: UInt64 = 0
        while let node = records.nodes.head {
            nodes += 1
            if nodes & 0xFFF == 0 {
                try options.cancellation.throwIfCancelled()
                progress(nodes)
            }
            try take(node)
            try records.nodes.advance()
        }
        try passEntries(before: nil)
        return try finish()
    }

    /// Passes over entries whose nodes were not there.
    ///
    /// Redis has no snapshots: either may have been made or removed while the other was read, and then is no
    /// part of the dump.
    private func passEntries(before inode: Inode?) throws {
        while let entry = records.entries.head, inode.map({ entry.inode < $0 }) ?? true {
            let now = try scanner.entry(named: entry.name, in: entry.parent)
            guard try now?.inode != entry.inode || scanner.node(entry.inode) != nil else {
                let place = "entry '\(entry.name)' of directory \(entry.parent)"
                throw damage("\(place): its inode \(entry.inode) is missing")
            }
            try records.entries.advance()
        }
    }

    /// Describes a node that has a name or stands at the top, and hands the text to its entries.
    private mutating func take(_ node: NodeRecord) throws {
        let inode = node.inode
        try passEntries(before: inode)
        let isTop = shown.contains(inode)
        guard isTop || records.entries.head?.inode == inode else { return }
        try describe(node)
        if isTop { tops[inode] = text.lines.bytes }
        let head = DumpEntry(
            inode: inode.number,
            isDirectory: node.attributes.type == .directory,
            chunks: text.chunks,
            slices: text.slices
        )
        var value: [UInt8] = []
        value.reserveCapacity(DumpEntry.headLength + text.lines.bytes.count)
        head.append(to: &value)
        value += text.lines.bytes
        while let entry = records.entries.head, entry.inode == inode {
            try sorter.add(key: numberKey(entry.parent.number) + entry.name.bytes, value: value)
            try records.entries.advance()
        }
    }

    private mutating func describe(_ node: NodeRecord) throws {
        let (inode, attributes) = (node.inode, node.attributes)
        try text.begin(attributes, of: inode)
        while let link = records.symlinks.head, link.inode <= inode {
            if link.inode == inode, attributes.type == .symlink { text.add(symlink: link.target) }
            try records.symlinks.advance()
        }
        text.add(try Self.group(records.attributes, inode) { $0.inode }.sorted { $0.name < $1.name })
        if attributes.accessACL != 0 { text.add(try rule(attributes.accessACL, of: inode), isDefault: false) }
        if attributes.defaultACL != 0 {
            text.add(try rule(attributes.defaultACL, of: inode), isDefault: true)
        }
        let chunks = try Self.group(records.chunks, inode) { $0.inode }
        if attributes.type == .file { try text.add(chunks) }
    }

    private func rule(_ id: UInt32, of inode: Inode) throws -> ACLRule {
        guard let rule = rules[id] else { throw damage("inode \(inode): its ACL rule \(id) is missing") }
        return rule
    }

    /// Takes the records of an inode, and drops those of inodes before it, which have no node.
    private static func group<Record>(
        _ stream: RecordStream<Record>,
        _ inode: Inode,
        _ owner: (Record) -> Inode,
    ) throws -> [Record] {
        var group: [Record] = []
        while let record = stream.head, owner(record) <= inode {
            if owner(record) == inode { group.append(record) }
            try stream.advance()
        }
        return group
    }

    private func finish() throws -> DumpTree {
        let sorted = try sorter.finish()
        let file = try ByteRecordFile(in: options.spillDirectory)
        var directories: [(inode: UInt64, place: Int64)] = []
        while let record = try sorted.next() {
            let parent = unsafe UInt64(bigEndian: record.key.loadUnaligned(as: UInt64.self))
            let place = try file.append(record)
            if directories.last?.inode != parent { directories.append((parent, place)) }
        }
        try file.finish()
        return DumpTree(entries: file, directories: directories, tops: tops)
    }
}
