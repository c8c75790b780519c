// SPDX-License-Identifier: Apache-2.0

import VolumeModel

extension Query {
    static let setting = Query("read the settings", "SELECT value FROM {setting} WHERE name = 'format'")
    static let counter = Query("read a counter", "SELECT value FROM {counter} WHERE name = ?")
    static let counters = Query(
        "read the counters",
        "SELECT name, value FROM {counter} ORDER BY name{{by bytes}}"
    )

    static let node = Query("read a node", "SELECT \(Attributes.columns) FROM {node} WHERE inode = ?")
    /// Rows come in any order.
    static let nodes = Query(
        "read nodes",
        "SELECT inode, \(Attributes.columns) FROM {node} WHERE inode {{in list}}"
    )
    static let lookup = Query(
        "look up a name",
        """
        SELECT {edge}.inode, {edge}.type, {node}.inode, \(Attributes.columns(of: "{node}"))
        FROM {edge} LEFT JOIN {node} ON {node}.inode = {edge}.inode
        WHERE {edge}.parent = ? AND {edge}.name = ?
        """
    )
    static let entry = Query("read an entry", "SELECT inode, type FROM {edge} WHERE parent = ? AND name = ?")
    static let firstEntries = Query(
        "list a directory",
        "SELECT name, inode, type FROM {edge} WHERE parent = ? ORDER BY name LIMIT ?"
    )
    static let laterEntries = Query(
        "list a directory",
        "SELECT name, inode, type FROM {edge} WHERE parent = ? AND name > ? ORDER BY name LIMIT ?"
    )
    static let parents = Query(
        "find the parents of a node",
        "SELECT parent, COUNT(*) FROM {edge} WHERE inode = ? GROUP BY parent ORDER BY parent"
    )
    /// The plus sign keeps the planner from walking the whole directory.
    static let names = Query(
        "find the names of a node",
        "SELECT name FROM {edge} WHERE inode = ? AND +parent = ? ORDER BY name"
    )
    static let symlink = Query("read a symlink", "SELECT target FROM {symlink} WHERE inode = ?")
    static let extendedAttribute = Query(
        "read an attribute",
        "SELECT value FROM {xattr} WHERE inode = ? AND name = ?"
    )
    static let extendedAttributes = Query(
        "list attributes",
        "SELECT name, value FROM {xattr} WHERE inode = ? ORDER BY name{{by bytes}}"
    )

    static let chunk = Query("read a chunk", "SELECT slices FROM {chunk} WHERE inode = ? AND indx = ?")
    static let chunks = Query(
        "read the chunks of a file",
        "SELECT indx, slices FROM {chunk} WHERE inode = ? ORDER BY indx"
    )
    static let sliceReference = Query(
        "read a slice reference",
        "SELECT refs FROM {chunk_ref} WHERE chunkid = ? AND size = ?"
    )
    /// Rows come in order of their ids.
    static let sliceReferences = Query(
        "read slice references",
        "SELECT chunkid, size, refs FROM {chunk_ref} WHERE chunkid {{in list}} ORDER BY chunkid"
    )
    static let directoryStat = Query(
        "read a directory stat",
        "SELECT data_length, used_space, used_inodes FROM {dir_stats} WHERE inode = ?"
    )
    static let directoryQuota = Query(
        "read a quota",
        "SELECT \(quotaColumns) FROM {dir_quota} WHERE inode = ?"
    )
    static let ownerQuota = Query(
        "read a quota",
        "SELECT \(quotaColumns) FROM {user_group_quota} WHERE qtype = ? AND qkey = ?"
    )
    static let directoryQuotas = Query(
        "read the quotas",
        "SELECT inode, \(quotaColumns) FROM {dir_quota} ORDER BY inode"
    )
    static let ownerQuotas = Query(
        "read the quotas",
        "SELECT qkey, \(quotaColumns) FROM {user_group_quota} WHERE qtype = ? ORDER BY qkey"
    )
    private static let quotaColumns = "max_space, max_inodes, used_space, used_inodes"

    static let session = Query("read a session", "SELECT expire, info FROM {session2} WHERE sid = ?")
    static let sessions = Query("read the sessions", "SELECT sid, expire, info FROM {session2} ORDER BY sid")
    static let sustainedInodes = Query(
        "read the open files of a session",
        "SELECT inode FROM {sustained} WHERE sid = ? ORDER BY inode"
    )
    static let sustainingSessions = Query(
        "read the sessions that hold a file",
        "SELECT sid FROM {sustained} WHERE inode = ? ORDER BY sid"
    )
    static let deletedFile = Query(
        "read a deleted file",
        "SELECT length, expire FROM {delfile} WHERE inode = ?"
    )
    static let delayedSlices = Query(
        "read delayed slices",
        "SELECT deleted, slices FROM {delslices} WHERE chunkid = ?"
    )
    static let detachedNode = Query(
        "read a detached node",
        "SELECT added FROM {detached_node} WHERE inode = ?"
    )
    static let aclRule = Query("read an ACL rule", "SELECT \(ACLRule.columns) FROM {acl} WHERE id = ?")
    static let changes = Query(
        "read the change log",
        "SELECT id, entry FROM {change_log} WHERE id > ? ORDER BY id LIMIT ?"
    )
    static let lastChange = Query("read the change log", "SELECT MAX(id) FROM {change_log}")
    static let fileLocks = Query(
        "read locks",
        "SELECT sid, owner, ltype FROM {flock} WHERE inode = ? ORDER BY sid, owner"
    )
    static let rangeLocks = Query(
        "read range locks",
        "SELECT sid, owner, records FROM {plock} WHERE inode = ? ORDER BY sid, owner"
    )
}
