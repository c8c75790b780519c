// SPDX-License-Identifier: Apache-2.0
// What must hold for an inode number (metadata-format §3.2, §5.3-5.7). Rules see one bundle and nothing
// else, so that the pass and the second look judge alike.

import Metadata
import VolumeModel

/// The rules about nodes.
struct NodeRules: Sendable {
    /// Seconds since the epoch.
    var now: Int64

    /// Detached trees younger than this may still be attached by the clone that makes them (admin-commands
    /// §5).
    static let detachedGraceSeconds: Int64 = 24 * 3600

    /// What is wrong; paths and names are filled in by the caller.
    func findings(_ bundle: NodeBundle) -> [Finding] {
        guard !bundle.isUndecodable else { return [] }
        var found: [Finding] = []
        if let node = bundle.node {
            if !node.type.isKnown {
                found.append(
                    Finding(
                        .nodeType,
                        "type \(node.type.rawValue) is none of the seven",
                        fix: typeFix(bundle, node)
                    )
                )
            } else if bundle.hasChildren, node.type != .directory {
                found.append(
                    Finding(
                        .nodeType,
                        "the node is a \(node.type) and entries lie in it",
                        fix: .setType(bundle.inode, from: node.type, to: .directory)
                    )
                )
            } else if bundle.typeMismatches > 0 {
                found.append(Finding(.edgeType, "the node is a \(node.type), its entry says otherwise"))
            }
            if node.type == .directory {
                checkDirectory(bundle, node, &found)
            } else {
                checkLinks(bundle, node, &found)
            }
            if node.type == .file { checkData(bundle, node, &found) }
            if node.type == .symlink { checkSymlink(bundle, node, &found) }
            if node.type.isKnown, node.type != .symlink, bundle.targetLength != nil {
                found.append(strayTarget(bundle))
            }
        } else {
            checkAbsent(bundle, &found)
        }
        checkJobs(bundle, &found)
        return found
    }

    /// Looks for records that still speak of a node that is not there.
    private func checkAbsent(_ bundle: NodeBundle, _ found: inout [Finding]) {
        let inode = bundle.inode
        if bundle.entryCount > 0 {
            let type = bundle.entries.first?.type ?? .file
            let keeps = bundle.hasChildren || bundle.chunks.count > 0
            found.append(
                Finding(
                    .edgeDangling,
                    bundle.hasChildren
                        ? "the directory's node is gone, entries still lie in it"
                        : "\(bundle.entryCount) entries point to a node that is not there",
                    fix: keeps ? .createNode(inode, type: bundle.hasChildren ? .directory : type) : .none
                )
            )
        } else if bundle.hasChildren, inode != .root, inode != .trash {
            found.append(
                Finding(
                    .dirMissing,
                    "entries lie in a directory that has no node and no name",
                    fix: .createNode(inode, type: .directory)
                )
            )
        }
        if bundle.chunks.count > 0, !bundle.isDeletedFile {
            found.append(
                Finding(
                    .chunkOrphan,
                    "\(bundle.chunks.count) chunk records belong to no node",
                    fix: bundle.entryCount > 0 ? .none : .createNode(inode, type: .file)
                )
            )
        }
        if bundle.targetLength != nil { found.append(strayTarget(bundle)) }
        // Compatibility: 1.4.2 keeps the time of its last metadata backup as an attribute of inode 0.
        if bundle.attributeCount > 0, inode.number != 0 {
            found.append(
                Finding(
                    .xattrStray,
                    "\(bundle.attributeCount) extended attributes belong to no node",
                    fix: .deleteExtendedAttributes(inode)
                )
            )
        }
    }

    private func checkDirectory(_ bundle: NodeBundle, _ node: NodeDigest, _ found: inout [Finding]) {
        let inode = bundle.inode
        let isTop = inode == .root || inode == .trash
        if bundle.isInLoop || (isTop && bundle.entryCount > 0) {
            found.append(Finding(.dirLoop, "the directory lies inside itself"))
        } else if bundle.entryCount > 1 {
            found.append(Finding(.dirParents, "\(bundle.entryCount) entries point to the directory"))
        } else if bundle.entryCount == 1, !isTop, node.parent != bundle.parentByEntries {
            found.append(
                Finding(
                    .dirParent,
                    "the node says parent \(node.parent), its entry is in \(bundle.parentByEntries)",
                    fix: .setParent(inode, from: Inode(node.parent), to: Inode(bundle.parentByEntries))
                )
            )
        } else if bundle.entryCount == 0, !isTop, bundle.detachedAt == nil {
            found.append(
                Finding(.nodeOrphan, "no entry points to the directory", fix: .attachOrphan(inode))
            )
        }
    }

    /// Names of everything that is no directory.
    private func checkLinks(_ bundle: NodeBundle, _ node: NodeDigest, _ found: inout [Finding]) {
        let inode = bundle.inode
        if bundle.entryCount == 0 {
            guard bundle.detachedAt == nil else { return }
            // Open files without a name wait for their session; sessions that are gone are a finding of
            // their own.
            let waits = node.linkCount == 0 && (bundle.sustainedByLiving > 0 || bundle.sustainedByDead != nil)
            if !waits {
                found.append(
                    Finding(.nodeOrphan, "no entry points to the \(node.type)", fix: .attachOrphan(inode))
                        .with {
                            $0.bytes = node.length
                        }
                )
            }
            return
        }
        let links = UInt32(clamping: bundle.entryCount)
        // What may be a directory counts its links in another way.
        let mayBeDirectory = bundle.entries.contains { $0.type == .directory }
        if node.linkCount != links, !mayBeDirectory {
            let isHigh = node.linkCount > links
            found.append(
                Finding(
                    isHigh ? .fileLinksHigh : .fileLinksLow,
                    "link count \(node.linkCount), \(links) entries point to it",
                    fix: .setLinkCount(inode, from: node.linkCount, to: links)
                )
            )
        }
        guard node.parent != 0 else { return checkParentCounts(bundle, &found) }
        let agrees = bundle.entryCount == 1 && bundle.entries.contains { $0.parent == node.parent }
        guard !agrees, bundle.entryCount <= NodeBundle.entryLimit else { return }
        let target = bundle.entryCount == 1 ? Inode(bundle.parentByEntries) : Inode(0)
        found.append(
            Finding(
                .fileParent,
                "the node says parent \(node.parent), its entries say \(target)",
                fix: .setParent(inode, from: Inode(node.parent), to: target)
            )
        )
    }

    /// What the engine counts against the entries themselves.
    private func checkParentCounts(_ bundle: NodeBundle, _ found: inout [Finding]) {
        guard let counted = bundle.countedParents, bundle.entryCount <= NodeBundle.entryLimit else { return }
        var counts: [Inode: Int64] = [:]
        for link in counted where link.count != 0 { counts[link.parent] = link.count }
        let names = Dictionary(grouping: bundle.entries) { Inode($0.parent) }.mapValues { Int64($0.count) }
        for parent in Set(counts.keys).union(names.keys).sorted() {
            let (stored, right) = (counts[parent] ?? 0, names[parent] ?? 0)
            guard stored != right else { continue }
            found.append(
                Finding(
                    .parentCount,
                    "\(stored) names are counted in directory \(parent), there are \(right)",
                    fix: .setParentCount(bundle.inode, parent: parent, from: stored, to: right)
                )
            )
        }
    }

    private func checkData(_ bundle: NodeBundle, _ node: NodeDigest, _ found: inout [Finding]) {
        let chunks = bundle.chunks
        if let first = chunks.firstDamaged {
            found.append(
                Finding(.chunkDamaged, "the slice list of chunk \(first) does not decode").with {
                    $0.count = UInt64(chunks.damagedCount)
                }
            )
        }
        if chunks.outOfBounds > 0 {
            found.append(
                Finding(.sliceBounds, "slice records reach out of their chunk or slice").with {
                    $0.count = UInt64(chunks.outOfBounds)
                }
            )
        }
        guard chunks.damagedCount == 0, chunks.outOfBounds == 0 else { return }
        if chunks.dataEnd > node.length {
            found.append(
                Finding(
                    .lengthShort,
                    "length \(node.length), data reach to \(chunks.dataEnd)",
                    fix: .setLength(bundle.inode, from: node.length, to: chunks.dataEnd)
                ).with { $0.bytes = chunks.dataEnd - node.length }
            )
        } else if chunks.coveredEnd < node.length, bundle.typeMismatches == 0 {
            // fallocate and the compaction of a file that ends in a hole leave this on healthy volumes.
            found.append(
                Finding(.lengthLong, "length \(node.length), records end at \(chunks.coveredEnd)").with {
                    $0.bytes = node.length - chunks.coveredEnd
                }
            )
        }
    }

    private func checkSymlink(_ bundle: NodeBundle, _ node: NodeDigest, _ found: inout [Finding]) {
        guard let length = bundle.targetLength else {
            found.append(Finding(.symlinkTarget, "the symlink has no target"))
            return
        }
        guard length != node.length else { return }
        found.append(
            Finding(
                .symlinkLength,
                "length \(node.length), the target has \(length) bytes",
                fix: .setLength(bundle.inode, from: node.length, to: length)
            )
        )
    }

    /// Queues that must not name what lives.
    private func checkJobs(_ bundle: NodeBundle, _ found: inout [Finding]) {
        let inode = bundle.inode
        if bundle.isDeletedFile, bundle.node != nil {
            found.append(
                Finding(
                    .deletedFileLive,
                    "the file waits for the deletion of its data and is alive",
                    fix: .deleteDeletedFile(inode)
                )
            )
        }
        if let added = bundle.detachedAt { checkDetached(bundle, added, &found) }
        if bundle.sustainedByLiving > 0 || bundle.sustainedByDead != nil, bundle.entryCount > 0,
            bundle.node != nil
        {
            found.append(Finding(.sustainedLive, "held as a deleted file and still named"))
        } else if let session = bundle.sustainedByDead {
            found.append(
                Finding(
                    .sustainedStale,
                    "held open by session \(session), which is gone",
                    fix: .deleteSustained(session: session, inode: inode)
                )
            )
        }
    }

    private func checkDetached(_ bundle: NodeBundle, _ added: Int64, _ found: inout [Finding]) {
        let fix = Fix.deleteDetached(bundle.inode)
        if bundle.node == nil {
            found.append(Finding(.detachedStray, "a detached tree has no node", fix: fix))
        } else if bundle.entryCount > 0 {
            found.append(Finding(.detachedLive, "marked as detached and still named", fix: fix))
        } else if added < now - Self.detachedGraceSeconds {
            found.append(Finding(.detachedStale, "a clone was left unfinished"))
        }
    }

    private func strayTarget(_ bundle: NodeBundle) -> Finding {
        Finding(
            .symlinkStray,
            "a symlink target belongs to no symlink",
            fix: .deleteSymlinkTarget(bundle.inode)
        )
    }

    private func typeFix(_ bundle: NodeBundle, _ node: NodeDigest) -> Fix {
        guard bundle.entryCount == bundle.entries.count, let type = bundle.entries.first?.type, type.isKnown,
            bundle.entries.allSatisfy({ $0.type == type })
        else { return .none }
        return .setType(bundle.inode, from: node.type, to: type)
    }
}
