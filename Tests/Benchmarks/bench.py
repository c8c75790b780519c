#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures sluice beside the real juicefs: both in one run, in turn, medians of several rounds, ratios.

The figures that the project promises stand below; a missed one is shown as such and does not fail the run: a
benchmark is not a timed test. A program that fails does.
"""

import argparse
import datetime
import os
import shutil
import subprocess
import sys
import tempfile

import measure
import operations
import report
import servers
import stores
import workloads

HERE = os.path.dirname(os.path.abspath(__file__))
BINARY_MIB = 30

FSCK = {"ratio_wall_seconds": 0.2, "ratio_cpu_seconds": 0.25, "peak_rss_mib": 64}
GC = {"ratio_cpu_seconds": 0.4, "peak_rss_mib": 64}
DUMP = {"ratio_wall_seconds": 0.3, "ratio_cpu_seconds": 0.2, "peak_rss_mib": 96}
TRANSFER = {"ratio_wall_seconds": 0.8, "ratio_cpu_seconds": 0.6}
GROWTH_MIB = 16  # how much more memory five times the files may take


class Bench:
    """The programs, the scratch folder, and what was measured so far."""

    def __init__(self, options, scratch):
        self.options = options
        self.sluice, self.juicefs, self.scratch = options.sluice, options.juicefs, scratch
        self.results = {}

    def wants(self, name):
        only, without = self.options.only, self.options.without or []
        return (not only or any(part in name for part in only)) and not any(part in name for part in without)

    def measure(self, name, promised, contenders, rounds):
        if self.options.peer_only:
            contenders = {name: run for name, run in contenders.items() if name != "sluice"}
        print(f"... {name}", file=sys.stderr, flush=True)
        try:
            costs = measure.paired(rounds, contenders)
        except measure.Failure as failure:
            self.results[name] = {"failed": str(failure)}
            print(f"    {failure}", file=sys.stderr)
            return
        self.note(name, promised, {program: [c.record() for c in found] for program, found in costs.items()})

    def note(self, name, promised, runs):
        """Keeps a result. `runs`: for each program the figures of its runs, by name."""
        result = {"promised": promised}
        for program, found in runs.items():
            result[program] = {"median": measure.medians(found), "runs": found}
        peer = next((name for name in runs if name != "sluice"), None)
        if len(runs) == 2:
            ours, theirs = result["sluice"]["median"], result[peer]["median"]
            result["ratio"] = {key: ours[key] / theirs[key] if theirs[key] else float("nan") for key in ours}
        self.results[name] = result

    def limit_from(self, smaller):
        """The limit of our memory on a larger volume, from what the smaller one took."""
        ours = self.results.get(smaller, {}).get("sluice")
        return {"peak_rss_mib": ours["median"]["peak_rss_mib"] + GROWTH_MIB} if ours else {}


def volumes(bench, sizes, rounds):
    # The larger volume is there for its memory: one round tells it, five would take a quarter of an hour.
    smaller = ["", ""]
    for files, directories in sizes:
        names = [f"fsck of {files:,} files", f"gc plan of {files:,} files"]
        if not any(map(bench.wants, names)):
            continue
        print(f"... making a volume of {files:,} files", file=sys.stderr, flush=True)
        volume = workloads.Volume(bench, f"volume-{files}").filled(files, directories)
        for name, before, promised, workload in (
            (names[0], smaller[0], FSCK, workloads.fsck),
            (names[1], smaller[1], GC, workloads.gc),
        ):
            if bench.wants(name):
                limits = {**promised, **bench.limit_from(before)}
                bench.measure(name, limits, workload(bench, volume), 1 if before else rounds)
        volume.remove()
        smaller = names


def dumps(bench, files, directories, rounds):
    for engine in ("SQLite", "Redis"):
        deeds = [(deed, form) for form in ("JSON", "binary") for deed in ("dump", "load")]
        names = {deed: f"{deed[0]} of {files:,} files as {deed[1]} on {engine}" for deed in deeds}
        if not any(map(bench.wants, names.values())):
            continue
        server = servers.Redis(bench.scratch) if engine == "Redis" else None
        try:
            volume = workloads.Volume(bench, "dumped").with_metadata(files, directories)
            empty_database = server.empty_database if server else volume.empty_database
            if server:
                volume.moved_to(server.address())
            for (deed, form), name in names.items():
                if not bench.wants(name):
                    continue
                kind = ["--binary"] if form == "binary" else []
                if deed == "dump":
                    contenders = workloads.dump(bench, volume, kind)
                else:
                    contenders = workloads.load(bench, volume, kind, empty_database)
                bench.measure(name, DUMP, contenders, rounds)
            volume.remove()
        finally:
            if server:
                server.stop()


def on_servers(bench, files, directories, rounds):
    promised = {"ratio_wall_seconds": 0.25, "peak_rss_mib": 64}
    for kind in (servers.Redis, servers.Postgres):
        name = f"fsck of {files:,} files on {kind.name}"
        if not bench.wants(name):
            continue
        server = kind(bench.scratch)
        try:
            volume = workloads.Volume(bench, "served").filled(files, directories).moved_to(server.address())
            bench.measure(name, promised, workloads.fsck(bench, volume), rounds)
            volume.remove()
        finally:
            server.stop()


def operations_on_engines(bench, rounds):
    """Rates: the seconds of each kind of operation are its wall time."""
    kinds = ("create", "stat", "readdir", "unlink")
    for name, faster in (("SQLite", 1.5), ("Redis", 1.2), ("PostgreSQL", 1.2)):
        if not bench.wants(f"operations on {name}"):
            continue
        print(f"... operations on {name}", file=sys.stderr, flush=True)
        server = {"Redis": servers.Redis, "PostgreSQL": servers.Postgres}.get(name)
        server = server(bench.scratch) if server else None
        try:
            programs = operations.Operations(bench, server)
            found = [{"sluice": programs.ours(), "juicefs": programs.theirs()} for _ in range(rounds)]
        finally:
            if server:
                server.stop()
        for kind in kinds:
            runs = {p: [{"wall_seconds": run[p][kind]} for run in found] for p in ("sluice", "juicefs")}
            bench.note(f"operations on {name}: {kind}", {"ratio_wall_seconds": 1 / faster}, runs)


def transfers(bench, files, big, rounds):
    cases = [
        (f"{files:,} small files", lambda folder: workloads.make_tree(folder, files), True),
        (f"one file of {big >> 20:,} MiB", lambda folder: workloads.make_big_file(folder, big), False),
    ]
    for name, make, is_kept in cases:
        if not (bench.wants(f"import of {name}") or bench.wants(f"export of {name}")):
            continue
        tree = os.path.join(bench.scratch, "tree")
        make(tree)
        if bench.wants(f"import of {name}"):
            bench.measure(f"import of {name}", TRANSFER, workloads.import_tree(bench, tree, is_kept), rounds)
        if bench.wants(f"export of {name}"):
            bench.measure(f"export of {name}", TRANSFER, workloads.export_tree(bench, tree, is_kept), rounds)
        shutil.rmtree(os.path.join(bench.scratch, "export"), ignore_errors=True)
        shutil.rmtree(tree)


def startup(bench, rounds):
    if bench.wants("version"):
        bench.measure("version", {"wall_seconds": 0.015}, workloads.version(bench), rounds)
    if bench.wants("status"):
        volume = workloads.Volume(bench, "status").format()
        bench.measure("status", {"ratio_wall_seconds": 0.3}, workloads.status(bench, volume), rounds)
        volume.remove()


def programs(bench):
    """Versions and sizes. The size of our binary has a limit of its own."""
    found = {}
    for name, path in (("sluice", bench.sluice), ("juicefs", bench.juicefs)):
        if name == "sluice" and bench.options.peer_only:
            continue
        said = subprocess.run([path, "version"], capture_output=True, text=True).stdout.strip()
        size = os.stat(os.path.realpath(path)).st_size / (1 << 20)
        found[name] = f"{said or 'version unknown'}, {size:.1f} MiB"
        if name == "sluice":
            found["sluice binary"] = f"{'met' if size <= BINARY_MIB else 'MISSED'}: limit {BINARY_MIB} MiB"
    return found


def result_name(options):
    command = ["git", "-C", HERE, "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(command, capture_output=True, text=True)
    parts = [datetime.date.today().isoformat(), commit.stdout.strip() or "tree"]
    parts += [options.part] if options.part else []
    return "-".join(parts + (["small"] if options.small else []) + (["peer"] if options.peer_only else []))


def arguments():
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("--sluice", required=True, help="our release binary")
    parser.add_argument("--juicefs", required=True, help="the real program")
    parser.add_argument("--small", action="store_true", help="a tenth of every size, three rounds")
    parser.add_argument("--rounds", type=int, help="rounds of each workload (default 5, 3 for long ones)")
    parser.add_argument("--peer-only", action="store_true", help="measure the real program alone")
    parser.add_argument("--only", action="append", help="only workloads with this in their name (repeatable)")
    parser.add_argument("--without", action="append", help="none with this in their name (repeatable)")
    parser.add_argument("--part", help="a word for the names of the result files of a run of some workloads")
    parser.add_argument("--scratch", help="folder for volumes and trees (default: the temporary folder)")
    results = os.path.join(HERE, "results")
    parser.add_argument("--results", default=results, help="folder for the result files")
    return parser.parse_args()


def main():
    options = arguments()
    if not os.access(measure.TIME, os.X_OK):
        sys.exit("bench.py: /usr/bin/time is missing (Debian package time)")
    scale, rounds, starts = (10, 3, 10) if options.small else (1, 5, 20)
    rounds = options.rounds or rounds
    with tempfile.TemporaryDirectory(prefix="sluice-bench-", dir=options.scratch) as scratch:
        bench = Bench(options, scratch)
        document = {
            "date": datetime.date.today().isoformat(),
            "machine": report.machine(scratch),
            "programs": programs(bench),
            "rounds": rounds,
            "startup_rounds": starts,
            "workloads": bench.results,
        }
        try:
            startup(bench, starts)
            volumes(bench, [(200_000 // scale, 200), (1_000_000 // scale, 1000)], rounds)
            transfers(bench, 20_000 // scale, (4 << 30) // scale // (4 << 20) * (4 << 20), rounds)
            stores.small_objects(bench, 20_000 // scale, min(rounds, 3))
            operations_on_engines(bench, min(rounds, 3))
            on_servers(bench, 200_000 // scale, 200, min(rounds, 3))
            dumps(bench, 1_000_000 // scale, 1000, min(rounds, 3))
        finally:
            # A run takes an hour: what was measured before an error is not lost.
            print(report.table(bench.results))
            for name, text in document["programs"].items():
                print(f"{name}: {text}")
            report.save(document, options.results, result_name(options))
            print(f"saved as {options.results}/{result_name(options)}.json and .md")
    return 1 if any("failed" in result for result in bench.results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
