# SPDX-License-Identifier: Apache-2.0
"""Small objects into, from and out of a bucket, 64 at a time: sluice beside s5cmd, over one server.

Only the clients are measured; the server (`rclone serve s3` on a folder) costs more than either of them, so
that the wall time says little and the CPU time much.
"""

import glob
import os
import subprocess
import tempfile

import measure
import servers

KEY, SECRET = "benchkey", "benchsecret"
THREADS = "64"


class Bucket:
    """A bucket of its own for each run; `address` is ours, `url` the other's."""

    def __init__(self, server, name):
        self.folder = os.path.join(server.folder, name)
        self.address = f"minio://{KEY}:{SECRET}@127.0.0.1:{server.port}/{name}/"
        self.url = f"s3://{name}/"


class ObjectServer(servers.Server):
    """`rclone serve s3`: a bucket is a folder, and sees no folder that is made behind its back."""

    BUCKETS = 32

    def __init__(self, scratch, rclone):
        self.folder = tempfile.mkdtemp(prefix="s3-", dir=scratch)
        for number in range(1, self.BUCKETS + 1):
            os.makedirs(os.path.join(self.folder, f"bucket{number}"))
        self.port = servers.free_port()
        options = ["--addr", f"127.0.0.1:{self.port}", "--auth-key", f"{KEY},{SECRET}"]
        options += ["--vfs-cache-mode", "off", "--poll-interval", "0"]
        command = [rclone, "serve", "s3", *options, self.folder]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        self.buckets = 0
        servers.wait_for(self.port, self.process)

    def bucket(self):
        self.buckets += 1
        return Bucket(self, f"bucket{self.buckets}")


def find_tools(juicefs):
    """rclone and the native s5cmd beside the real program; its package puts Python before the latter."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(juicefs)))
    rclone = os.path.join(root, "bin", "rclone")
    found = glob.glob(os.path.join(root, "lib", "*", "site-packages", "s5cmd", "bin", "s5cmd"))
    return (rclone, found[0]) if os.access(rclone, os.X_OK) and found else None


def make_objects(folder, count):
    """Files of 4 KiB, no two alike, 1,000 in each folder."""
    for index in range(count):
        place = os.path.join(folder, f"{index // 1000:03d}")
        os.makedirs(place, exist_ok=True)
        with open(os.path.join(place, f"object-{index:06d}"), "wb") as file:
            file.write(index.to_bytes(8, "big") * 512)


class SmallObjects:
    """Three workloads that follow each other: what one contender uploaded, it downloads and deletes."""

    def __init__(self, bench, server, s5cmd, count):
        self.bench, self.server, self.s5cmd, self.count = bench, server, s5cmd, count
        self.tree = tempfile.mkdtemp(prefix="objects-", dir=bench.scratch)
        make_objects(self.tree, count)
        self.filled = {"sluice": [], "s5cmd": []}

    def ours(self, source, target, *options):
        program = [self.bench.sluice, "sync", "--threads", THREADS, *options, source, target]
        return measure.run(program)

    def theirs(self, *words):
        variables = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1"}
        endpoint = f"http://127.0.0.1:{self.server.port}"
        options = ["--endpoint-url", endpoint, "--log", "error", "--numworkers", THREADS]
        return measure.run([self.s5cmd, *options, *words], variables)

    def require(self, folder, wanted):
        found = sum(len(files) for _, _, files in os.walk(folder))
        if found != wanted:
            raise measure.Failure(f"{found} objects in place of {wanted}")

    def upload(self, program):
        bucket = self.server.bucket()
        if program == "sluice":
            cost = self.ours(f"{self.tree}/", bucket.address)
        else:
            cost = self.theirs("cp", f"{self.tree}/*", bucket.url)
        self.require(bucket.folder, self.count)
        self.filled[program].append(bucket)
        return cost

    def download(self, program):
        bucket = self.filled[program][-1]
        out = tempfile.mkdtemp(prefix="out-", dir=self.bench.scratch)
        if program == "sluice":
            cost = self.ours(bucket.address, f"{out}/")
        else:
            cost = self.theirs("cp", f"{bucket.url}*", f"{out}/")
        # It stays: ext4 looks past inodes that were deleted a moment ago, which would be measured.
        self.require(out, self.count)
        return cost

    def delete(self, program):
        bucket = self.filled[program].pop()
        empty = tempfile.mkdtemp(prefix="empty-", dir=self.bench.scratch)
        if program == "sluice":
            cost = self.ours(f"{empty}/", bucket.address, "--delete-dst", "--allow-empty-source")
        else:
            cost = self.theirs("rm", f"{bucket.url}*")
        self.require(bucket.folder, 0)
        return cost


def small_objects(bench, count, rounds):
    promised = {"ratio_cpu_seconds": 0.5, "ratio_wall_seconds": 1.0}
    names = {deed: f"{deed} of {count:,} objects of 4 KiB" for deed in ("upload", "download", "delete")}
    if not any(map(bench.wants, names.values())):
        return
    tools = find_tools(bench.juicefs)
    if not tools:
        bench.results["small objects"] = {"failed": "rclone or s5cmd is not installed"}
        return
    server = ObjectServer(bench.scratch, tools[0])
    try:
        work = SmallObjects(bench, server, tools[1], count)
        # In this order: each needs what the one before left.
        for deed, name in names.items():
            run = getattr(work, deed)
            programs = ("sluice", "s5cmd")
            if not all(work.filled.values()) and deed != "upload":
                bench.results[name] = {"failed": "nothing was uploaded"}
                continue
            bench.measure(name, promised, {p: (lambda p=p, run=run: run(p)) for p in programs}, rounds)
    finally:
        server.stop()
