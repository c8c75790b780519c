#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fills a freshly formatted SQLite volume with many small files, much faster than a mount could.

    make_volume.py DATABASE STORE FILES DIRECTORIES

DATABASE is a volume that the real program has just formatted with `--storage file --bucket STORE`. Rows and
objects are written as that program writes them (version 1.4.2): one slice of 1 KiB for each file, directory
statistics and counters included. `juicefs fsck` calls the result clean.
"""

import json
import os
import sqlite3
import struct
import sys
import time

FILE, DIRECTORY = 1, 2
SLICE_BYTES = 1024
SPACE = 4096  # what one small file, or one directory, counts for
ROWS = 20_000  # rows for each executemany, so that memory stays flat


def node(inode, kind, mode, nlink, length, parent, now):
    return (inode, kind, 0, mode, 0, 0, now, now, now, 0, 0, 0, nlink, length, 0, parent, 0, 0, 0)


def slice_record(slice_id):
    """Position 0, slice id, its size, offset 0, length: 24 bytes, big-endian."""
    return struct.pack(">IQIII", 0, slice_id, SLICE_BYTES, 0, SLICE_BYTES)


def directory_of(index, directories):
    return 2 + index % directories


def insert(database, statement, rows):
    batch = []
    for row in rows:
        batch.append(row)
        if len(batch) == ROWS:
            database.executemany(statement, batch)
            batch.clear()
    database.executemany(statement, batch)


def fill_metadata(database, files, directories):
    """Inodes 2... are the directories, the files follow; slice ids are 1...files, in file order."""
    now = int(time.time() * 1_000_000)
    first = 2 + directories
    inside = [files // directories + (1 if d < files % directories else 0) for d in range(directories)]

    statement = "insert into jfs_node values (" + ",".join("?" * 19) + ")"
    database.execute("update jfs_node set nlink = ? where inode = 1", (2 + directories,))
    insert(database, statement, (node(2 + d, DIRECTORY, 0o755, 2, SPACE, 1, now) for d in range(directories)))
    insert(
        database,
        statement,
        (
            node(first + f, FILE, 0o644, 1, SLICE_BYTES, directory_of(f, directories), now)
            for f in range(files)
        ),
    )
    statement = "insert into jfs_edge (parent, name, inode, type) values (?,?,?,?)"
    insert(database, statement, ((1, b"dir-%05d" % d, 2 + d, DIRECTORY) for d in range(directories)))
    insert(
        database,
        statement,
        ((directory_of(f, directories), b"file-%08d.bin" % f, first + f, FILE) for f in range(files)),
    )
    insert(
        database,
        "insert into jfs_chunk (inode, indx, slices) values (?,0,?)",
        ((first + f, slice_record(f + 1)) for f in range(files)),
    )
    insert(
        database,
        "insert into jfs_chunk_ref (chunkid, size, refs) values (?,?,1)",
        ((f + 1, SLICE_BYTES) for f in range(files)),
    )
    columns = "(inode, data_length, used_space, used_inodes)"
    statement = f"insert or replace into jfs_dir_stats {columns} values (?,?,?,?)"
    database.execute(statement, (1, 0, SPACE * directories, directories))
    insert(
        database,
        statement,
        ((2 + d, count * SLICE_BYTES, count * SPACE, count) for d, count in enumerate(inside)),
    )
    counters = {
        "usedSpace": SPACE * (files + directories),
        "totalInodes": files + directories,
        "nextInode": first + files,
        "nextChunk": files + 1,
    }
    for name, value in counters.items():
        database.execute("update jfs_counter set value = ? where name = ?", (value, name))


def fill_objects(chunks, files):
    folder = None
    for slice_id in range(1, files + 1):
        wanted = f"{chunks}/{slice_id // 1_000_000}/{slice_id // 1000}"
        if wanted != folder:
            folder = wanted
            os.makedirs(folder, exist_ok=True)
        path = f"{folder}/{slice_id}_0_{SLICE_BYTES}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        os.write(descriptor, struct.pack(">Q", slice_id) * (SLICE_BYTES // 8))
        os.close(descriptor)


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    path, store, files, directories = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    database = sqlite3.connect(path)
    (setting,) = database.execute("select value from jfs_setting where name = 'format'").fetchone()
    name = json.loads(setting)["Name"]
    (nodes,) = database.execute("select count(*) from jfs_node where inode < 1000000").fetchone()
    if nodes != 1:
        sys.exit(f"make_volume.py: {path} is not empty")
    with database:
        fill_metadata(database, files, directories)
    database.close()
    fill_objects(os.path.join(store, name, "chunks"), files)


if __name__ == "__main__":
    main()
