// SPDX-License-Identifier: Apache-2.0
// The same bundles as the pass builds, by point reads of one consistent state, and the paths and names that
// turn what the rules say into findings.

import Metadata
import SluiceBase
import VolumeModel

/// Reads bundles.
///
/// Valid inside one read transaction.
struct BundleReader {
    let reader: any MetadataReader
    let living: Set<UInt64>
    /// Whether the engine counts a node's names by directory (`MetadataEngine.countsParents`).
    var countsParents = false

    /// Entries read at a time.
    static let pageSize = 1000
    /// Entries of a directory that are followed upwards when a loop is looked for.
    private static let loopEntryLimit = 16

    /// Everything about one inode number.
    /// - Parameter parents: directories that may hold entries for it which the node does not know of.
    func node(_ inode: Inode, seenIn parents: [Inode] = []) throws -> NodeBundle {
        var bundle = NodeBundle()
        bundle.inode = inode
        do {
            try fill(&bundle, parents)
        } catch let error as EngineError where error.code == .corrupt {
            // The record itself is a finding already; nothing else is concluded from it.
            bundle.isUndecodable = true
        }
        return bundle
    }

    private func fill(_ bundle: inout NodeBundle, _ parents: [Inode]) throws {
        let inode = bundle.inode
        bundle.node = try reader.node(inode).map { NodeDigest(NodeRecord(inode: inode, attributes: $0)) }
        let links = try reader.parents(of: inode)
        if countsParents, bundle.node?.parent == 0 { bundle.countedParents = links }
        for parent in Set(links.map(\.parent)).union(parents).sorted() {
            for name in try reader.names(of: inode, in: parent) {
                guard let entry = try reader.entry(named: name, in: parent) else { continue }
                bundle.add(EntryDigest(inode: inode, parent: parent, type: entry.type))
            }
        }
        bundle.hasChildren = try reader.hasEntries(inode)
        for chunk in try reader.chunks(of: inode) {
            bundle.chunks.add(ChunkDigest(chunk, SliceUseCollector.read(chunk) { _ in }))
        }
        bundle.targetLength = try reader.symlinkTarget(of: inode).map { UInt64($0.count) }
        bundle.attributeCount = try reader.extendedAttributes(of: inode).count
        bundle.isDeletedFile = try reader.deletedFile(inode) != nil
        bundle.detachedAt = try reader.detachedNode(inode)?.added
        for session in try reader.sustainingSessions(of: inode) {
            if living.contains(session) {
                bundle.sustainedByLiving += 1
            } else {
                bundle.sustainedByDead = bundle.sustainedByDead ?? session
            }
        }
        guard bundle.node?.type == .directory else { return }
        let finder = PathFinder(reader: reader)
        if bundle.entries.count == 1 { bundle.isInLoop = try finder.isLowestOfRing(inode) }
        guard bundle.entries.count > 1 else { return }
        for entry in bundle.entries.prefix(Self.loopEntryLimit) where !bundle.isInLoop {
            bundle.isInLoop = try finder.isBelow(Inode(entry.parent), inode)
        }
    }

    /// A directory with the sum of its entries, and findings about their names.
    func directory(_ inode: Inode) throws -> (bundle: DirectoryBundle, names: [Finding]) {
        var bundle = DirectoryBundle()
        bundle.inode = inode
        var names: [Finding] = []
        do {
            if let node = try reader.node(inode), node.type == .directory {
                bundle.linkCount = node.linkCount
                bundle.isTrashed = node.parent > .trash
            }
            bundle.stat = try reader.directoryStat(of: inode)
            try addEntries(&bundle, &names)
        } catch let error as EngineError where error.code == .corrupt {
            bundle.isUndecodable = true
        }
        return (bundle, names)
    }

    private func addEntries(_ bundle: inout DirectoryBundle, _ names: inout [Finding]) throws {
        var last: FileName?
        while true {
            let page = try reader.entries(of: bundle.inode, after: last, limit: Self.pageSize)
            let nodes = try reader.nodes(page.map(\.inode))
            for (entry, attributes) in zip(page, nodes) {
                let node = attributes.map { NodeDigest(NodeRecord(inode: entry.inode, attributes: $0)) }
                bundle.add(ChildDigest(parent: bundle.inode.number, entryType: entry.type, node: node))
                if let finding = try nameFinding(entry, in: bundle.inode, attributes) {
                    names.append(finding)
                }
            }
            guard page.count == Self.pageSize, let next = page.last?.name, next != last else { return }
            last = next
        }
    }

    private func nameFinding(_ entry: NamedEntry, in directory: Inode, _ node: Attributes?) throws -> Finding?
    {
        let code: FindingCode
        let replacement: FileName
        let detail: String
        if !entry.name.isValidName {
            code = .edgeName
            replacement = FileName("renamed-\(entry.inode)")
            detail = "no program can open the name"
        } else if directory == .trash, TrashHour(parsing: entry.name) == nil {
            code = .trashName
            replacement = TrashHour(containing: node?.changeTime ?? .epoch).name
            detail = "the trash directory is not named by an hour and never expires"
        } else {
            return nil
        }
        let isTaken = try reader.entry(named: replacement, in: directory) != nil
        let fix = Fix.renameEntry(parent: directory, name: entry.name, inode: entry.inode, to: replacement)
        let paths = try PathFinder(reader: reader).paths(of: directory)
        return Finding(code, detail, fix: isTaken ? .none : fix).with {
            $0.inode = entry.inode
            $0.parent = directory
            $0.name = entry.name
            $0.paths = paths.map { $0 + (directory == .root ? "" : "/") + entry.name }
        }
    }
}

extension BundleReader {
    /// Adds paths, and for findings about entries the entry concerned and what to do with it.
    func complete(_ finding: Finding, _ bundle: NodeBundle) throws -> Finding {
        var finding = finding
        finding.inode = bundle.inode
        let parents = bundle.entries.map { Inode($0.parent) }
        finding.paths = try PathFinder(reader: reader).paths(of: bundle.inode, alsoIn: parents)
        switch finding.code {
        case .edgeType: try completeEntryType(&finding, bundle)
        case .edgeDangling, .dirParents, .dirLoop: try completeEntry(&finding, bundle)
        default: break
        }
        return finding
    }

    private func completeEntryType(_ finding: inout Finding, _ bundle: NodeBundle) throws {
        guard let node = bundle.node, let entry = bundle.entries.first(where: { $0.type != node.type }),
            let name = try name(of: entry, where: { $0.type != node.type })
        else { return }
        finding.parent = Inode(entry.parent)
        finding.name = name
        finding.fix = .setEntryType(
            parent: Inode(entry.parent),
            name: name,
            inode: bundle.inode,
            from: entry.type,
            to: node.type
        )
    }

    /// The entry that should go: for a loop the one that closes it, for a second parent one that the node
    /// does not name.
    private func completeEntry(_ finding: inout Finding, _ bundle: NodeBundle) throws {
        let finder = PathFinder(reader: reader)
        let chosen: EntryDigest?
        switch finding.code {
        case .dirLoop:
            chosen = try bundle.entries.first { try finder.isBelow(Inode($0.parent), bundle.inode) }
        case .dirParents:
            chosen = bundle.entries.first { $0.parent != bundle.node?.parent } ?? bundle.entries.last
        default:
            chosen = bundle.entries.first
        }
        guard let entry = chosen, let name = try name(of: entry, where: { _ in true }) else { return }
        finding.parent = Inode(entry.parent)
        finding.name = name
        if finding.fix == .none {
            finding.fix = .removeEntry(parent: Inode(entry.parent), name: name, inode: bundle.inode)
        }
    }

    private func name(of entry: EntryDigest, where accept: (Entry) -> Bool) throws -> FileName? {
        let parent = Inode(entry.parent)
        return try reader.names(of: Inode(entry.inode), in: parent).last { name in
            try reader.entry(named: name, in: parent).map(accept) ?? false
        }
    }
}
