# SPDX-License-Identifier: Apache-2.0
"""Metadata operations: 4 threads on a tree of empty files, 1,000 in each directory, one volume for each run.

Creation stands against `juicefs mdtest`, which does nothing else. For the rest the real program has no such
command: it is measured through its mount without caches, so that its figures hold what the kernel costs.
"""

import concurrent.futures
import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time

import measure

THREADS, WIDTH, PER_DIRECTORY = 4, 3, 1000
SHAPE = ["--threads", str(THREADS), "--dirs", str(WIDTH), "--depth", "1"]
SHAPE += ["--files", str(PER_DIRECTORY // THREADS)]
SECONDS = {"s": 1, "ms": 1e-3, "µs": 1e-6}


class Operations:
    """Runs of both programs, each on a new volume; `server` is None for SQLite."""

    def __init__(self, bench, server):
        self.bench = bench
        self.server = server

    def volume(self):
        """The address of a new volume without trash."""
        folder = tempfile.mkdtemp(prefix="operations-", dir=self.bench.scratch)
        address = self.server.address() if self.server else f"sqlite3://{folder}/meta.db"
        store = ["--storage", "file", "--bucket", os.path.join(folder, "store"), "--trash-days", "0"]
        measure.run([self.bench.juicefs, "format", "--no-agent", *store, address, "bench"])
        return address

    def ours(self):
        """Seconds of each kind of operation."""
        command = [self.bench.sluice, "mdtest", self.volume(), "/tree", *SHAPE, "--json"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise measure.Failure(f"{' '.join(command)}: {done.stderr}")
        return {line["operation"]: line["seconds"] for line in map(json.loads, done.stdout.splitlines())}

    def theirs(self):
        """The same of the real program."""
        return {"create": self.created(), **self.mounted()}

    def created(self):
        command = [self.bench.juicefs, "mdtest", "--no-usage-report", self.volume(), "/tree", *SHAPE]
        done = subprocess.run(command, capture_output=True, text=True)
        found = re.search(r"Created \d+ files in ([0-9a-zµ.]+)", done.stderr + done.stdout)
        if done.returncode != 0 or not found:
            raise measure.Failure(f"{' '.join(command)}: {done.stderr[-500:]}")
        return seconds(found[1])

    def mounted(self):
        with mount(self.bench, self.volume()) as top:
            directories = [os.path.join(top, "tree")]
            directories += [os.path.join(directories[0], f"d{d}") for d in range(WIDTH)]
            for directory in directories:
                os.mkdir(directory)
            names = [[f"f{thread}.{f}" for f in range(PER_DIRECTORY // THREADS)] for thread in range(THREADS)]

            def each(operation):
                def run(thread):
                    for directory in directories:
                        for name in names[thread]:
                            operation(f"{directory}/{name}")

                return timed(run)

            each(lambda path: os.close(os.open(path, os.O_CREAT | os.O_WRONLY)))
            return {
                "stat": each(os.stat),
                "readdir": timed(lambda _: [os.listdir(directory) for directory in directories]),
                "unlink": each(os.unlink),
            }


def timed(body):
    """Seconds that a body takes on all threads."""
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        start = time.perf_counter()
        list(pool.map(body, range(THREADS)))
        return time.perf_counter() - start


@contextlib.contextmanager
def mount(bench, address):
    """The real program's mount, without caches of names and attributes."""
    place = os.path.join(bench.scratch, "mount")
    os.makedirs(place)
    uncached = [f"--{kind}-cache=0" for kind in ("attr", "entry", "dir-entry", "open")]
    command = [bench.juicefs, "mount", "-d", "--no-usage-report", "--no-syslog", *uncached, address, place]
    measure.run(command)
    try:
        yield place
    finally:
        measure.run([bench.juicefs, "umount", place])
        shutil.rmtree(place)


def seconds(text):
    """Go's spelling of a duration below an hour: 1m2.5s, 187.8ms."""
    minutes, rest = re.fullmatch(r"(?:(\d+)m(?!s))?(.*)", text).groups()
    number, unit = re.fullmatch(r"([0-9.]+)(s|ms|µs)", rest).groups()
    return int(minutes or 0) * 60 + float(number) * SECONDS[unit]
