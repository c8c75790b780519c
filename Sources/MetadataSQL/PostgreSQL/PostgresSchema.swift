// SPDX-License-Identifier: Apache-2.0
// PostgreSQL's spelling of the record layer's texts. The tables are those that JuiceFS 1.4.2 makes, in its
// order (metadata-format §3.1): pg_dump shows no difference.

extension Dialect {
    static let postgres = Dialect(
        fragments: [
            "appended slices": "{chunk}.slices || excluded.slices",
            "in list": "= ANY (?)",
            "by bytes": " COLLATE \"C\"",
            // Compatibility: JuiceFS 1.4.2 stores the clock on its own wall and not the zone that it is in.
            "blob time": "CAST(NULL AS BIGINT)",
            "blob now": "CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP)",
            "blob proof": " RETURNING md5(data)",
        ],
        tableExists: Query(
            "look for a table",
            """
            SELECT COUNT(*) FROM pg_catalog.pg_class
            WHERE relname = ?::text AND relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(oid)
            """
        ),
        schema: postgresSchema,
        blobSchema: [
            """
            CREATE TABLE IF NOT EXISTS {blob} ("id" BIGSERIAL PRIMARY KEY NOT NULL, "key" BYTEA NOT NULL,
            "size" BIGINT NOT NULL, "modified" TIMESTAMP NOT NULL, "data" BYTEA NULL)
            """,
            "CREATE UNIQUE INDEX IF NOT EXISTS \"UQE_{=blob}_blob\" ON {blob} (\"key\")",
        ],
        // The server takes messages of a gigabyte.
        largestBlob: 1_073_000_000,
        quote: "\"",
        numbersParameters: true,
        writesConcurrently: true,
        largestInteger: Int64(Int32.max),
        textIsUnicode: true
    )

    private static let postgresSchema = [
        "CREATE TABLE IF NOT EXISTS {setting} (name VARCHAR(255) PRIMARY KEY NOT NULL, value TEXT NOT NULL)",
        """
        CREATE TABLE IF NOT EXISTS {counter} (name VARCHAR(255) PRIMARY KEY NOT NULL,
        value BIGINT NOT NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS {edge} (id BIGSERIAL PRIMARY KEY NOT NULL, parent BIGINT NOT NULL,
        name BYTEA NOT NULL, inode BIGINT NOT NULL, type INTEGER NOT NULL)
        """,
        "CREATE UNIQUE INDEX IF NOT EXISTS \"UQE_{=edge}_edge\" ON {edge} (parent, name)",
        "CREATE INDEX IF NOT EXISTS \"IDX_{=edge}_inode\" ON {edge} (inode)",
        """
        CREATE TABLE IF NOT EXISTS {node} (inode BIGINT PRIMARY KEY NOT NULL, type INTEGER NOT NULL,
        flags INTEGER NOT NULL, mode INTEGER NOT NULL, uid INTEGER NOT NULL, gid INTEGER NOT NULL,
        atime BIGINT NOT NULL, mtime BIGINT NOT NULL, ctime BIGINT NOT NULL,
        atimensec INTEGER DEFAULT 0 NOT NULL, mtimensec INTEGER DEFAULT 0 NOT NULL,
        ctimensec INTEGER DEFAULT 0 NOT NULL, nlink INTEGER NOT NULL, length BIGINT NOT NULL,
        rdev INTEGER NULL, parent BIGINT NULL, access_acl_id INTEGER NULL, default_acl_id INTEGER NULL,
        tier_id INTEGER NULL)
        """,
        "CREATE TABLE IF NOT EXISTS {symlink} (inode BIGINT PRIMARY KEY NOT NULL, target BYTEA NOT NULL)",
        """
        CREATE TABLE IF NOT EXISTS {xattr} (id BIGSERIAL PRIMARY KEY NOT NULL, inode BIGINT NOT NULL,
        name VARCHAR(255) NOT NULL, value BYTEA NOT NULL)
        """,
        "CREATE UNIQUE INDEX IF NOT EXISTS \"UQE_{=xattr}_name\" ON {xattr} (inode, name)",
        """
        CREATE TABLE IF NOT EXISTS {chunk} (id BIGSERIAL PRIMARY KEY NOT NULL, inode BIGINT NOT NULL,
        indx INTEGER NOT NULL, slices BYTEA NOT NULL)
        """,
        "CREATE UNIQUE INDEX IF NOT EXISTS \"UQE_{=chunk}_chunk\" ON {chunk} (inode, indx)",
        """
        CREATE TABLE IF NOT EXISTS {chunk_ref} (chunkid BIGINT PRIMARY KEY NOT NULL, size INTEGER NOT NULL,
        refs INTEGER NOT NULL)
        """,
        "CREATE INDEX IF NOT EXISTS \"IDX_{=chunk_ref}_refs\" ON {chunk_ref} (refs)",
        """
        CREATE TABLE IF NOT EXISTS {delslices} (chunkid BIGINT PRIMARY KEY NOT NULL, deleted BIGINT NOT NULL,
        slices BYTEA NOT NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS {session2} (sid BIGINT PRIMARY KEY NOT NULL, expire BIGINT NOT NULL,
        info BYTEA NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS {sustained} (id BIGSERIAL PRIMARY KEY NOT NULL, sid BIGINT NOT NULL,
        inode BIGINT NOT NULL)
        """,
        "CREATE UNIQUE INDEX IF NOT EXISTS \"UQE_{=sustained}_sustained\" ON {sustained} (sid, inode)",
        """
        CREATE TABLE IF NOT EXISTS {delfile} (inode BIGINT PRIMARY KEY NOT NULL, length BIGINT NOT NULL,
        expire BIGINT NOT NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS {flock} (id BIGSERIAL PRIMARY KEY NOT NULL, inode BIGINT NOT NULL,
        sid BIGINT NOT NULL, owner BIGINT NOT NULL, ltype INTEGER NOT NULL)
        """,
        "CREATE UNIQUE INDEX IF NOT EXISTS \"UQE_{=flock}_flock\" ON {flock} (inode, sid, owner)",
        """
        CREATE TABLE IF NOT EXISTS {plock} (id BIGSERIAL PRIMARY KEY NOT NULL, inode BIGINT NOT NULL,
        sid BIGINT NOT NULL, owner BIGINT NOT NULL, records BYTEA NOT NULL)
        """,
        "CREATE UNIQUE INDEX IF NOT EXISTS \"UQE_{=plock}_plock\" ON {plock} (inode, sid, owner)",
        """
        CREATE TABLE IF NOT EXISTS {dir_quota} (inode BIGINT PRIMARY KEY NOT NULL, max_space BIGINT NOT NULL,
        max_inodes BIGINT NOT NULL, used_space BIGINT NOT NULL, used_inodes BIGINT NOT NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS {user_group_quota} (qtype INTEGER NOT NULL, qkey BIGINT NOT NULL,
        max_space BIGINT NOT NULL, max_inodes BIGINT NOT NULL, used_space BIGINT NOT NULL,
        used_inodes BIGINT NOT NULL, PRIMARY KEY (qtype, qkey))
        """,
        """
        CREATE TABLE IF NOT EXISTS {dir_stats} (inode BIGINT PRIMARY KEY NOT NULL,
        data_length BIGINT NOT NULL, used_space BIGINT NOT NULL, used_inodes BIGINT NOT NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS {detached_node} (inode BIGINT PRIMARY KEY NOT NULL,
        added BIGINT NOT NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS {acl} (id SERIAL PRIMARY KEY NOT NULL, owner INTEGER NULL,
        "group" INTEGER NULL, mask INTEGER NULL, other INTEGER NULL, named_users BYTEA NULL,
        named_groups BYTEA NULL)
        """,
        "CREATE TABLE IF NOT EXISTS {delegation_token} (id SERIAL PRIMARY KEY NOT NULL, token BYTEA NULL)",
        "CREATE TABLE IF NOT EXISTS {change_log} (id BIGSERIAL PRIMARY KEY NOT NULL, entry TEXT NOT NULL)",
    ]
}
