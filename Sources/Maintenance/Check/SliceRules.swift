// SPDX-License-Identifier: Apache-2.0
// What must hold for a slice: its users, its reference row and its objects (metadata-format §5.3-5.5,
// data-format §1).

import Metadata
import ObjectStorage
import VolumeModel

/// What the size of a stored object must be.
package enum SizeRule: Hashable, Sendable {
    /// This many bytes: stored as they are, or encrypted with a known overhead.
    case exact(UInt64)
    /// At least this many: encrypted with an overhead that varies, or compressed.
    case atLeast(UInt64)
}

/// The rules about slices.
struct SliceRules: Sendable {
    var layout: BlockLayout
    var expectedObjectSize: @Sendable (_ plainSize: UInt32) -> SizeRule
    /// Whether all objects are known; without them nothing is said to be missing.
    var objectsAreComplete = true
    /// Whether all users are known: false when a subtree is checked, or damaged records hide some.
    var usersAreComplete = true
    /// Whether a slice without a reference row has one user (Redis); rows of another size are of another
    /// record then.
    var omitsSingleReferences = false
    /// Whether objects that no record knows may belong to a chunk whose record was lost.
    var mayLackChunks = false
    /// Whether reference rows without users may belong to damaged chunk records.
    var hidesUses = false
    /// Objects changed after this, in seconds since the epoch, are not leaked: they may be about to be used.
    var leakedBefore: Int64 = .max
    /// Whether an object of unknown age may be about to be used too, as `gc` takes it.
    var doubtsUnknownAges = false

    /// What is wrong; paths are filled in by the caller.
    func findings(_ bundle: SliceBundle) -> [Finding] {
        var found: [Finding] = []
        if bundle.useCount > 0 {
            checkUsed(bundle, &found)
        } else if let reference = bundle.references.first {
            checkUnused(bundle, reference, &found)
        } else {
            checkLeaked(bundle, &found)
        }
        for index in found.indices { found[index].sliceID = bundle.id }
        return found
    }

    // MARK: Users and reference

    private func checkUsed(_ bundle: SliceBundle, _ found: inout [Finding]) {
        if bundle.smallestSize != bundle.largestSize {
            found.append(
                Finding(
                    .sliceSize,
                    "its users say \(bundle.smallestSize) bytes and \(bundle.largestSize) bytes"
                )
            )
        }
        checkReference(bundle, &found)
        guard let size = decidedSize(bundle), UInt64(size) <= Chunk.size else { return }
        checkBlocks(bundle, size, &found)
    }

    /// The size on which users agree, or the one that the reference row confirms.
    private func decidedSize(_ bundle: SliceBundle) -> UInt32? {
        if let size = bundle.size { return size }
        let confirmed = bundle.references.first?.size
        return confirmed == bundle.smallestSize ? bundle.smallestSize : bundle.largestSize
    }

    private func checkReference(_ bundle: SliceBundle, _ found: inout [Finding]) {
        let users = Int64(bundle.useCount)
        if omitsSingleReferences { checkFurtherReferences(bundle, &found) }
        guard let reference = reference(of: bundle) else {
            // Each of the sizes may have its one user.
            guard !omitsSingleReferences else { return }
            found.append(
                Finding(
                    .referenceMissing,
                    "\(users) records use the slice, it has no reference row",
                    fix: referenceFix(bundle, from: nil)
                )
            )
            return
        }
        if reference.count <= 0 {
            found.append(
                Finding(
                    .referenceDead,
                    "\(users) records use the slice, its reference row says \(reference.count)",
                    fix: referenceFix(bundle, from: reference)
                )
            )
        } else if reference.count < users {
            let isDelayedLive =
                bundle.delayedUseCount > 0 && reference.count <= Int64(bundle.chunkUseCount)
                && bundle.chunkUseCount > 0 && usersAreComplete
            if isDelayedLive {
                found.append(
                    Finding(
                        .delayedLive,
                        "waits for its deletion and \(bundle.chunkUseCount) chunk records use it",
                        fix: .forgetDelayed(slice: bundle.id)
                    )
                )
            } else {
                found.append(
                    Finding(
                        .referenceLow,
                        "\(users) records use the slice, its reference row says \(reference.count)",
                        fix: referenceFix(bundle, from: reference)
                    )
                )
            }
        } else if reference.count > users, usersAreComplete {
            found.append(
                Finding(
                    .referenceHigh,
                    "\(users) records use the slice, its reference row says \(reference.count)",
                    fix: hidesUses ? .none : referenceFix(bundle, from: reference)
                )
            )
        }
        if let size = bundle.size, reference.size != size {
            found.append(
                Finding(
                    .referenceSize,
                    "its users say \(size) bytes, its reference row \(reference.size)",
                    fix: .setReferenceSize(bundle.id, from: reference.size, to: size)
                )
            )
        }
    }

    /// The row that counts the users, stored or understood.
    private func reference(of bundle: SliceBundle) -> SliceReference? {
        guard omitsSingleReferences, let size = bundle.size else { return bundle.references.first }
        return bundle.references.first { $0.size == size }
            ?? SliceReference(id: bundle.id, size: size, count: 1)
    }

    /// Rows of sizes that the slice does not have.
    private func checkFurtherReferences(_ bundle: SliceBundle, _ found: inout [Finding]) {
        guard let size = bundle.size else { return }
        for reference in bundle.references where reference.size != size {
            let fix = Fix.setReference(bundle.id, size: reference.size, from: reference.count, to: nil)
            found.append(
                Finding(
                    .referenceSize,
                    "its users say \(size) bytes, a reference row \(reference.size)",
                    fix: usersAreComplete && !hidesUses ? fix : .none
                )
            )
        }
    }

    private func referenceFix(_ bundle: SliceBundle, from reference: SliceReference?) -> Fix {
        guard usersAreComplete, let size = reference?.size ?? bundle.size else { return .none }
        return .setReference(bundle.id, size: size, from: reference?.count, to: Int64(bundle.useCount))
    }

    private func checkUnused(_ bundle: SliceBundle, _ reference: SliceReference, _ found: inout [Finding]) {
        let drop = Fix.setReference(bundle.id, size: reference.size, from: reference.count, to: nil)
        if bundle.id == 0 {
            found.append(Finding(.referenceOfHole, "holes have no references", fix: drop))
        } else if reference.count <= 0 {
            found.append(
                Finding(.slicePending, "nobody uses the slice; the next clean-up removes it").with {
                    $0.bytes = UInt64(reference.size)
                }
            )
        } else if bundle.objects.contains(where: { !$0.isMisplaced }) {
            found.append(
                Finding(
                    .sliceUnclaimed,
                    hidesUses
                        ? "no readable chunk record uses the slice, its objects are there"
                        : "no chunk record uses the slice, its objects are there"
                ).with { $0.bytes = UInt64(reference.size) }
            )
        } else if objectsAreComplete {
            found.append(
                Finding(
                    .referenceStray,
                    "no chunk record uses the slice and it has no objects",
                    fix: hidesUses ? .none : drop
                )
            )
        }
    }

    /// Whether nobody can be about to use an object.
    private func isSettled(_ object: FoundObject) -> Bool {
        guard !object.isMisplaced, object.modifiedSeconds < leakedBefore else { return false }
        return object.modifiedSeconds > 0 || !doubtsUnknownAges
    }

    private func checkLeaked(_ bundle: SliceBundle, _ found: inout [Finding]) {
        for object in bundle.objects where isSettled(object) {
            let key = layout.objectKey(of: object.block)
            found.append(
                Finding(
                    .objectLeaked,
                    mayLackChunks
                        ? "no record knows its slice; it may be of a chunk whose record was lost"
                        : "no record knows its slice",
                    fix: hidesUses || mayLackChunks ? .none : .deleteObject(key)
                ).with {
                    $0.objectKey = key
                    $0.bytes = object.storedSize
                }
            )
        }
    }

    /// The size of a slice of which nothing but its objects is known: of whole blocks and an end.
    func size(ofLeaked bundle: SliceBundle) -> UInt32? {
        let blocks = bundle.objects.filter { !$0.isMisplaced }
        let total = blocks.reduce(UInt64(0)) { $0 + UInt64($1.size) }
        guard bundle.furtherObjects == 0, let size = UInt32(exactly: total), UInt64(size) <= Chunk.size,
            blocks.map(\.block) == layout.blocks(ofSlice: bundle.id, size: size)
        else { return nil }
        return size
    }

    // MARK: Objects

    /// Walks the expected blocks and the objects, both in order of index.
    private func checkBlocks(_ bundle: SliceBundle, _ size: UInt32, _ found: inout [Finding]) {
        let count = layout.blockCount(ofSliceSize: size)
        var position = 0
        for index in 0..<count {
            guard let block = layout.block(index, ofSlice: bundle.id, size: size) else { continue }
            var object: FoundObject?
            var misplaced = false
            while position < bundle.objects.count, bundle.objects[position].index <= index {
                let candidate = bundle.objects[position]
                position += 1
                if candidate.size != block.size {
                    noteExtra(candidate, &found)
                } else if candidate.isMisplaced {
                    misplaced = true
                } else {
                    object = candidate
                }
            }
            if let object {
                checkSize(object, &found)
            } else if objectsAreComplete {
                noteMissing(block, bundle, isMisplaced: misplaced, &found)
            }
        }
        while position < bundle.objects.count {
            noteExtra(bundle.objects[position], &found)
            position += 1
        }
    }

    private func noteMissing(
        _ block: BlockKey,
        _ bundle: SliceBundle,
        isMisplaced: Bool,
        _ found: inout [Finding],
    ) {
        found.append(
            Finding(
                .objectMissing,
                isMisplaced ? "the block's object lies in a wrong folder" : "the block's object is not there"
            ).with {
                $0.objectKey = layout.objectKey(of: block)
                $0.bytes = UInt64(block.size)
                // Only the trash still needs it.
                if bundle.chunkUseCount == 0 { $0.severity = .warning }
            }
        )
    }

    private func noteExtra(_ object: FoundObject, _ found: inout [Finding]) {
        guard isSettled(object) else { return }
        let key = layout.objectKey(of: object.block)
        found.append(
            Finding(
                .objectExtra,
                "the slice has no such block",
                fix: usersAreComplete && !hidesUses && !mayLackChunks ? .deleteObject(key) : .none
            ).with {
                $0.objectKey = key
                $0.bytes = object.storedSize
            }
        )
    }

    private func checkSize(_ object: FoundObject, _ found: inout [Finding]) {
        let code: FindingCode
        let expectation: String
        switch expectedObjectSize(object.size) {
        case .exact(let size):
            guard object.storedSize != size else { return }
            code = object.storedSize < size ? .objectShort : .objectOversized
            expectation = "\(size)"
        case .atLeast(let size):
            guard object.storedSize < size else { return }
            code = .objectShort
            expectation = "at least \(size)"
        }
        found.append(
            Finding(code, "the object has \(object.storedSize) bytes, expected \(expectation)").with {
                $0.objectKey = layout.objectKey(of: object.block)
                $0.bytes = UInt64(object.size)
            }
        )
    }
}
