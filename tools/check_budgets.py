#!/usr/bin/env python3
"""Keeps files, classes and functions small, and some words out.

Warns (exit 0): a header over 250 lines, a .cpp over 450 (a module's over 400), a function over 80,
a class of more than 40 functions. What a class answers in one line in its own body, like an
accessor, does not count, nor what is deleted or defaulted.
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
CLASS_LIMIT = 40


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


def classes(lines):
    """(first line, name, functions) of each class, nested ones too: in formatted code its closing
    brace stands alone at the indentation of its first line."""
    opener = re.compile(r"^( *)(?:class|struct) (\w+)(?: final)?(?: :.*)? \{$")
    for number, line in enumerate(lines):
        match = opener.match(line)
        if not match:
            continue
        indent = match.group(1)
        end = next((i for i in range(number + 1, len(lines)) if lines[i] == indent + "};"), number)
        yield number + 1, match.group(2), count_functions(lines[number + 1:end], indent + "    ")


def count_functions(body, indent):
    """Functions that a class declares, or defines in more than one line, at this indentation."""
    count = 0
    declaration = ""
    nested = False  # within a body or a nested class, up to its closing brace
    for line in body:
        code = re.sub(r"//.*|\"[^\"]*\"", "", line).rstrip()
        if nested or not code.startswith(indent) and not declaration:
            nested = nested and not re.match(indent + r"\}", code)
            continue
        declaration += " " + code.strip()
        if not code.endswith((";", "{", "}")):
            continue
        nested = code.endswith("{")
        counts = nested or code.endswith(";") and "{" not in declaration
        count += counts and is_function(declaration.strip())
        declaration = ""
    return count


def is_function(declaration):
    if re.match(r"(using|friend|static_assert|class|struct|enum|union)\b", declaration):
        return False
    if re.search(r"= (default|delete);$", declaration):
        return False
    while re.search(r"<[^<>()]*(\([^()]*\)[^<>()]*)?>", declaration):  # template arguments
        declaration = re.sub(r"<[^<>()]*(\([^()]*\)[^<>()]*)?>", "", declaration)
    before = declaration.split("(")[0]
    return "(" in declaration and "=" not in before.replace("operator=", "")


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
            for number, name, total in classes(lines):
                if total > CLASS_LIMIT:
                    warnings += 1
                    print(f"{path}:{number}: warning: {name} has {total} functions, "
                          f"the budget is {CLASS_LIMIT}")
            for number, line in enumerate(lines, 1):
                match = BANNED.search(line)
                if match:
                    failures += 1
                    print(f"{path}:{number}: '{match.group(0)}' does not belong in the sources")
    print(f"check_budgets: {count} files, {warnings} warnings, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
