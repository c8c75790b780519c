// SPDX-License-Identifier: Apache-2.0

import SluiceBase

/// Where an object, slice or record belongs, and with that whether it may go.
package enum GarbageClass: String, CaseIterable, Sendable {
    /// Blocks of slices that a chunk names.
    case valid
    /// Blocks and records of slices that nothing names and whose reference counts no user.
    case pending
    /// Data of files that are gone.
    case deletedFiles = "deleted-files"
    /// Blocks of slices that only the trash of compaction keeps.
    case trash
    /// Rows of that trash past their days.
    case expiredTrash = "expired-trash"
    /// Hourly directories past their days.
    case expiredHours = "expired-hours"
    /// Clones that were left unfinished more than a day ago: trees that no entry leads to.
    case detached
    /// Records of unfinished clones that name what is alive, or nothing: only the record goes.
    case strayDetached = "stray-detached"
    /// Blocks that nothing names and no record knows.
    case leaked
    /// Blocks that nothing names as they are, but that may be what is left of somebody's data: a reference
    /// record counts users of their slice (a chunk record may have been lost), their slice is used and not
    /// whole, or files lack chunk records on an engine that leaves single users uncounted.
    case claimed
    /// Younger than the margin: may belong to a write that is not committed yet.
    case recent
    /// Names that are no blocks of this volume, or lie where nobody looks.
    case foreign
    /// Block names with ids that the volume has not given out.
    case unknown
    /// Chunks of several slices, which compaction would join.
    case compactable

    /// Why members of the class stay or go.
    package var reason: String {
        switch self {
        case .valid: "named by a chunk record"
        case .pending: "no chunk names it and its reference counts no user"
        case .deletedFiles: "the file is gone and its removal was not finished"
        case .trash: "replaced by compaction, kept until the trash days are over"
        case .expiredTrash: "replaced by compaction, trash days are over"
        case .expiredHours: "hourly trash directories whose days are over"
        case .detached: "a clone was left unfinished and nothing leads to it"
        case .strayDetached: "marked as an unfinished clone but alive or gone; only the mark goes"
        case .leaked: "no record knows it"
        case .claimed: "may be what is left of damaged data; kept, see fsck"
        case .recent: "younger than the margin"
        case .foreign: "not a block of this volume; never touched"
        case .unknown: "an id that this volume has not given out; never touched"
        case .compactable: "chunks of several slices; see compact"
        }
    }

    /// Whether gc deletes members.
    package var isGarbage: Bool {
        switch self {
        case .pending, .deletedFiles, .expiredTrash, .expiredHours, .detached, .strayDetached, .leaked: true
        case .valid, .trash, .claimed, .recent, .foreign, .unknown, .compactable: false
        }
    }
}

/// What gc found and did.
package struct CollectSummary: Sendable {
    /// Number and bytes of each class.
    package internal(set) var classes: [GarbageClass: CountAndSize] = [:]
    /// Why nothing may be deleted, empty when everything was seen and fits together.
    package internal(set) var interlocks: [String] = []
    /// Things that are kept although a record says they may go.
    package internal(set) var warnings: [String] = []
    /// Warnings beyond the limit.
    package internal(set) var furtherWarnings = 0
    package internal(set) var plannedSteps = 0
    package internal(set) var doneSteps = 0
    /// Steps left out because what was seen no longer held.
    package internal(set) var skippedSteps = 0
    /// Errors of steps, `warningLimit` at most.
    package internal(set) var failures: [String] = []
    package internal(set) var failedSteps = 0
    package internal(set) var isCancelled = false

    package static let warningLimit = 1000

    package subscript(kind: GarbageClass) -> CountAndSize {
        classes[kind] ?? CountAndSize()
    }

    mutating func count(_ kind: GarbageClass, _ count: Int64 = 1, bytes: Int64) {
        classes[kind, default: CountAndSize()].add(count, bytes: bytes)
    }

    mutating func warn(_ sentence: @autoclosure () -> String) {
        guard warnings.count < Self.warningLimit else {
            furtherWarnings += 1
            return
        }
        warnings.append(sentence())
    }

    mutating func fail(_ sentence: String) {
        failedSteps += 1
        if failures.count < Self.warningLimit { failures.append(sentence) }
    }
}
