// SPDX-License-Identifier: Apache-2.0
// SQLite's spelling of the record layer's texts. The schema is the text that JuiceFS 1.4.2 leaves in
// sqlite_master, in its order (metadata-format §3.1); SQLite drops `IF NOT EXISTS` from what it stores.

extension Dialect {
    static let sqlite = Dialect(
        fragments: [
            // Concatenation keeps all bytes but turns them into text; JuiceFS 1.4.2 leaves it at that, we do
            // not.
            "appended slices": "CAST({chunk}.slices || excluded.slices AS BLOB)",
            "in list": "IN (SELECT value FROM json_each(?))",
            "by bytes": "",
            "blob time": "CAST(strftime('%s', modified) AS INTEGER)",
            "blob now": "datetime('now')",
            "blob proof": "",
        ],
        tableExists: Query(
            "look for a table",
            "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ?"
        ),
        schema: sqliteSchema,
        blobSchema: [
            """
            CREATE TABLE IF NOT EXISTS `{blob}` (`id` INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, \
            `key` BLOB NOT NULL, `size` INTEGER NOT NULL, `modified` DATETIME NOT NULL, `data` BLOB NULL)
            """,
            "CREATE UNIQUE INDEX IF NOT EXISTS `UQE_{blob}_blob` ON `{blob}` (`key`)",
        ],
        // A row of SQLite has at most 10⁹ bytes.
        largestBlob: 999_990_000
    )

    private static let sqliteSchema = [
        """
        CREATE TABLE IF NOT EXISTS `{setting}` (`name` TEXT PRIMARY KEY NOT NULL, `value` TEXT NOT \
        NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS `{counter}` (`name` TEXT PRIMARY KEY NOT NULL, `value` INTEGER \
        NOT NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS `{edge}` (`id` INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, \
        `parent` INTEGER NOT NULL, `name` BLOB NOT NULL, `inode` INTEGER NOT NULL, `type` INTEGER \
        NOT NULL)
        """,
        "CREATE UNIQUE INDEX IF NOT EXISTS `UQE_{edge}_edge` ON `{edge}` (`parent`,`name`)",
        "CREATE INDEX IF NOT EXISTS `IDX_{edge}_inode` ON `{edge}` (`inode`)",
        """
        CREATE TABLE IF NOT EXISTS `{node}` (`inode` INTEGER PRIMARY KEY NOT NULL, `type` INTEGER \
        NOT NULL, `flags` INTEGER NOT NULL, `mode` INTEGER NOT NULL, `uid` INTEGER NOT NULL, `gid` \
        INTEGER NOT NULL, `atime` INTEGER NOT NULL, `mtime` INTEGER NOT NULL, `ctime` INTEGER NOT \
        NULL, `atimensec` INTEGER DEFAULT 0 NOT NULL, `mtimensec` INTEGER DEFAULT 0 NOT NULL, \
        `ctimensec` INTEGER DEFAULT 0 NOT NULL, `nlink` INTEGER NOT NULL, `length` INTEGER NOT NULL, \
        `rdev` INTEGER NULL, `parent` INTEGER NULL, `access_acl_id` INTEGER NULL, `default_acl_id` \
        INTEGER NULL, `tier_id` INTEGER NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS `{symlink}` (`inode` INTEGER PRIMARY KEY NOT NULL, `target` BLOB \
        NOT NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS `{xattr}` (`id` INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, \
        `inode` INTEGER NOT NULL, `name` TEXT NOT NULL, `value` BLOB NOT NULL)
        """,
        "CREATE UNIQUE INDEX IF NOT EXISTS `UQE_{xattr}_name` ON `{xattr}` (`inode`,`name`)",
        """
        CREATE TABLE IF NOT EXISTS `{chunk}` (`id` INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, \
        `inode` INTEGER NOT NULL, `indx` INTEGER NOT NULL, `slices` BLOB NOT NULL)
        """,
        "CREATE UNIQUE INDEX IF NOT EXISTS `UQE_{chunk}_chunk` ON `{chunk}` (`inode`,`indx`)",
        """
        CREATE TABLE IF NOT EXISTS `{chunk_ref}` (`chunkid` INTEGER PRIMARY KEY NOT NULL, `size` \
        INTEGER NOT NULL, `refs` INTEGER NOT NULL)
        """,
        "CREATE INDEX IF NOT EXISTS `IDX_{chunk_ref}_refs` ON `{chunk_ref}` (`refs`)",
        """
        CREATE TABLE IF NOT EXISTS `{delslices}` (`chunkid` INTEGER PRIMARY KEY NOT NULL, `deleted` \
        INTEGER NOT NULL, `slices` BLOB NOT NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS `{session2}` (`sid` INTEGER PRIMARY KEY NOT NULL, `expire` \
        INTEGER NOT NULL, `info` BLOB NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS `{sustained}` (`id` INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, \
        `sid` INTEGER NOT NULL, `inode` INTEGER NOT NULL)
        """,
        """
        CREATE UNIQUE INDEX IF NOT EXISTS `UQE_{sustained}_sustained` ON `{sustained}` \
        (`sid`,`inode`)
        """,
        """
        CREATE TABLE IF NOT EXISTS `{delfile}` (`inode` INTEGER PRIMARY KEY NOT NULL, `length` \
        INTEGER NOT NULL, `expire` INTEGER NOT NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS `{flock}` (`id` INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, \
        `inode` INTEGER NOT NULL, `sid` INTEGER NOT NULL, `owner` INTEGER NOT NULL, `ltype` INTEGER \
        NOT NULL)
        """,
        "CREATE UNIQUE INDEX IF NOT EXISTS `UQE_{flock}_flock` ON `{flock}` (`inode`,`sid`,`owner`)",
        """
        CREATE TABLE IF NOT EXISTS `{plock}` (`id` INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, \
        `inode` INTEGER NOT NULL, `sid` INTEGER NOT NULL, `owner` INTEGER NOT NULL, `records` BLOB \
        NOT NULL)
        """,
        "CREATE UNIQUE INDEX IF NOT EXISTS `UQE_{plock}_plock` ON `{plock}` (`inode`,`sid`,`owner`)",
        """
        CREATE TABLE IF NOT EXISTS `{dir_quota}` (`inode` INTEGER PRIMARY KEY NOT NULL, `max_space` \
        INTEGER NOT NULL, `max_inodes` INTEGER NOT NULL, `used_space` INTEGER NOT NULL, \
        `used_inodes` INTEGER NOT NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS `{user_group_quota}` (`qtype` INTEGER NOT NULL, `qkey` INTEGER \
        NOT NULL, `max_space` INTEGER NOT NULL, `max_inodes` INTEGER NOT NULL, `used_space` INTEGER \
        NOT NULL, `used_inodes` INTEGER NOT NULL, PRIMARY KEY ( `qtype`,`qkey` ))
        """,
        """
        CREATE TABLE IF NOT EXISTS `{dir_stats}` (`inode` INTEGER PRIMARY KEY NOT NULL, \
        `data_length` INTEGER NOT NULL, `used_space` INTEGER NOT NULL, `used_inodes` INTEGER NOT \
        NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS `{detached_node}` (`inode` INTEGER PRIMARY KEY NOT NULL, `added` \
        INTEGER NOT NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS `{acl}` (`id` INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, `owner` \
        INTEGER NULL, `group` INTEGER NULL, `mask` INTEGER NULL, `other` INTEGER NULL, `named_users` \
        BLOB NULL, `named_groups` BLOB NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS `{delegation_token}` (`id` INTEGER PRIMARY KEY AUTOINCREMENT NOT \
        NULL, `token` BLOB NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS `{change_log}` (`id` INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, \
        `entry` TEXT NOT NULL)
        """,
    ]
}
