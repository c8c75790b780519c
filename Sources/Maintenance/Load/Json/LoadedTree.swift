// SPDX-License-Identifier: Apache-2.0
// The tree of a dump, read depth first with a stack of our own: entries and sums of directories are written
// as they come, nodes wait in a sort by inode, because only all names of a file tell its link count.

import Metadata
import SluiceBase
import VolumeModel

/// Reads trees into a target.
///
/// One owner, one thread. Memory: the directories on the path, and the sorter.
final class LoadedTree {
    /// Directories inside each other, at most.
    private static let deepest = 100_000

    private let tokens: DumpTokens
    private let target: LoadTarget
    private let writesStats: Bool
    /// Directories whose contents are added up.
    let quotas: [UInt64: Quota]
    let nodes: LoadedNodes
    private(set) var quotaUsage: [UInt64: DirectoryStat] = [:]
    private(set) var entries: UInt64 = 0
    private(set) var chunks: UInt64 = 0
    private(set) var slices: UInt64 = 0
    private var path: [Level] = []
    private var late = LateEntries()
    private let progress: (UInt64) throws -> Void

    /// A node whose object is being read.
    private struct Level {
        /// Nil at the top.
        var name: FileName?
        var node: DumpedNode
        /// Whether its fields are read, or its entries.
        var readsEntries = false
        var isFirstField = true
        var isFirstEntry = true
        /// The greatest name of an entry so far.
        var lastName: FileName?
        var subdirectories: UInt32 = 0
        /// What the entries add up to, and what they do with everything below them.
        var direct = DirectoryStat()
        var nested = DirectoryStat()
    }

    init(
        _ tokens: DumpTokens,
        into target: LoadTarget,
        settings: VolumeSettings,
        quotas: [UInt64: Quota],
        options: LoadOptions,
        progress: @escaping (UInt64) throws -> Void,
    ) {
        self.tokens = tokens
        self.target = target
        self.quotas = quotas
        self.progress = progress
        writesStats = settings.dirStats
        nodes = LoadedNodes(options)
    }

    /// Reads the tree below a directory at the top, whatever number the dump gives it.
    func read(top: Inode) throws {
        try tokens.expect("{")
        path = [Level(name: nil, node: nodes.describe())]
        while !path.isEmpty {
            if path[path.count - 1].readsEntries { try nextEntry() } else { try nextField(top) }
        }
        try late.flush(to: target)
    }

    private func nextField(_ top: Inode) throws {
        let last = path.count - 1
        guard try tokens.nextField(&path[last].isFirstField) else { return try leave(top) }
        let isTop = path[last].name == nil
        let isKnown = try path[last].node.takeField(tokens) { node in
            try nodes.addDetails(of: isTop ? top : node.inode, from: &node)
        }
        if isKnown { return }
        guard tokens.isText("entries") else { return try tokens.skipValue() }
        if try tokens.takeNull() { return }
        guard path[last].node.attributes?.type == .directory else {
            throw tokens.failure("entries of what is no directory, or stands before 'attr'")
        }
        guard path.count < Self.deepest else { throw tokens.failure("directories are nested too deep") }
        try tokens.expect("{")
        path[last].readsEntries = true
        path[last].isFirstEntry = true
        // Many directories may be open at a time.
        try nodes.addDetails(of: number(of: path[last], top), from: &path[last].node)
    }

    private func nextEntry() throws {
        let last = path.count - 1
        guard try tokens.nextField(&path[last].isFirstEntry) else {
            path[last].readsEntries = false
            return
        }
        let name = FileName(unescapedName(tokens.text))
        guard name.isValidName else { throw tokens.failure("the name '\(name)' is not possible") }
        try tokens.expect("{")
        path.append(Level(name: name, node: nodes.describe()))
    }

    private func number(of level: Level, _ top: Inode) -> Inode {
        level.name == nil ? top : level.node.inode
    }

    /// Takes in a node whose object has ended.
    private func leave(_ top: Inode) throws {
        var level = path.removeLast()
        guard var attributes = level.node.attributes else { throw tokens.failure("a node without 'attr'") }
        let inode = number(of: level, top)
        let parent = path.last.map { number(of: $0, top) } ?? .root
        level.node.inode = inode
        let isDirectory = attributes.type == .directory
        if isDirectory {
            // Trash directories stay at 2 whatever they contain.
            attributes.linkCount = 2 &+ (inode.isTrash ? 0 : level.subdirectories)
            attributes.length = 4096
        } else if attributes.type == .symlink {
            attributes.length = UInt64(level.node.target?.count ?? 0)
        } else if attributes.type != .file {
            attributes.length = 0
        }
        attributes.parent = parent
        if let rule = level.node.accessRule { attributes.accessACL = try target.aclID(of: rule) }
        if let rule = level.node.defaultRule { attributes.defaultACL = try target.aclID(of: rule) }
        chunks += level.node.chunkCount
        slices += level.node.sliceCount
        try nodes.add(&level.node, attributes)
        if isDirectory { try finish(level, inode) }
        guard let name = level.name else {
            guard isDirectory else { throw tokens.failure("the top is no directory") }
            return
        }
        try enter(name, inode, attributes, nested: level.nested, in: parent)
    }

    private func finish(_ directory: Level, _ inode: Inode) throws {
        if writesStats, inode != .trash {
            try target.put(.directoryStat(DirectoryStatRecord(inode: inode, stat: directory.direct)))
        }
        if quotas[inode.number] != nil { quotaUsage[inode.number] = directory.nested }
    }

    /// Adds an entry to the directory that is being read.
    private func enter(
        _ name: FileName,
        _ inode: Inode,
        _ attributes: Attributes,
        nested: DirectoryStat,
        in parent: Inode,
    ) throws {
        guard inode != .root, inode != .trash, inode.isTrash == (parent == .trash) else {
            throw tokens.failure("inode \(inode) cannot be in directory \(parent)")
        }
        let entry = NamedEntry(name: name, inode: inode, type: attributes.type)
        let last = path.count - 1
        if let greatest = path[last].lastName, !(greatest < name) {
            guard name != greatest else { throw tokens.failure("the name '\(name)' comes twice") }
            try late.add(entry, in: parent, to: target)
        } else {
            path[last].lastName = name
            try target.put(.entry(entry, in: parent))
        }
        let isFile = attributes.type == .file
        let own = DirectoryStat(
            dataLength: isFile ? Int64(clamping: attributes.length) : 0,
            usedSpace: attributes.usedSpace,
            usedInodes: 1
        )
        path[last].direct = path[last].direct + own
        path[last].nested = path[last].nested + own + nested
        if attributes.type == .directory { path[last].subdirectories &+= 1 }
        entries += 1
        if entries & 0xFFF == 0 { try progress(entries) }
    }
}
