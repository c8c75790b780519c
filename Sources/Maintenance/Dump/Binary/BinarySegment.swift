// SPDX-License-Identifier: Apache-2.0
// The binary dump of JuiceFS 1.4 (metadata-format §6.2): segments of protocol buffers, each of one kind of
// record, an end mark, and a footer that counts.

/// The kinds of segments.
package enum BinarySegment: UInt32, Hashable, Sendable, CaseIterable {
    case format = 1
    case counter
    case node
    case edge
    case chunk
    case sliceReference
    case symlink
    case sustained
    case deletedFile
    case extendedAttribute
    case aclRule
    case directoryStat
    case quota
    case parent
    /// Defined by the format and written by nobody.
    case changeLog

    /// Follows the last segment, and begins the footer.
    package static let endMark: UInt32 = 0x0074_7083
    package static let version: UInt64 = 1

    /// What the footer calls the kind.
    package var name: String {
        switch self {
        case .format: "format"
        case .counter: "counter"
        case .node: "node"
        case .edge: "edge"
        case .chunk: "chunk"
        case .sliceReference: "sliceRef"
        case .symlink: "symlink"
        case .sustained: "sustained"
        case .deletedFile: "delFile"
        case .extendedAttribute: "xattr"
        case .aclRule: "acl"
        case .directoryStat: "stat"
        case .quota: "quota"
        case .parent: "parent"
        case .changeLog: "changelog"
        }
    }

    /// The list of a batch that holds the records of this kind; quotas have two more.
    var field: Int {
        switch self {
        case .format: 1
        case .counter: 13
        case .node: 1
        case .edge: 2
        case .chunk: 3
        case .sliceReference: 4
        case .symlink: 7
        case .sustained: 8
        case .deletedFile: 9
        case .extendedAttribute: 5
        case .aclRule: 12
        case .directoryStat: 10
        case .quota: 11
        case .parent: 6
        case .changeLog: 14
        }
    }
}

/// Where the segments of a kind begin and how many records they hold.
package struct BinarySegmentSummary: Hashable, Sendable {
    /// Bytes from the start of the dump.
    package var offsets: [UInt64] = []
    package var count: UInt64 = 0

    package init() {}
}
