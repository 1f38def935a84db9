#!/usr/bin/env python3
"""Keeps files and functions small, and some words out.

Warns (exit 0): a header over 250 lines, a .cpp over 450 (a module's over 400), a function over 80.
Fails (exit 1): notes to self, and asio::detached, in base/, server/, proto/, storage/, modules/.
Only Scope::spawn starts a coroutine, so that every one of them has a name and an owner.

usage: tools/check_budgets.py [ROOT]
"""
import re
import sys
from pathlib import Path

FOLDERS = ("base", "server", "proto", "storage", "modules")
BANNED = re.compile(r"\b(TODO|FIXME|XXX)\b|\basio::detached\b")
FUNCTION_LIMIT = 80


def line_limit(path):
    if path.endswith(".h"):
        return 250
    return 400 if path.startswith("modules/") else 450


def functions(lines):
    """(first line, length) of each function whose body opens at the end of a line: in formatted
    code its closing brace stands alone at the indentation of its first line."""
    opener = re.compile(r"^( *)(?!namespace|struct|class|enum|union|extern|[{}#/: ]).*\) ?.*\{$")
    number = 0
    while number < len(lines):
        match = opener.match(lines[number])
        if not match:
            number += 1
            continue
        closing = match.group(1) + "}"
        end = next((i for i in range(number + 1, len(lines)) if lines[i].rstrip(";") == closing),
                   number)
        yield number + 1, end - number + 1
        number = end + 1


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    failures = warnings = count = 0
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob("*")):
            if file.suffix not in (".h", ".cpp"):
                continue
            count += 1
            path = file.relative_to(root).as_posix()
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
            if len(lines) > line_limit(path):
                warnings += 1
                print(f"{path}: warning: {len(lines)} lines, the budget is {line_limit(path)}")
            for number, length in functions(lines):
                if length > FUNCTION_LIMIT:
                    warnings += 1
                    print(f"{path}:{number}: warning: function of {length} lines, "
                          f"the budget is {FUNCTION_LIMIT}")
            for number, line in enumerate(lines, 1):
                match = BANNED.search(line)
                if match:
                    failures += 1
                    print(f"{path}:{number}: '{match.group(0)}' does not belong in the sources")
    print(f"check_budgets: {count} files, {warnings} warnings, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
