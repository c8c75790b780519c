// SPDX-License-Identifier: Apache-2.0
// Statements for databases in which several transactions write at a time: reads that hold what they read, and
// changes that only happen when a record still is what was read.

import VolumeModel

extension Query {
    static let lockedNodes = Query("lock nodes", nodes.text + " ORDER BY inode FOR UPDATE")
    /// The weakest lock: it keeps others from deleting or locking the row, not from changing times and
    /// counts.
    static let keptNode = Query("hold a directory", nodes.text + " FOR KEY SHARE")

    /// By the number of the query that it stands for: reads that hold their rows until the transaction ends.
    static let holding: [Int: Query] = Dictionary(
        uniqueKeysWithValues: [
            chunk, sliceReference, sliceReferences, directoryStat, session, deletedFile, delayedSlices,
            detachedNode,
        ].map { ($0.id, Query($0.operation, $0.text + " FOR UPDATE")) }
    )

    static let deleteSameEntry = Query("delete an entry", deleteEntry.text + " AND inode = ?")
    static let replaceSameEntry = Query("change an entry", replaceEntry.text + " AND inode = ?")
    static let insertCounter = Query("write a counter", "INSERT INTO {counter} (value, name) VALUES (?, ?)")
    static let replaceCounter = Query(
        "write a counter",
        "UPDATE {counter} SET value = ? WHERE name = ? AND value = ?"
    )
    static let insertSetting = Query(
        "write the settings",
        "INSERT INTO {setting} (value, name) VALUES (?, 'format')"
    )
    static let replaceSetting = Query(
        "write the settings",
        "UPDATE {setting} SET value = ? WHERE name = 'format' AND value = ?"
    )
}
