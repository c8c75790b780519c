// SPDX-License-Identifier: Apache-2.0
// Slices again: objects are asked for one by one first, then the records that use the slice are read. In
// this order a slice that went away properly has no user left when its object is missed.

import Metadata
import ObjectStorage
import SluiceBase
import VolumeModel

extension SecondLook {
    /// Looks at every suspicious slice again.
    func confirm(_ suspects: SliceSuspects) throws {
        let slices = try suspects.slices.finish()
        let uses = try suspects.uses.finish()
        let objects = try suspects.objects.finish()
        try slices.start()
        try uses.start()
        try objects.start()
        while let suspect = slices.head {
            try options.cancellation.throwIfCancelled()
            var known: [SliceUse] = []
            while let use = uses.head, use.sliceID == suspect.id {
                known.append(use)
                try uses.advance()
            }
            var listed: [FoundObject] = []
            while let object = objects.head, object.sliceID == suspect.id {
                listed.append(object)
                try objects.advance()
            }
            try confirm(suspect, known, listed)
            try slices.advance()
        }
    }

    /// Judges a slice of which nothing but the uses of a subtree is known.
    func confirmAlone(_ bundle: SliceBundle) throws {
        try confirm(SuspectSlice(everythingAbout: bundle), bundle.uses, [])
    }

    private func confirm(_ suspect: SuspectSlice, _ known: [SliceUse], _ listed: [FoundObject]) throws {
        var objects = listed
        var failure: StorageError?
        if suspect.concernsObjects { (objects, failure) = lookUp(suspect, listed) }
        if let failure {
            change {
                $0.unverified += 1
                if $0.incomplete.isEmpty { $0.incomplete.append(failure.description) }
            }
        }
        let findings = try volume.engine.read { reader in
            let bundle = try bundle(suspect, known, objects, reader)
            var rules = sliceRules
            if failure != nil { rules.objectsAreComplete = false }
            let confirmed = rules.findings(bundle).filter { suspect.has($0.code) }
            return try complete(confirmed, bundle, reader)
        }
        for finding in findings { report(finding) }
    }

    /// The slice as its known users and its reference row say now.
    func bundle(
        _ suspect: SuspectSlice,
        _ known: [SliceUse],
        _ objects: [FoundObject],
        _ reader: any MetadataReader,
    ) throws -> SliceBundle {
        var bundle = SliceBundle()
        bundle.clear(for: suspect.id)
        var last: SliceUse?
        for use in known {
            defer { last = use }
            let isSame =
                last.map {
                    $0.isDelayed == use.isDelayed && $0.owner == use.owner
                        && $0.chunkIndex == use.chunkIndex
                } ?? false
            guard !isSame else { continue }
            if use.isDelayed {
                guard let row = try reader.delayedSlices(use.owner) else { continue }
                _ = SliceUseCollector.read(row) { if $0.sliceID == suspect.id { bundle.add($0) } }
            } else {
                guard let chunk = try reader.chunk(use.chunkIndex, of: use.inode) else { continue }
                _ = SliceUseCollector.read(chunk) { slice in
                    guard slice.id == suspect.id else { return }
                    bundle.add(SliceUse(slice, inode: use.inode, chunkIndex: use.chunkIndex))
                }
            }
        }
        bundle.chunkUseCount += Int(clamping: suspect.furtherUses)
        bundle.references = try references(of: suspect, isUsed: bundle.useCount > 0, reader)
        for object in objects { bundle.add(object) }
        return bundle
    }

    private func references(
        of suspect: SuspectSlice,
        isUsed: Bool,
        _ reader: any MetadataReader,
    ) throws -> [SliceReference] {
        guard let reference = try reader.sliceReference(suspect.id, size: suspect.size) else { return [] }
        // What is only understood says nothing about a slice that nobody names.
        let isUnderstood = sliceRules.omitsSingleReferences && reference.count == 1
        let wasStored = [.sliceUnclaimed, .referenceStray, .referenceOfHole].contains { suspect.has($0) }
        return isUnderstood && !isUsed && !wasStored ? [] : [reference]
    }

    // MARK: Objects

    /// Asks the store for the listed objects and for the blocks that were not listed.
    private func lookUp(_ suspect: SuspectSlice, _ listed: [FoundObject]) -> ([FoundObject], StorageError?) {
        var found: [FoundObject] = []
        var blocks: Set<BlockKey> = []
        var failure: StorageError?
        for object in listed {
            // A misplaced object stays what it is: its key cannot be made from its name.
            if object.isMisplaced { found.append(object) } else { blocks.insert(object.block) }
        }
        if UInt64(suspect.size) <= Chunk.size {
            for index in 0..<sliceRules.layout.blockCount(ofSliceSize: suspect.size) {
                guard let block = sliceRules.layout.block(index, ofSlice: suspect.id, size: suspect.size)
                else { continue }
                blocks.insert(block)
            }
        }
        for block in blocks {
            do throws(StorageError) {
                let info = try store.head(sliceRules.layout.objectKey(of: block))
                found.append(
                    FoundObject(
                        block,
                        storedSize: info.size,
                        modifiedSeconds: info.modified.seconds,
                        isMisplaced: false
                    )
                )
            } catch  where error.code != .notFound {
                failure = error
            } catch {}
        }
        return (found.sorted(), failure)
    }

    // MARK: Paths

    /// Adds the files that use the slice.
    ///
    /// A missing block of a file that a living client may still have staged is not called lost (data-format
    /// §9.11).
    func complete(
        _ findings: [Finding],
        _ bundle: SliceBundle,
        _ reader: any MetadataReader,
    ) throws -> [Finding] {
        guard !findings.isEmpty else { return [] }
        var inodes: [Inode] = []
        for use in bundle.uses where !use.isDelayed && inodes.last != use.inode { inodes.append(use.inode) }
        let finder = PathFinder(reader: reader)
        var paths: [ByteString] = []
        var newest = Int64.min
        for inode in inodes {
            if paths.count < PathFinder.pathLimit { paths += try finder.paths(of: inode) }
            if let node = try? reader.node(inode) { newest = max(newest, node.modifyTime.seconds) }
        }
        let mayBeStaged = sessions.mountedSince.map { newest >= $0 } ?? false
        return findings.map { finding in
            finding.with {
                $0.inode = inodes.first
                $0.paths = paths.sorted()
                guard $0.code == .objectMissing, mayBeStaged, !inodes.isEmpty else { return }
                $0.severity = .warning
                $0.isUnverified = true
                $0.detail += "; a mounted client may still have it staged"
            }
        }
    }
}
