// SPDX-License-Identifier: Apache-2.0
// What must hold between a directory and its direct children (metadata-format §3.2, §5.8).

import Metadata
import VolumeModel

/// What a directory's entry contributes to it.
struct ChildDigest: BitwiseCopyable, Comparable, Sendable {
    /// How the entry and its node go together.
    enum Kind: UInt8, BitwiseCopyable, Sendable {
        case file, directory, other
        /// No node; the entry says file or other.
        case dangling
        /// No node; the entry says directory.
        case danglingDirectory
        /// Entry and node differ in whether this is a directory, or the node's type is unknown.
        case disputed
    }

    var parent: UInt64
    var length: UInt64
    var kind: Kind

    init(parent: UInt64, entryType: FileType, node: NodeDigest?) {
        self.parent = parent
        length = node?.length ?? 0
        kind = Self.kind(entryType, node?.type)
    }

    private static func kind(_ entryType: FileType, _ type: FileType?) -> Kind {
        guard let type else { return entryType == .directory ? .danglingDirectory : .dangling }
        guard type.isKnown, (type == .directory) == (entryType == .directory) else { return .disputed }
        switch type {
        case .file: return .file
        case .directory: return .directory
        default: return .other
        }
    }

    static func < (left: ChildDigest, right: ChildDigest) -> Bool { left.parent < right.parent }
}

/// A directory with the sum of its entries.
struct DirectoryBundle: Sendable {
    var inode = Inode(0)
    /// Nil when there is no node or it is no directory.
    var linkCount: UInt32?
    var isUndecodable = false
    /// Whether it lies directly in an hourly trash directory.
    var isTrashed = false
    var subdirectories: UInt64 = 0
    /// Entries that may or may not be directories.
    var uncertain: UInt64 = 0
    var sum = DirectoryStat()
    var stat: DirectoryStat?

    mutating func clear(for inode: Inode) {
        self = DirectoryBundle()
        self.inode = inode
    }

    mutating func add(_ child: ChildDigest) {
        switch child.kind {
        case .file:
            let length = Int64(clamping: child.length)
            sum =
                sum
                + DirectoryStat(
                    dataLength: length,
                    usedSpace: Usage.space(ofLength: child.length),
                    usedInodes: 1
                )
        case .directory:
            subdirectories += 1
            sum = sum + DirectoryStat(usedSpace: 4096, usedInodes: 1)
        case .other:
            sum = sum + DirectoryStat(usedSpace: 4096, usedInodes: 1)
        case .dangling, .danglingDirectory, .disputed:
            uncertain += 1
        }
    }
}

/// The rules about directories.
struct DirectoryRules: Sendable {
    /// Whether the volume keeps directory stats.
    var hasStats: Bool

    /// What is wrong.
    ///
    /// A directory with dangling or disputed entries is judged leniently: those entries are findings of
    /// their own, and what they stood for is not known.
    func findings(_ bundle: DirectoryBundle) -> [Finding] {
        guard !bundle.isUndecodable else { return [] }
        guard let linkCount = bundle.linkCount else {
            guard bundle.stat != nil else { return [] }
            return [
                Finding(
                    .dirStatStray,
                    "a directory stat belongs to no directory",
                    fix: .setDirectoryStat(bundle.inode, from: bundle.stat, to: nil)
                )
            ]
        }
        var found: [Finding] = []
        checkLinks(bundle, linkCount, &found)
        checkStat(bundle, &found)
        return found
    }

    private func checkLinks(_ bundle: DirectoryBundle, _ linkCount: UInt32, _ found: inout [Finding]) {
        // Trash directories stay at 2 whatever they contain (metadata-format §3.2).
        let expected = bundle.inode.isTrash ? 2 : bundle.subdirectories + 2
        let most = bundle.inode.isTrash ? bundle.subdirectories + 2 : expected + bundle.uncertain
        guard UInt64(linkCount) < expected || UInt64(linkCount) > most else { return }
        found.append(
            Finding(
                .dirLinks,
                "link count \(linkCount), \(bundle.subdirectories) directories in it",
                fix: .setLinkCount(bundle.inode, from: linkCount, to: UInt32(clamping: expected))
            )
        )
    }

    private func checkStat(_ bundle: DirectoryBundle, _ found: inout [Finding]) {
        guard hasStats, bundle.inode != .trash else { return }
        let fix = Fix.setDirectoryStat(bundle.inode, from: bundle.stat, to: bundle.sum)
        guard let stat = bundle.stat else {
            // The root gets its record with its first change, and rmdir into the trash removes the record.
            if bundle.isTrashed || (bundle.inode == .root && bundle.sum.isZero) { return }
            found.append(
                Finding(.dirStatMissing, "no stat; the entries add up to \(text(bundle.sum))", fix: fix).with
                {
                    if bundle.sum.isZero { $0.severity = .info }
                }
            )
            return
        }
        if stat.dataLength < 0 || stat.usedSpace < 0 || stat.usedInodes < 0 {
            found.append(Finding(.dirStatNegative, "the stat says \(text(stat))", fix: fix))
        } else if bundle.uncertain == 0, stat != bundle.sum {
            let onlyLength =
                stat.usedSpace == bundle.sum.usedSpace && stat.usedInodes == bundle.sum.usedInodes
            found.append(
                Finding(
                    onlyLength ? .dirStatLength : .dirStat,
                    "the stat says \(text(stat)), the entries add up to \(text(bundle.sum))",
                    fix: fix
                )
            )
        }
    }

    private func text(_ stat: DirectoryStat) -> String {
        "\(stat.dataLength) bytes in \(stat.usedInodes) entries using \(stat.usedSpace)"
    }
}
