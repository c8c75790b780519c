// SPDX-License-Identifier: Apache-2.0

import VolumeModel

extension Query {
    static let scanNodes = Query(
        "scan nodes",
        "SELECT inode, \(Attributes.columns) FROM {node} ORDER BY inode"
    )
    static let scanEdges = Query("scan entries", "SELECT id, parent, name, inode, type FROM {edge}")
    static let scanChunks = Query(
        "scan chunks",
        "SELECT id, inode, indx, slices FROM {chunk} ORDER BY inode, indx"
    )
    static let scanSliceReferences = Query(
        "scan slice references",
        "SELECT chunkid, size, refs FROM {chunk_ref} ORDER BY chunkid"
    )
    static let scanDelayedSlices = Query(
        "scan delayed slices",
        "SELECT chunkid, deleted, slices FROM {delslices} ORDER BY chunkid"
    )
    static let scanDeletedFiles = Query(
        "scan deleted files",
        "SELECT inode, length, expire FROM {delfile} ORDER BY inode"
    )
    static let scanDetachedNodes = Query(
        "scan detached nodes",
        "SELECT inode, added FROM {detached_node} ORDER BY inode"
    )
    static let scanSustained = Query(
        "scan open files",
        "SELECT id, sid, inode FROM {sustained} ORDER BY sid, inode"
    )
    static let scanSymlinks = Query("scan symlinks", "SELECT inode, target FROM {symlink} ORDER BY inode")
    static let scanExtendedAttributes = Query(
        "scan attributes",
        "SELECT id, inode, name, value FROM {xattr} ORDER BY inode, name{{by bytes}}"
    )
    static let scanDirectoryStats = Query(
        "scan directory stats",
        "SELECT inode, data_length, used_space, used_inodes FROM {dir_stats} ORDER BY inode"
    )
    static let scanACLRules = Query("scan ACL rules", "SELECT id, \(ACLRule.columns) FROM {acl} ORDER BY id")
    static let sessionFileLocks = Query(
        "read the locks of a session",
        "SELECT sid, owner, ltype, inode FROM {flock} WHERE sid = ? ORDER BY inode, owner"
    )
    static let sessionRangeLocks = Query(
        "read the range locks of a session",
        "SELECT sid, owner, records, inode FROM {plock} WHERE sid = ? ORDER BY inode, owner"
    )
}
