// SPDX-License-Identifier: Apache-2.0
// Changing a file's length and zeroing ranges. Nothing here frees a slice: holes are laid over it, and
// compaction drops what nobody sees (metadata-format §5.4, JuiceFS 1.4.2).

package import VolumeModel

/// What `allocate` does, with the numbers of fallocate(2).
package struct AllocationMode: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// The length stays what it is.
    package static let keepSize = AllocationMode(rawValue: 0x01)
    /// The range reads as zeros; needs `keepSize`.
    package static let punchHole = AllocationMode(rawValue: 0x02)
    /// Not supported.
    package static let collapseRange = AllocationMode(rawValue: 0x08)
    /// The range reads as zeros.
    package static let zeroRange = AllocationMode(rawValue: 0x10)
    /// Not supported.
    package static let insertRange = AllocationMode(rawValue: 0x20)
}

extension Operation {
    /// Sets a file's length.
    ///
    /// The same length changes nothing, not even times.
    /// - Returns: the attributes after the change.
    /// - Throws: `VolumeError`: not permitted on immutable and append-only files and inside the trash.
    @discardableResult
    package func truncate(_ inode: Inode, to length: UInt64) throws -> Attributes {
        var attributes = try fileForData(inode, to: "truncate")
        guard attributes.flags.isDisjoint(with: [.immutable, .append]) else {
            throw VolumeError(
                .notPermitted,
                "truncate",
                inode,
                reason: "the file is immutable or append-only"
            )
        }
        try refuseTrash(inode, attributes, to: "truncate")
        guard length != attributes.length else { return attributes }
        let oldLength = attributes.length
        let hole = min(length, oldLength)..<max(length, oldLength)
        try changeLength(of: inode, &attributes, to: length)
        try appendHoles(over: hole, of: inode)
        attributes.modifyTime = time
        attributes.changeTime = time
        try transaction.updateNode(inode, attributes)
        try log(.truncate(inode, from: oldLength, to: length))
        return attributes
    }

    /// Reserves, zeroes or punches a range as fallocate(2) does.
    ///
    /// Sparse files are charged in full, so that reserving is only a change of length.
    /// - Returns: the attributes after the change.
    /// - Throws: `VolumeError`: `.invalid` for modes that contradict each other, `.notSupported` for moving
    ///   data.
    @discardableResult
    package func allocate(
        _ inode: Inode,
        from offset: UInt64,
        length: UInt64,
        mode: AllocationMode,
    ) throws -> Attributes {
        try Self.check(mode, for: inode)
        let (end, overflow) = offset.addingReportingOverflow(length)
        guard length > 0 else { throw VolumeError(.invalid, "allocate", inode, reason: "the range is empty") }
        guard !overflow, end <= FileName.maximumFileLength else {
            throw VolumeError(.tooLarge, "allocate", inode)
        }
        var attributes = try fileForData(inode, to: "allocate")
        guard !attributes.flags.contains(.immutable) else {
            throw VolumeError(.notPermitted, "allocate", inode, reason: "the file is immutable")
        }
        guard !attributes.flags.contains(.append) || mode.isSubset(of: .keepSize) else {
            throw VolumeError(.notPermitted, "allocate", inode, reason: "the file can only be appended to")
        }
        try refuseTrash(inode, attributes, to: "allocate")
        let oldLength = attributes.length
        if !mode.contains(.keepSize) { try changeLength(of: inode, &attributes, to: max(end, oldLength)) }
        if !mode.isDisjoint(with: [.punchHole, .zeroRange]), offset < oldLength {
            try appendHoles(over: offset..<min(end, oldLength), of: inode)
        }
        attributes.modifyTime = time
        attributes.changeTime = time
        try transaction.updateNode(inode, attributes)
        try log(.allocate(inode, from: offset, length: length, mode: mode))
        return attributes
    }

    private static func check(_ mode: AllocationMode, for inode: Inode) throws {
        let moving: AllocationMode = [.collapseRange, .insertRange]
        if !mode.isDisjoint(with: moving) {
            let isAlone = mode == .collapseRange || mode == .insertRange
            throw VolumeError(
                isAlone ? .notSupported : .invalid,
                "allocate",
                inode,
                reason: "mode \(mode.rawValue)"
            )
        }
        guard mode.isSubset(of: [.keepSize, .punchHole, .zeroRange]) else {
            throw VolumeError(.notSupported, "allocate", inode, reason: "mode \(mode.rawValue)")
        }
        guard !mode.contains(.punchHole) || mode.contains(.keepSize) else {
            throw VolumeError(.invalid, "allocate", inode, reason: "punching a hole keeps the length")
        }
    }

    /// Files in the trash do not change; those with several names do not tell where they are (metadata-format
    /// §5.7).
    func refuseTrash(_ inode: Inode, _ attributes: Attributes, to verb: String) throws {
        guard attributes.parent.isTrash else { return }
        throw VolumeError(.notPermitted, verb, inode, reason: "the file is in the trash")
    }
}
