// SPDX-License-Identifier: Apache-2.0
// A JSON dump becomes a volume (metadata-format §6.1): what can be counted is counted anew, the numbers that
// are handed out never fall behind the dump's.

package import Metadata
import SluiceBase
import VolumeModel

/// Loads a JSON dump into an empty database.
///
/// When it fails the database is left as it was found, or with the mark of an interrupted load when not even
/// that was possible.
/// - Parameter progress: is told of entries that were read.
/// - Throws: `CodecError` with the offset for a dump that is cut or damaged; `MaintenanceError.mismatch` when
///   the footer does not fit; `EngineError.exists` for a database that is not empty.
package func loadJSON(
    from input: any DumpInput,
    into engine: any MetadataEngine,
    options: LoadOptions = LoadOptions(),
    progress: @escaping (UInt64) -> Void = { _ in },
) throws -> LoadSummary {
    let load = JSONLoad(DumpTokens(input), engine, options, progress)
    do {
        return try load.run()
    } catch {
        load.target?.abandon()
        throw error
    }
}

/// One load.
private final class JSONLoad {
    private static let longestSetting = 1 << 20

    private let tokens: DumpTokens
    private let engine: any MetadataEngine
    private let options: LoadOptions
    private let progress: (UInt64) -> Void
    private(set) var target: LoadTarget?
    private var settings = VolumeSettings()
    private var dumped: [Counter: Int64] = [:]
    private var quotas: [QuotaKind: [UInt64: Quota]] = [:]
    private var tree: LoadedTree?
    private var hasTree = false
    private var hasFooter = false
    private var completeness = Completeness.unknown

    init(
        _ tokens: DumpTokens,
        _ engine: any MetadataEngine,
        _ options: LoadOptions,
        _ progress: @escaping (UInt64) -> Void,
    ) {
        self.tokens = tokens
        self.engine = engine
        self.options = options
        self.progress = progress
    }

    func run() throws -> LoadSummary {
        try tokens.expect("{")
        var isFirst = true
        var digest: [UInt8] = []
        while try tokens.nextField(&isFirst, digestBefore: &digest) {
            try options.cancellation.throwIfCancelled()
            try takeField(digest)
        }
        try tokens.expectEnd()
        guard let target, let tree, hasTree else {
            throw tokens.failure("it ends without a tree")
        }
        if case .mismatch(let reason) = completeness, !options.isForced {
            throw MaintenanceError(
                .mismatch,
                "load",
                reason: "the footer does not fit the dump: \(reason)",
                hint: "something was lost or changed; --force loads what is there"
            )
        }
        return try finish(tree, target)
    }

    private func takeField(_ digest: [UInt8]) throws {
        guard !hasFooter else {
            throw tokens.failure("a field behind the footer, which speaks of all fields")
        }
        if tokens.isText("Setting") { return try takeSetting() }
        if tokens.isText("Footer") { return try takeFooter(digest) }
        guard let target else { throw tokens.failure("'Setting' must be the first field") }
        if tokens.isText("Counters") {
            try takeCounters()
        } else if tokens.isText("DelFiles") {
            try tokens.forEachElement { try target.put(.deletedFile(try deletedFile())) }
        } else if tokens.isText("Quotas") {
            try takeQuotas(.directory)
        } else if tokens.isText("UserQuotas") {
            try takeQuotas(.user)
        } else if tokens.isText("GroupQuotas") {
            try takeQuotas(.group)
        } else if tokens.isText("FSTree") {
            guard !hasTree else { throw tokens.failure("two trees") }
            hasTree = true
            try startTree(target).read(top: .root)
        } else if tokens.isText("Trash") {
            if try tokens.takeNull() { return }
            try startTree(target).read(top: .trash)
        } else {
            // Files that were open have no name: their data is left to gc, as JuiceFS leaves it.
            try tokens.skipValue()
        }
    }

    private func startTree(_ target: LoadTarget) throws -> LoadedTree {
        if let tree { return tree }
        let made = LoadedTree(
            tokens,
            into: target,
            settings: settings,
            quotas: quotas[.directory] ?? [:],
            options: options,
            progress: { [options, progress] count in
                try options.cancellation.throwIfCancelled()
                progress(count)
            }
        )
        tree = made
        return made
    }

    private func takeSetting() throws {
        guard target == nil else { throw tokens.failure("two settings") }
        settings = try VolumeSettings(decoding: try tokens.rawValue(limit: Self.longestSetting))
        guard settings.metaVersion <= 1, !settings.uuid.isEmpty else {
            let reason = "its metadata have version \(settings.metaVersion), this program knows version 1"
            throw MaintenanceError(.incompatible, "load", reason: reason)
        }
        target = try LoadTarget.begin(engine, for: settings, resuming: options.isResuming)
    }

    private func takeCounters() throws {
        let names: [String: Counter] = [
            "nextInodes": .nextInode, "nextChunk": .nextChunk, "nextSession": .nextSession,
            "nextTrash": .nextTrash,
        ]
        try tokens.forEachField {
            guard let counter = names[String(decoding: tokens.text, as: UTF8.self)] else {
                return try tokens.skipValue()
            }
            dumped[counter] = try tokens.number()
        }
    }

    private func deletedFile() throws -> DeletedFile {
        var file = DeletedFile(inode: Inode(0), length: 0, deleted: 0)
        try tokens.forEachField {
            if tokens.isText("inode") {
                file.inode = Inode(try tokens.number())
            } else if tokens.isText("length") {
                file.length = try tokens.number()
            } else if tokens.isText("expire") {
                file.deleted = try tokens.number()
            } else {
                try tokens.skipValue()
            }
        }
        guard file.inode.number > 0, Int64(exactly: file.inode.number) != nil else {
            throw tokens.failure("\(file.inode) is no inode")
        }
        return file
    }

    private func takeQuotas(_ kind: QuotaKind) throws {
        guard tree == nil else { throw tokens.failure("quotas stand behind the tree") }
        try tokens.forEachField {
            guard let key = UInt64(String(decoding: tokens.text, as: UTF8.self)) else {
                throw tokens.failure("the key of a quota is no number")
            }
            var quota = Quota(maxSpace: 0, maxInodes: 0)
            try tokens.forEachField {
                if tokens.isText("maxSpace") {
                    quota.maxSpace = try tokens.number()
                } else if tokens.isText("maxInodes") {
                    quota.maxInodes = try tokens.number()
                } else {
                    try tokens.skipValue()
                }
            }
            guard quotas[kind, default: [:]].updateValue(quota, forKey: key) == nil else {
                throw tokens.failure("a second \(kind) quota of \(key)")
            }
        }
    }

    // MARK: The end

    private func takeFooter(_ digest: [UInt8]) throws {
        guard let tree else { throw tokens.failure("the footer stands before the tree") }
        hasFooter = true
        var wrong: [String] = []
        func compare(_ what: String, _ found: UInt64) throws {
            let said: UInt64 = try tokens.number()
            if said != found { wrong.append("it counts \(said) \(what), there are \(found)") }
        }
        var sum: String?
        try tokens.forEachField {
            if tokens.isText("entries") {
                try compare("entries", tree.entries)
            } else if tokens.isText("chunks") {
                try compare("chunks", tree.chunks)
            } else if tokens.isText("slices") {
                try compare("slices", tree.slices)
            } else if tokens.isText("sha256") {
                try tokens.string()
                sum = String(decoding: tokens.text, as: UTF8.self)
            } else {
                try tokens.skipValue()
            }
        }
        if sum != Hex.encode(digest) { wrong.append("the SHA-256 is another one") }
        completeness = wrong.isEmpty ? .verified : .mismatch(wrong.joined(separator: ", "))
    }

    private func finish(_ tree: LoadedTree, _ target: LoadTarget) throws -> LoadSummary {
        try tree.nodes.finish(into: target)
        let totals = tree.nodes.totals
        var summary = LoadSummary(settings: settings.name, completeness: completeness)
        summary.nextInode = following(totals.highestInode, .nextInode)
        summary.nextChunk = following(totals.highestSlice, .nextChunk)
        summary.usedSpace = totals.usedSpace
        let counters: [(Counter, Int64)] = [
            (.nextInode, summary.nextInode), (.nextChunk, summary.nextChunk),
            (.nextSession, max(dumped[.nextSession] ?? 0, 0)),
            (.nextTrash, max(dumped[.nextTrash] ?? 0, Int64(clamping: totals.highestTrash))),
            (.usedSpace, totals.usedSpace), (.totalInodes, totals.totalInodes), (.nextCleanupSlices, 0),
        ]
        for (counter, value) in counters { try target.put(.counter(counter, value)) }
        try putQuotas(tree, target)
        try options.cancellation.throwIfCancelled()
        let stored = try settings.sealed()
        try target.finish(stored)
        (summary.entries, summary.chunks, summary.slices) = (tree.entries, tree.chunks, tree.slices)
        summary.inodes = UInt64(clamping: totals.totalInodes)
        summary.bytes = tokens.offset
        summary.lacksSecrets = settings.hasRemovedSecret
        summary.disputedSlices = tree.nodes.disputedSlices
        return summary
    }

    /// The number that comes after every one that is used, and not before the dump's.
    private func following(_ highest: UInt64, _ counter: Counter) -> Int64 {
        max(dumped[counter] ?? 0, Int64(clamping: highest).saturatingAdd(1))
    }

    private func putQuotas(_ tree: LoadedTree, _ target: LoadTarget) throws {
        for (key, quota) in tree.quotas {
            try put(.directory, key, quota, tree.quotaUsage[key], target)
        }
        guard settings.userGroupQuota else { return }
        let totals = tree.nodes.totals
        for (kind, usage) in [(QuotaKind.user, totals.users), (.group, totals.groups)] {
            var limits = quotas[kind] ?? [:]
            // Owners without limits are counted too, as live clients do.
            for owner in usage.keys where limits[UInt64(owner)] == nil {
                limits[UInt64(owner)] = Quota(maxSpace: -1, maxInodes: -1)
            }
            for (key, quota) in limits {
                try put(kind, key, quota, UInt32(exactly: key).flatMap { usage[$0] }, target)
            }
        }
    }

    private func put(
        _ kind: QuotaKind,
        _ key: UInt64,
        _ quota: Quota,
        _ usage: DirectoryStat?,
        _ target: LoadTarget,
    ) throws {
        var quota = quota
        quota.usedSpace = usage?.usedSpace ?? 0
        quota.usedInodes = usage?.usedInodes ?? 0
        try target.put(.quota(QuotaRecord(kind: kind, key: key, quota: quota)))
    }
}
