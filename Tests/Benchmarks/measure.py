# SPDX-License-Identifier: Apache-2.0
"""Runs programs and tells what they cost. Standard library only.

Peak memory comes from time(1): the figure that a parent sees for its own child starts at the parent's size.
"""

import os
import statistics
import subprocess
import tempfile
import time

TIME = "/usr/bin/time"


class Failure(Exception):
    """A measured program did not end as expected; the text says which and why."""


class Cost:
    """Wall and CPU seconds, peak resident MiB."""

    def __init__(self, wall, cpu, rss):
        self.wall, self.cpu, self.rss = wall, cpu, rss

    def then(self, other):
        """The cost of one program after the other."""
        return Cost(self.wall + other.wall, self.cpu + other.cpu, max(self.rss, other.rss))

    def record(self):
        return {"wall_seconds": self.wall, "cpu_seconds": self.cpu, "peak_rss_mib": self.rss}


def run(command, environment=None):
    """Runs one command to its end and returns its Cost."""
    with tempfile.NamedTemporaryFile("r") as peak, tempfile.TemporaryFile() as output:
        wrapped = [TIME, "--quiet", "--format=%M", f"--output={peak.name}", *command]
        variables = {**os.environ, **(environment or {})}
        start = time.perf_counter()
        process = subprocess.Popen(
            wrapped, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=variables
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            last = output.read().decode(errors="replace").strip().splitlines()[-3:]
            raise Failure(f"{' '.join(command)}: exit {process.returncode}: {' / '.join(last)}")
        return Cost(wall, usage.ru_utime + usage.ru_stime, int(peak.read()) / 1024)


def run_all(commands, environment=None):
    """Several commands, one after the other, as one Cost."""
    cost = run(commands[0], environment)
    for command in commands[1:]:
        cost = cost.then(run(command, environment))
    return cost


def medians(runs):
    """The median of each figure of several runs."""
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def paired(rounds, contenders):
    """Runs the contenders in turn, the order reversed in every other round.

    Takes name → function returning a Cost, returns name → all costs. Before each run everything is written
    to the disk: no program pays for what the other left in memory.
    """
    costs = {name: [] for name in contenders}
    for turn in range(rounds):
        names = list(contenders) if turn % 2 == 0 else list(reversed(contenders))
        for name in names:
            os.sync()
            costs[name].append(contenders[name]())
    return costs
