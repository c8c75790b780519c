# SPDX-License-Identifier: Apache-2.0
"""Turns results into the table on the screen and the two committed files."""

import json
import os
import platform

FIGURES = [("wall_seconds", "wall s"), ("cpu_seconds", "CPU s"), ("peak_rss_mib", "RSS MiB")]


def machine(scratch):
    """What the figures depend on. No names of hosts or people."""
    model, memory = "unknown", "unknown"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    with open("/proc/meminfo") as file:
        memory = f"{int(file.readline().split()[1]) / 1048576:.0f} GiB"
    return {
        "cores": os.cpu_count(),
        "processor": model,
        "memory": memory,
        "kernel": platform.release(),
        "file_system": file_system(scratch),
        "load_average_at_start": os.getloadavg()[0],
    }


def file_system(folder):
    best, kind = "", "unknown"
    with open("/proc/mounts") as file:
        for line in file:
            _, point, found = line.split()[:3]
            inside = os.path.realpath(folder).startswith(point.rstrip("/") + "/")
            if inside and len(point) >= len(best):
                best, kind = point, found
    return kind


def verdicts(result):
    """The promised figures of a workload with what was measured."""
    ours, ratios = result["sluice"]["median"], result.get("ratio", {})
    found = []
    for name, limit in result["promised"].items():
        value = ratios.get(name.removeprefix("ratio_")) if name.startswith("ratio_") else ours[name]
        if value is not None:
            found.append((name, limit, value, value <= limit))
    return found


def figure(key, median):
    if key not in median:
        return ""
    return f"{median[key]:.0f}" if key == "peak_rss_mib" else f"{median[key]:.3f}"


def rows(results):
    yield ["workload", "", *(title for _, title in FIGURES)]
    for name, result in results.items():
        if "failed" in result:
            yield [name, "failed", result["failed"], "", ""]
            continue
        label = name
        for program in ("sluice", "juicefs", "s5cmd"):
            if program in result:
                median = result[program]["median"]
                yield [label, program, *(figure(key, median) for key, _ in FIGURES)]
                label = ""
        if "ratio" in result:
            ratio = result["ratio"]
            yield ["", "ratio", *(f"{ratio[key]:.2f}x" if key in ratio else "" for key, _ in FIGURES)]
        for promise, limit, value, met in verdicts(result) if "sluice" in result else []:
            yield ["", "met" if met else "MISSED", f"{promise} <= {limit:.3g}", f"{value:.3g}", ""]


def table(results):
    lines = [[str(cell) for cell in row] for row in rows(results)]
    widths = [max(len(line[i]) for line in lines if len(line[2]) < 40) for i in range(5)]
    padded = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines
    )
    return "\n".join(padded)


def markdown(document):
    lines = ["# Benchmark results", "", "Medians; both programs in turn in one run; warm page cache.", ""]
    lines += [f"- {key.replace('_', ' ')}: {value}" for key, value in document["machine"].items()]
    lines += [f"- {key}: {value}" for key, value in document["programs"].items()]
    lines += [f"- rounds: {document['rounds']} (start-up: {document['startup_rounds']})", ""]
    for index, row in enumerate(rows(document["workloads"])):
        lines.append("| " + " | ".join(row) + " |")
        if index == 0:
            lines.append("|---" * len(row) + "|")
    return "\n".join(lines) + "\n"


def save(document, folder, name):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name + ".json"), "w") as file:
        json.dump(document, file, indent=2)
        file.write("\n")
    with open(os.path.join(folder, name + ".md"), "w") as file:
        file.write(markdown(document))
