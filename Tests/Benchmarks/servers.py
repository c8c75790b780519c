# SPDX-License-Identifier: Apache-2.0
"""Metadata servers of the run's own, on loopback ports, in the scratch folder: Redis and PostgreSQL."""

import glob
import os
import shutil
import socket
import subprocess
import time


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port, process, seconds=30):
    """Until the server accepts connections; a server that ends meanwhile is an error."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[0]} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{process.args[0]} does not answer on port {port}")


class Server:
    """A child process that serves metadata; `address()` names an empty database of it."""

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Redis(Server):
    name = "Redis"

    def __init__(self, scratch):
        self.folder = os.path.join(scratch, "redis")
        os.makedirs(self.folder)
        self.port = free_port()
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", self.folder]
        options += ["--save", "", "--appendonly", "no", "--databases", "64"]
        self.process = subprocess.Popen(
            ["redis-server", *options], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        )
        self.databases = 0
        wait_for(self.port, self.process)

    def address(self):
        self.databases += 1
        return f"redis://127.0.0.1:{self.port}/{self.databases}"

    def empty_database(self):
        """One database for loads, without what was loaded before."""
        command = ["redis-cli", "-p", str(self.port), "-n", "0", "flushdb"]
        subprocess.run(command, check=True, capture_output=True)
        return f"redis://127.0.0.1:{self.port}/0"


class Postgres(Server):
    name = "PostgreSQL"

    def __init__(self, scratch):
        self.folder = os.path.join(scratch, "postgres")
        os.makedirs(self.folder)
        self.port = free_port()
        self.programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        # The server refuses to run as root.
        self.user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.user:
            shutil.chown(self.folder, "postgres")
            for parent in (scratch, os.path.dirname(scratch)):
                os.chmod(parent, os.stat(parent).st_mode | 0o011)
        data = os.path.join(self.folder, "data")
        self.run("initdb", "-D", data, "-A", "trust", "-U", "bench", "-E", "UTF8", "--no-sync")
        options = ["-D", data, "-p", str(self.port), "-k", self.folder, "-c", "listen_addresses=127.0.0.1"]
        options += ["-c", "max_connections=200", "-c", "max_wal_size=4GB"]
        self.process = subprocess.Popen(
            [*self.user, f"{self.programs}/postgres", *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )
        self.databases = 0
        wait_for(self.port, self.process)

    def run(self, program, *arguments):
        subprocess.run(
            [*self.user, f"{self.programs}/{program}", *arguments], check=True, stdout=subprocess.DEVNULL
        )

    def address(self):
        self.databases += 1
        name = f"bench{self.databases}"
        self.run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "bench", name)
        return f"postgres://bench@127.0.0.1:{self.port}/{name}?sslmode=disable"
