// SPDX-License-Identifier: Apache-2.0
// The stable names of damage, one for each class of the damage matrix (admin-commands §7). Scripts match on
// them: a code is never renamed and never gets another meaning.

/// What a finding is about.
package enum FindingCode: String, Hashable, Sendable, CaseIterable {
    // Objects.
    case objectMissing = "object-missing"
    case objectShort = "object-short"
    case objectOversized = "object-oversized"
    case objectUnreadable = "object-unreadable"
    case objectMisplaced = "object-misplaced"
    case objectLeaked = "object-leaked"
    case objectForeign = "object-foreign"
    case objectExtra = "object-extra"
    case objectsGone = "objects-gone"
    case uuidDiffers = "uuid-differs"
    case uuidMissing = "uuid-missing"

    // Names and nodes.
    case edgeDangling = "edge-dangling"
    case edgeType = "edge-type"
    case edgeName = "edge-name"
    case trashName = "trash-name"
    case nodeOrphan = "node-orphan"
    case nodeType = "node-type"
    case fileLinksHigh = "file-nlink-high"
    case fileLinksLow = "file-nlink-low"
    case fileParent = "file-parent"
    case parentCount = "parent-count"
    case dirLinks = "dir-nlink"
    case dirParent = "dir-parent"
    case dirParents = "dir-parents"
    case dirLoop = "dir-loop"
    case dirMissing = "dir-missing"
    case rootMissing = "root-missing"
    case trashMissing = "trash-missing"
    case symlinkTarget = "symlink-target"
    case symlinkLength = "symlink-length"
    case symlinkStray = "symlink-stray"
    case xattrStray = "xattr-stray"
    case recordDamaged = "record-damaged"

    // File data.
    case chunkMissing = "chunk-missing"
    case chunkDamaged = "chunk-damaged"
    case chunkOrphan = "chunk-orphan"
    case sliceBounds = "slice-bounds"
    case lengthShort = "length-short"
    case lengthLong = "length-long"

    // Slices.
    case sliceSize = "slice-size"
    case referenceMissing = "slice-ref-missing"
    case referenceDead = "slice-ref-dead"
    case referenceLow = "slice-ref-low"
    case referenceHigh = "slice-ref-high"
    case referenceSize = "slice-ref-size"
    case referenceStray = "slice-ref-stray"
    case referenceOfHole = "slice-ref-hole"
    case sliceUnclaimed = "slice-unclaimed"
    case slicePending = "slice-pending"
    case delayedLive = "delayed-live"

    // Usage and counters.
    case dirStatMissing = "dir-stat-missing"
    case dirStatNegative = "dir-stat-negative"
    case dirStat = "dir-stat"
    case dirStatLength = "dir-stat-length"
    case dirStatStray = "dir-stat-stray"
    case quotaUsage = "quota-usage"
    case quotaStray = "quota-stray"
    case ownerQuotaUsage = "owner-quota-usage"
    case ownerQuotaMissing = "owner-quota-missing"
    case ownerQuotaStray = "owner-quota-stray"
    case usageSpace = "usage-space"
    case usageInodes = "usage-inodes"
    case counterLow = "counter-low"

    // Jobs that are under way.
    case deletedFileLive = "deleted-file-live"
    case detachedLive = "detached-live"
    case detachedStale = "detached-stale"
    case detachedStray = "detached-stray"
    case sustainedLive = "sustained-live"
    case sustainedStale = "sustained-stale"
    case sessionStale = "session-stale"
}

/// How bad a finding is.
package enum Severity: String, Hashable, Sendable, Comparable {
    /// Worth knowing; a healthy volume may show it. Does not change the exit status.
    case info
    /// Wrong, and no data are at risk.
    case warning
    /// Data are lost, unreachable, or will be lost when somebody works on.
    case error

    private var rank: Int {
        switch self {
        case .info: 0
        case .warning: 1
        case .error: 2
        }
    }

    package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
}

extension FindingCode {
    /// The severity unless a finding says otherwise.
    package var severity: Severity {
        switch self {
        case .uuidMissing, .objectForeign, .slicePending, .lengthLong, .sessionStale:
            .info
        case .objectLeaked, .objectExtra, .objectMisplaced, .objectOversized, .edgeType, .trashName,
            .fileParent,
            .dirLinks, .dirParent, .symlinkLength, .symlinkStray, .xattrStray, .referenceHigh,
            .referenceStray,
            .referenceSize, .referenceOfHole, .dirStatMissing, .dirStatNegative, .dirStat, .dirStatLength,
            .dirStatStray, .quotaUsage, .quotaStray, .ownerQuotaUsage, .ownerQuotaMissing, .ownerQuotaStray,
            .parentCount, .usageSpace, .usageInodes, .fileLinksHigh,
            .detachedStale,
            .detachedStray, .sustainedStale, .chunkOrphan, .sliceUnclaimed, .trashMissing:
            .warning
        case .objectMissing, .objectShort, .objectUnreadable, .objectsGone, .uuidDiffers, .edgeDangling,
            .edgeName,
            .nodeOrphan, .nodeType, .fileLinksLow, .dirParents, .dirLoop, .dirMissing, .rootMissing,
            .symlinkTarget,
            .recordDamaged, .chunkMissing, .chunkDamaged, .sliceBounds, .lengthShort, .sliceSize,
            .referenceMissing,
            .referenceDead, .referenceLow, .delayedLive, .counterLow, .deletedFileLive, .detachedLive,
            .sustainedLive:
            .error
        }
    }

    /// Whether live clients add to the numbers in question up to three seconds late, so that a difference
    /// counts only when it stays (metadata-format §5.8).
    var waitsForFlush: Bool {
        switch self {
        case .dirStatMissing, .dirStatNegative, .dirStat, .dirStatLength, .quotaUsage, .usageSpace,
            .usageInodes:
            true
        default: false
        }
    }
}
