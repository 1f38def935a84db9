#!/usr/bin/env python3
"""Instructions that clariond needs for one more message, counted by callgrind: two builds compared
without the noise of a machine that others use too.

usage: tests/bench/instructions.py BUILD/bin [BUILD/bin ...] [--modes chat,push]

Each build runs each mode twice, the second time with more messages; the difference, divided by how many
more, is what one costs. Needs valgrind.
"""
import argparse
import re
import subprocess
import sys

from servers import Clarion, DOMAIN, PASSWORD

# The address space that valgrind leaves free is smaller than the default map.
STORAGE = "[storage]\nmap_size = 1073741824\n"
ACCOUNTS = 24
# By mode: what clarion-bench is told for few and for many messages, and how many more these are.
CHAT = ["-n", "4", "--sm", "--carbons", "--warm-up", "0", "--in-flight", "4", "--count"]
PUSH = ["-n", "8", "--rate", "20", "--spacing", "0.1", "--warm-up", "0", "--duration"]
MODES = {
    "chat": ([*CHAT, "200"], [*CHAT, "1000"], 4 * 800),
    "push": ([*PUSH, "4"], [*PUSH, "14"], 20 * 10),
}


class CountedClarion(Clarion):
    def command(self):
        return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={self.path('counted')}",
                *map(str, super().command())]

    def bench(self, mode, arguments):
        component = ["--component-port", str(self.ports["component"])] if mode == "push" else []
        subprocess.run([self.build / "clarion-bench", mode, "--domain", DOMAIN,
                        "--password", PASSWORD, "--port", str(self.ports["c2s"]),
                        *component, *arguments], check=True, capture_output=True, timeout=600)

    def counted(self):
        found = re.search(r"^(?:summary|totals): (\d+)", self.path("counted").read_text(), re.M)
        return int(found.group(1))


def instructions(build, mode, arguments):
    server = CountedClarion(build=build, core=0, more=STORAGE)
    try:
        server.add_accounts(ACCOUNTS)
        server.start()
        server.bench(mode, arguments)
        server.stop()
        return server.counted()
    finally:
        server.remove()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("builds", nargs="+", metavar="BUILD/bin")
    parser.add_argument("--modes", default="chat,push")
    options = parser.parse_args()
    for mode in options.modes.split(","):
        few, many, more = MODES[mode]
        for build in options.builds:
            each = (instructions(build, mode, many) - instructions(build, mode, few)) / more
            print(f"{mode}: {each:,.0f} instructions for each message ({build})", flush=True)


if __name__ == "__main__":
    sys.exit(main())
