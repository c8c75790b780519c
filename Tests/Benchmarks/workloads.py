# SPDX-License-Identifier: Apache-2.0
"""The workloads: what is prepared, what each program runs, which figures are promised.

A workload is a function that takes a Bench and returns the contenders for `measure.paired`.
Both programs work on volumes that the real one formatted, with a warm page cache.
"""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

import make_volume
import measure

HERE = os.path.dirname(os.path.abspath(__file__))
GC_NOW = {"JFS_GC_SKIPPEDTIME": "0"}  # judge objects of any age


class Volume:
    """A SQLite volume with a file store in a folder of its own."""

    def __init__(self, bench, name):
        self.folder = os.path.join(bench.scratch, name)
        self.store = os.path.join(self.folder, "store")
        self.database = os.path.join(self.folder, "meta.db")
        self.address = f"sqlite3://{self.database}"
        self.environment = {"BENCHVOLUME": self.address}
        self.bench = bench

    def format(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        store = ["--storage", "file", "--bucket", self.store]
        measure.run([self.bench.juicefs, "format", "--no-agent", *store, self.address, "bench"])
        return self

    def filled(self, files, directories):
        self.format()
        program = [sys.executable, os.path.join(HERE, "make_volume.py")]
        subprocess.run([*program, self.database, self.store, str(files), str(directories)], check=True)
        return self

    def with_metadata(self, files, directories):
        """Records without objects: enough for what never looks at the store."""
        self.format()
        with contextlib.closing(sqlite3.connect(self.database)) as database, database:
            make_volume.fill_metadata(database, files, directories)
        return self

    def empty_database(self):
        """The address of a new SQLite database, the only one of its kind in the folder."""
        folder = os.path.join(self.folder, "loaded")
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        return f"sqlite3://{folder}/meta.db"

    def moved_to(self, address):
        """Its records in an empty database of another engine, by the real program's binary dump."""
        dump = os.path.join(self.folder, "dump.bin")
        for step in (["dump", "--binary", self.address, dump], ["load", "--binary", address, dump]):
            measure.run([self.bench.juicefs, step[0], "--no-agent", *step[1:]])
        os.remove(dump)
        self.address = address
        self.environment = {"BENCHVOLUME": address}
        return self

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def make_tree(folder, files):
    """Files of 0 to 31 KiB, 100 in each directory, the same bytes in every run."""
    pattern = bytes(range(256)) * 128
    for index in range(files):
        place = os.path.join(folder, f"{index // 10_000:02d}", f"{index // 100 % 100:02d}")
        os.makedirs(place, exist_ok=True)
        with open(os.path.join(place, f"file-{index:06d}"), "wb") as file:
            file.write(pattern[index % 256 :][: index * 7919 % 32_768])


def make_big_file(folder, size):
    """One file of incompressible bytes."""
    os.makedirs(folder, exist_ok=True)
    with open("/dev/urandom", "rb") as source, open(os.path.join(folder, "big"), "wb") as file:
        for _ in range(size // (4 << 20)):
            file.write(source.read(4 << 20))


def fsck(bench, volume):
    meta = volume.address
    theirs = [
        [bench.juicefs, "fsck", "--no-agent", meta],
        [bench.juicefs, "fsck", "--no-agent", meta, "--path", "/", "-r", "--sync-dir-stat"],
    ]
    return {
        "sluice": lambda: measure.run([bench.sluice, "fsck", meta]),
        "juicefs": lambda: measure.run_all(theirs),
    }


def gc(bench, volume):
    return {
        "sluice": lambda: measure.run([bench.sluice, "gc", volume.address], GC_NOW),
        "juicefs": lambda: measure.run([bench.juicefs, "gc", "--no-agent", volume.address], GC_NOW),
    }


def dump(bench, volume, kind):
    """`kind`: options of the format, the same for both programs."""

    def contender(program):
        extra = ["--no-agent"] if program == bench.juicefs else []
        target = os.path.join(volume.folder, "written")
        return lambda: measure.run([program, "dump", *extra, *kind, volume.address, target])

    return {"sluice": contender(bench.sluice), "juicefs": contender(bench.juicefs)}


def load(bench, volume, kind, empty_database):
    """What the real program dumped. `empty_database`: makes one, and forgets the one before."""
    source = os.path.join(volume.folder, "source")
    measure.run([bench.juicefs, "dump", "--no-agent", *kind, volume.address, source])

    def contender(program):
        extra = ["--no-agent"] if program == bench.juicefs else []
        return lambda: measure.run([program, "load", *extra, *kind, empty_database(), source])

    return {"sluice": contender(bench.sluice), "juicefs": contender(bench.juicefs)}


def sync_command(bench, program, source, target):
    extra = ["--no-agent"] if program == bench.juicefs else []
    return [program, "sync", *extra, "--dirs", "--perms", "--links", source, target]


def import_tree(bench, tree, is_kept):
    """`is_kept`: as for `export_tree`."""

    def contender(program):
        def once():
            folder = tempfile.mkdtemp(prefix="import-", dir=bench.scratch)
            volume = Volume(bench, os.path.basename(folder)).format()
            command = sync_command(bench, program, f"{tree}/", "jfs://BENCHVOLUME/")
            cost = measure.run(command, volume.environment)
            if not is_kept:
                volume.remove()
            return cost

        return once

    return {"sluice": contender(bench.sluice), "juicefs": contender(bench.juicefs)}


def export_tree(bench, tree, is_kept):
    """`is_kept`: what many small files were written to stays for the whole run. ext4 looks past inodes that
    were deleted a moment ago, which would be measured in their place."""
    volume = Volume(bench, "export").format()
    measure.run(sync_command(bench, bench.juicefs, f"{tree}/", "jfs://BENCHVOLUME/"), volume.environment)

    def contender(program):
        def once():
            out = tempfile.mkdtemp(prefix="out-", dir=bench.scratch)
            command = sync_command(bench, program, "jfs://BENCHVOLUME/", f"{out}/")
            cost = measure.run(command, volume.environment)
            same = subprocess.run(["diff", "-rq", tree, out], capture_output=True).returncode == 0
            if not is_kept:
                shutil.rmtree(out)
            if not same:
                raise measure.Failure(f"{program} sync: the exported tree differs from the source")
            return cost

        return once

    return {"sluice": contender(bench.sluice), "juicefs": contender(bench.juicefs)}


def version(bench):
    return {
        "sluice": lambda: measure.run([bench.sluice, "version"]),
        "juicefs": lambda: measure.run([bench.juicefs, "version"]),
    }


def status(bench, volume):
    return {
        "sluice": lambda: measure.run([bench.sluice, "status", volume.address]),
        "juicefs": lambda: measure.run([bench.juicefs, "status", "--no-agent", volume.address]),
    }
