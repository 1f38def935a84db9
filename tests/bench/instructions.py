#!/usr/bin/env python3
"""Instructions that clariond needs for one more message, archive page or resumption, counted by callgrind: two builds compared
without the noise of a machine that others use too.

usage: tests/bench/instructions.py BUILD/bin [BUILD/bin ...] [--modes chat,push,page,resume] [--runs 3]

Each build runs each mode twice, the second time with more messages; the difference, divided by how many
more there really were, is what one costs. What malloc does to tidy up is left out: when it does is chance,
and it may be millions. How many messages share a commit still differs on a busy machine, so it is done
several times, and the median counts. Needs valgrind.
"""
import argparse
import json
import re
import statistics
import subprocess
import sys

from servers import Clarion, DOMAIN, PASSWORD

# The address space that valgrind leaves free is smaller than the default map.
STORAGE = "[storage]\nmap_size = 1073741824\n"
ACCOUNTS = 24
# By mode: what clarion-bench is told, for few and for many messages.
CHAT = ["chat", "-n", "4", "--sm", "--carbons", "--warm-up", "0", "--in-flight", "4", "--count"]
PUSH = ["push", "-n", "8", "--rate", "20", "--spacing", "0.1", "--warm-up", "0", "--duration"]
PAGE = ["mam", "-n", "4", "--fill", "200", "--sm", "--warm-up", "0", "--duration"]
RESUME = ["resume", "-n"]  # of as many that were cut off, and got a message each
MODES = {"chat": (CHAT, "200", "1000"), "push": (PUSH, "4", "14"), "page": (PAGE, "2", "12"),
         "resume": (RESUME, "3", "23")}
# What clarion-bench calls what it counted.
COUNTS = {"mam": "pages", "resume": "resumed"}
TIDYING = ("malloc_consolidate", "unlink_chunk")


class CountedClarion(Clarion):
    def command(self):
        return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={self.path('counted')}",
                *map(str, super().command())]

    def bench(self, arguments):
        """How many messages, pages or resumptions there were. What falling asleep costs is counted with
        these."""
        if "resume" in arguments:
            state = ["--state-file", str(self.path("sleepers.txt"))]
            self.ask_bench(["sleep", *arguments[1:], *state])
            arguments = [*arguments, *state]
        return int(self.ask_bench(arguments)[COUNTS.get(arguments[0], "messages")])

    def ask_bench(self, arguments):
        component = ["--component-port", str(self.ports["component"])] if "push" in arguments else []
        done = subprocess.run([self.build / "clarion-bench", *arguments, "--json", "--domain", DOMAIN,
                               "--password", PASSWORD, "--port", str(self.ports["c2s"]), *component],
                              check=True, capture_output=True, text=True, timeout=600)
        return json.loads(done.stdout)

    def counted(self):
        return count(self.path("counted").read_text(errors="replace"))


def count(text):
    """What a file of callgrind says, without malloc's tidying. A line of numbers is what the function above
    it costs there; after "calls=" it is what it called."""
    total, names, left_out, called = 0, {}, False, False
    for line in text.splitlines():
        if function := re.match(r"fn=(\(\d+\))(?: (.*))?", line):
            name = names.setdefault(function[1], function[2] or "")
            left_out = name.startswith(TIDYING)
        elif named := re.match(r"cfn=(\(\d+\)) (.*)", line):
            names[named[1]] = named[2]
        elif line.startswith("calls="):
            called = True
        elif re.match(r"[+*\d-]", line):
            total += 0 if called or left_out else int(line.split()[1])
            called = False
    return total


def run(build, arguments):
    """Instructions and messages of one run."""
    server = CountedClarion(build=build, core=0, more=STORAGE)
    try:
        server.add_accounts(ACCOUNTS)
        server.start()
        messages = server.bench(arguments)
        server.stop()
        return server.counted(), messages
    finally:
        server.remove()


def for_each_message(build, mode):
    arguments, few, many = MODES[mode]
    fewer, more = run(build, [*arguments, few]), run(build, [*arguments, many])
    return (more[0] - fewer[0]) / (more[1] - fewer[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("builds", nargs="+", metavar="BUILD/bin")
    parser.add_argument("--modes", default="chat,push")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    for mode in options.modes.split(","):
        figures = {build: [] for build in options.builds}
        for _ in range(options.runs):  # in turns, so that all meet the same machine
            for build in options.builds:
                figures[build].append(for_each_message(build, mode))
        for build, each in figures.items():
            print(f"{mode}: {statistics.median(each):,.0f} instructions for each message ({build}), "
                  f"of {', '.join(f'{figure:,.0f}' for figure in sorted(each))}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
