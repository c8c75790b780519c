// SPDX-License-Identifier: Apache-2.0
// The decision for a key that both sides have (sync.md §a.3, in JuiceFS' order of evaluation).

package import ObjectStorage
import SluiceBase

/// What to do with a key that both sides have.
package enum Decision: Sendable, Hashable {
    case replace
    case compare
    case deleteSource
    case setFacts
    case skip
}

/// The decision table.
package struct DecisionTable: Sendable {
    package var comparison: Comparison
    package var removesEqualSource: Bool
    package var comparesPermissions: Bool
    package var comparesAttributes: Bool

    package init(_ options: SyncOptions, bothAreTrees: Bool) {
        comparison = options.comparison
        removesEqualSource = options.removal.sourceIfEqual
        comparesPermissions = options.fidelity.permissions && bothAreTrees
        comparesAttributes = options.fidelity.attributes && bothAreTrees
    }

    /// What to do with a source and the destination of the same key; neither is a directory.
    package func decide(_ source: ObjectInfo, _ destination: ObjectInfo) -> Decision {
        if comparison.ignoreExisting { return .skip }
        if comparison.forceUpdate { return .replace }
        let isAlike = Self.areAlike(source, destination)
        let age = destination.modified.seconds - min(destination.modified.seconds, source.modified.seconds)
        if comparison.update {
            if source.modified.seconds > destination.modified.seconds { return .replace }
            if age > 0 { return .skip }
        } else if !isAlike {
            return .replace
        }
        let hasBytes = source.kind == .object && destination.kind == .object
        if comparison.content, hasBytes { return .compare }
        // Under --update a difference of the same second stays; it is not equal, so nothing follows from it.
        guard isAlike else { return .skip }
        if removesEqualSource { return .deleteSource }
        if comparesAttributes, hasBytes { return .compare }
        if comparesPermissions, let old = destination.file, let new = source.file,
            Self.differ(old, new, source.kind)
        {
            return .setFacts
        }
        return .skip
    }

    /// Whether two objects look equal without their bytes: kind, size, link text, device.
    static func areAlike(_ source: ObjectInfo, _ destination: ObjectInfo) -> Bool {
        guard source.kind == destination.kind else { return false }
        switch source.kind {
        case .object: return source.size == destination.size
        case .symlink: return source.file?.target == destination.file?.target
        case .special: return source.file?.special == destination.file?.special
        case .directory, .commonPrefix: return true
        }
    }

    /// Whether mode or owner differ; the mode of a link means nothing.
    static func differ(_ old: FileFacts, _ new: FileFacts, _ kind: ObjectKind) -> Bool {
        old.uid != new.uid || old.gid != new.gid || (kind != .symlink && old.mode != new.mode)
    }
}
