// SPDX-License-Identifier: Apache-2.0
// Upserts instead of read-then-write: one statement each, and right on every isolation level.

extension Query {
    static let setSetting = Query(
        "write the settings",
        """
        INSERT INTO {setting} (name, value) VALUES ('format', ?)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value
        """
    )
    static let setCounter = Query(
        "write a counter",
        """
        INSERT INTO {counter} (name, value) VALUES (?, ?)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value
        """
    )
    static let addToCounter = Query(
        "change a counter",
        """
        INSERT INTO {counter} (name, value) VALUES (?, ?)
        ON CONFLICT (name) DO UPDATE SET value = {counter}.value + excluded.value RETURNING value
        """
    )

    static let insertNode = Query(
        "insert a node",
        """
        INSERT INTO {node} (type, flags, mode, uid, gid, atime, mtime, ctime, atimensec, mtimensec, ctimensec,
        nlink, length, rdev, parent, access_acl_id, default_acl_id, tier_id, inode)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    )
    static let updateNode = Query(
        "change a node",
        """
        UPDATE {node} SET type = ?, flags = ?, mode = ?, uid = ?, gid = ?, atime = ?, mtime = ?, ctime = ?,
        atimensec = ?, mtimensec = ?, ctimensec = ?, nlink = ?, length = ?, rdev = ?, parent = ?,
        access_acl_id = ?, default_acl_id = ?, tier_id = ? WHERE inode = ?
        """
    )
    /// Held at 0: a count that is already wrong must not make the directory unreadable.
    static let addLinks = Query(
        "change a link count",
        "UPDATE {node} SET nlink = CASE WHEN nlink + ? < 0 THEN 0 ELSE nlink + ? END WHERE inode = ?"
    )
    static let addLinksAndTouch = Query(
        "change a directory",
        """
        UPDATE {node} SET nlink = CASE WHEN nlink + ? < 0 THEN 0 ELSE nlink + ? END,
        mtime = ?, ctime = ?, mtimensec = ?, ctimensec = ? WHERE inode = ?
        """
    )
    static let deleteNode = Query("delete a node", "DELETE FROM {node} WHERE inode = ?")

    static let insertEntry = Query(
        "insert an entry",
        "INSERT INTO {edge} (parent, name, inode, type) VALUES (?, ?, ?, ?)"
    )
    static let replaceEntry = Query(
        "change an entry",
        "UPDATE {edge} SET inode = ?, type = ? WHERE parent = ? AND name = ?"
    )
    static let deleteEntry = Query("delete an entry", "DELETE FROM {edge} WHERE parent = ? AND name = ?")
    static let setSymlink = Query(
        "write a symlink",
        """
        INSERT INTO {symlink} (inode, target) VALUES (?, ?)
        ON CONFLICT (inode) DO UPDATE SET target = excluded.target
        """
    )
    static let deleteSymlink = Query("delete a symlink", "DELETE FROM {symlink} WHERE inode = ?")
    static let setExtendedAttribute = Query(
        "write an attribute",
        """
        INSERT INTO {xattr} (inode, name, value) VALUES (?, ?, ?)
        ON CONFLICT (inode, name) DO UPDATE SET value = excluded.value
        """
    )
    static let deleteExtendedAttribute = Query(
        "delete an attribute",
        "DELETE FROM {xattr} WHERE inode = ? AND name = ?"
    )
    static let deleteExtendedAttributes = Query("delete attributes", "DELETE FROM {xattr} WHERE inode = ?")

    /// Answers with the number of bytes after the append.
    static let appendSlices = Query(
        "append slices",
        """
        INSERT INTO {chunk} (inode, indx, slices) VALUES (?, ?, ?)
        ON CONFLICT (inode, indx) DO UPDATE SET slices = {{appended slices}} RETURNING length(slices)
        """
    )
    static let setChunk = Query(
        "write a chunk",
        """
        INSERT INTO {chunk} (inode, indx, slices) VALUES (?, ?, ?)
        ON CONFLICT (inode, indx) DO UPDATE SET slices = excluded.slices
        """
    )
    static let deleteChunk = Query("delete a chunk", "DELETE FROM {chunk} WHERE inode = ? AND indx = ?")
    static let insertSliceReference = Query(
        "register a slice",
        "INSERT INTO {chunk_ref} (chunkid, size, refs) VALUES (?, ?, ?)"
    )
    static let adjustSliceReference = Query(
        "change a slice reference",
        "UPDATE {chunk_ref} SET refs = refs + ? WHERE chunkid = ? AND size = ? RETURNING refs"
    )
    static let deleteSliceReference = Query(
        "delete a slice reference",
        "DELETE FROM {chunk_ref} WHERE chunkid = ? AND size = ?"
    )
}

extension Query {
    static let setDirectoryStat = Query(
        "write a directory stat",
        """
        INSERT INTO {dir_stats} (data_length, used_space, used_inodes, inode) VALUES (?, ?, ?, ?)
        ON CONFLICT (inode) DO UPDATE SET data_length = excluded.data_length,
        used_space = excluded.used_space, used_inodes = excluded.used_inodes
        """
    )
    static let adjustDirectoryStat = Query(
        "change a directory stat",
        """
        UPDATE {dir_stats} SET data_length = data_length + ?, used_space = used_space + ?,
        used_inodes = used_inodes + ? WHERE inode = ?
        """
    )
    static let deleteDirectoryStat = Query(
        "delete a directory stat",
        "DELETE FROM {dir_stats} WHERE inode = ?"
    )
    static let deleteDirectoryStats = Query("delete the directory stats", "DELETE FROM {dir_stats}")

    static let insertDirectoryQuota = Query(
        "write a quota",
        """
        INSERT INTO {dir_quota} (max_space, max_inodes, used_space, used_inodes, inode) VALUES (?, ?, ?, ?, ?)
        """
    )
    static let insertOwnerQuota = Query(
        "write a quota",
        """
        INSERT INTO {user_group_quota} (max_space, max_inodes, used_space, used_inodes, qtype, qkey)
        VALUES (?, ?, ?, ?, ?, ?)
        """
    )
    static let setDirectoryQuota = Query(
        "write a quota",
        """
        INSERT INTO {dir_quota} (max_space, max_inodes, used_space, used_inodes, inode) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (inode) DO UPDATE SET max_space = excluded.max_space, max_inodes = excluded.max_inodes,
        used_space = excluded.used_space, used_inodes = excluded.used_inodes
        """
    )
    static let setOwnerQuota = Query(
        "write a quota",
        """
        INSERT INTO {user_group_quota} (max_space, max_inodes, used_space, used_inodes, qtype, qkey)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (qtype, qkey) DO UPDATE SET max_space = excluded.max_space,
        max_inodes = excluded.max_inodes, used_space = excluded.used_space, used_inodes = excluded.used_inodes
        """
    )
    static let adjustDirectoryQuota = Query(
        "change a quota",
        "UPDATE {dir_quota} SET used_space = used_space + ?, used_inodes = used_inodes + ? WHERE inode = ?"
    )
    static let adjustOwnerQuota = Query(
        "change a quota",
        """
        UPDATE {user_group_quota} SET used_space = used_space + ?, used_inodes = used_inodes + ?
        WHERE qtype = ? AND qkey = ?
        """
    )
    static let deleteDirectoryQuota = Query("delete a quota", "DELETE FROM {dir_quota} WHERE inode = ?")
    static let deleteOwnerQuota = Query(
        "delete a quota",
        "DELETE FROM {user_group_quota} WHERE qtype = ? AND qkey = ?"
    )

    static let setSession = Query(
        "write a session",
        """
        INSERT INTO {session2} (sid, expire, info) VALUES (?, ?, ?)
        ON CONFLICT (sid) DO UPDATE SET expire = excluded.expire, info = excluded.info
        """
    )
    static let setSessionExpiry = Query("refresh a session", "UPDATE {session2} SET expire = ? WHERE sid = ?")
    static let deleteSession = Query("delete a session", "DELETE FROM {session2} WHERE sid = ?")
    static let insertSustained = Query(
        "record an open file",
        "INSERT INTO {sustained} (sid, inode) VALUES (?, ?) ON CONFLICT (sid, inode) DO NOTHING"
    )
    static let deleteSustained = Query(
        "forget an open file",
        "DELETE FROM {sustained} WHERE sid = ? AND inode = ?"
    )
    static let setDeletedFile = Query(
        "record a deleted file",
        """
        INSERT INTO {delfile} (inode, length, expire) VALUES (?, ?, ?)
        ON CONFLICT (inode) DO UPDATE SET length = excluded.length, expire = excluded.expire
        """
    )
    static let deleteDeletedFile = Query("forget a deleted file", "DELETE FROM {delfile} WHERE inode = ?")
    static let setDelayedSlices = Query(
        "record delayed slices",
        """
        INSERT INTO {delslices} (chunkid, deleted, slices) VALUES (?, ?, ?)
        ON CONFLICT (chunkid) DO UPDATE SET deleted = excluded.deleted, slices = excluded.slices
        """
    )
    static let deleteDelayedSlices = Query(
        "forget delayed slices",
        "DELETE FROM {delslices} WHERE chunkid = ?"
    )
    static let insertDetachedNode = Query(
        "record a detached node",
        "INSERT INTO {detached_node} (inode, added) VALUES (?, ?)"
    )
    static let deleteDetachedNode = Query(
        "forget a detached node",
        "DELETE FROM {detached_node} WHERE inode = ?"
    )

    /// Rules with the same four numbers; their lists are compared by the caller, since empty ones may be
    /// NULL.
    static let similarACLRules = Query(
        "find an ACL rule",
        """
        SELECT id, owner, "group", mask, other, named_users, named_groups FROM {acl}
        WHERE owner = ? AND "group" = ? AND mask = ? AND other = ? ORDER BY id
        """
    )
    static let insertACLRule = Query(
        "insert an ACL rule",
        """
        INSERT INTO {acl} (owner, "group", mask, other, named_users, named_groups) VALUES (?, ?, ?, ?, ?, ?)
        RETURNING id
        """
    )
    static let setFileLock = Query(
        "write a lock",
        """
        INSERT INTO {flock} (inode, sid, owner, ltype) VALUES (?, ?, ?, ?)
        ON CONFLICT (inode, sid, owner) DO UPDATE SET ltype = excluded.ltype
        """
    )
    static let deleteFileLock = Query(
        "delete a lock",
        "DELETE FROM {flock} WHERE inode = ? AND sid = ? AND owner = ?"
    )
    static let setRangeLocks = Query(
        "write range locks",
        """
        INSERT INTO {plock} (inode, sid, owner, records) VALUES (?, ?, ?, ?)
        ON CONFLICT (inode, sid, owner) DO UPDATE SET records = excluded.records
        """
    )
    static let deleteOwnedRangeLocks = Query(
        "delete range locks",
        "DELETE FROM {plock} WHERE inode = ? AND sid = ? AND owner = ?"
    )
    static let appendChange = Query("append to the change log", "INSERT INTO {change_log} (entry) VALUES (?)")
    static let deleteChanges = Query("trim the change log", "DELETE FROM {change_log} WHERE id <= ?")
    static let deleteFileLocks = Query("delete locks", "DELETE FROM {flock} WHERE sid = ?")
    static let deleteRangeLocks = Query("delete range locks", "DELETE FROM {plock} WHERE sid = ?")
}
