#!/usr/bin/env python3
"""What one message, push, page or resumption costs the server in CPU time: two builds compared in pairs, one
run of each right after the other, so that what the machine does meanwhile is nearly the same for both.

usage: tests/bench/pairs.py BUILD/bin OTHER/bin [--modes chat,offline,asleep,page,resume] [--pairs 25] [--pin]

Prints, for each mode, the median of the ratios BUILD / OTHER and the interval in which that median is with 95 %
confidence (order statistics, whatever the distribution). Below 1, BUILD is the faster. Both servers run as long as
the mode, on data of their own, and only one has work at a time: runs are short and follow each other at once, for what
else the machine does changes from one second to the next. With --pin each server has the first processor to itself and
clarion-bench the others: what the two do to each other's caches varies less. With TMPDIR in memory (/dev/shm) the disk
is left out, whose interrupts are otherwise half of what a server costs.
"""
import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess

from servers import Clarion, DOMAIN, PASSWORD

ACCOUNTS = 1000
RESUMED = "900"


def chat(bench):
    return bench("chat", "-n", "40", "--sm", "--carbons", "--in-flight", "4", "--warm-up", "0.2",
                 "--duration", "1")["server_cpu_us_per_message"]


def offline(bench):
    return bench("push", "-n", "400", "--rate", "0", "--warm-up", "0.2", "--duration",
                 "1")["server_cpu_seconds_per_1000_publishes"]


def asleep(bench):
    return bench("push", "-n", "900", "--phones", "asleep", "--rate", "500", "--warm-up", "0.2", "--duration",
                 "1.5")["server_cpu_seconds_per_1000_publishes"]


def page(bench):
    return bench("mam", "-n", "4", "--fill", "500", "--sm", "--warm-up", "0.2", "--duration",
                 "1")["server_cpu_us_per_page"]


def resume(bench):
    state = ["--state-file", str(bench.server.path("sleepers.txt"))]
    bench("sleep", "-n", RESUMED, *state)
    return bench("resume", "-n", RESUMED, *state)["server_cpu_ms_per_resume"]


MODES = {mode.__name__: mode for mode in (chat, offline, asleep, page, resume)}


class Bench:
    """clarion-bench of the other build, the same for both servers."""

    def __init__(self, server, program, processors):
        self.server = server
        self.program = ["taskset", "-c", processors, program] if processors else [program]

    def __call__(self, mode, *arguments):
        component = ["--component-port", str(self.server.ports["component"])] if mode == "push" else []
        done = subprocess.run([*self.program, mode, *arguments, *component, "--json", "--domain", DOMAIN,
                               "--password", PASSWORD, "--port", str(self.server.ports["c2s"]),
                               "--server-pid", str(self.server.process.pid), "--settle", "0"],
                              check=True, capture_output=True, text=True, timeout=300)
        return json.loads(done.stdout)


def pin(process):
    """To the first processor, all its threads. Where clarion-bench may run instead."""
    for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {0})
    return ",".join(str(each) for each in range(1, os.cpu_count()))


def interval(ratios):
    """Ranks of the 95 % confidence interval of a median: binomial, p = 1/2."""
    ordered, n = sorted(ratios), len(ratios)
    below = 0
    while below < n // 2 and sum(math.comb(n, k) for k in range(below + 1)) / 2 ** n <= 0.025:
        below += 1
    return ordered[max(below - 1, 0)], ordered[min(n - below, n - 1)]


def compare(builds, mode, pairs, pinned):
    servers = [Clarion(build=build) for build in builds]
    program = servers[1].build / "clarion-bench"
    try:
        benches = []
        for server in servers:
            server.add_accounts(ACCOUNTS)
            server.start()
            benches.append(Bench(server, program, pin(server.process) if pinned else None))
            MODES[mode](benches[-1])  # the first fills files and caches
        ratios, seen = [], ([], [])
        for i in range(pairs):
            cost = {}
            for which in ((0, 1), (1, 0))[i % 2]:
                cost[which] = MODES[mode](benches[which])
                seen[which].append(cost[which])
            ratios.append(cost[0] / cost[1])
    finally:
        for server in servers:
            server.stop()
            server.remove()
    low, high = interval(ratios)
    print(f"{mode:8} {statistics.median(ratios):.3f} [{low:.3f}, {high:.3f}]   medians "
          f"{statistics.median(seen[0]):.4g} / {statistics.median(seen[1]):.4g}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("builds", nargs=2, metavar="BUILD/bin")
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--pairs", type=int, default=25)
    parser.add_argument("--pin", action="store_true")
    arguments = parser.parse_args()
    for mode in arguments.modes.split(","):
        compare(arguments.builds, mode, arguments.pairs, arguments.pin)


if __name__ == "__main__":
    main()
