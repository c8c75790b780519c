// SPDX-License-Identifier: Apache-2.0
// What could not be looked at. Whoever concludes something from absence (a leak, a free slice) asks here
// first.

package import Metadata
package import ObjectStorage

/// Holes in the evidence of one pass.
package struct EvidenceGaps: Sendable {
    /// Chunk records and rows of delayed slices that do not decode as a whole: what else they named is
    /// unknown.
    package private(set) var damagedUseCount = 0
    /// Records of other kinds that the engine could not decode.
    package private(set) var damagedRecordCount = 0
    /// The first damaged records, `sampleLimit` at most.
    package private(set) var damagedRecords: [DamagedRecord] = []
    /// Why the listing of objects ended early.
    package var listingFailure: StorageError?

    /// Most damaged records remembered.
    package static let sampleLimit = 1000

    package init() {}

    /// Whether some chunk or delayed row may name slices that nobody knows of.
    package var hidesSliceUses: Bool { damagedUseCount > 0 }

    /// Whether nothing may be deleted on this evidence (a slice that seems unused may be in use).
    package var forbidsDeletion: Bool { hidesSliceUses || damagedRecordCount > 0 || listingFailure != nil }

    /// Notes a damaged record.
    /// - Parameter hidesUses: whether it is of a kind that names slices.
    package mutating func note(_ record: DamagedRecord, hidesUses: Bool) {
        if hidesUses { damagedUseCount += 1 } else { damagedRecordCount += 1 }
        if damagedRecords.count < Self.sampleLimit { damagedRecords.append(record) }
    }
}
