#!/usr/bin/env python3
"""Checks that the functions docs/flow.md names are defined in the files it links to."""
import re
import sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
page = root / "docs" / "flow.md"
problems = 0
links = re.findall(r"\[`([\w:]+)`\]\(([^)]+)\)", page.read_text())
for name, target in links:
    source = (page.parent / target).resolve()
    text = source.read_text() if source.is_file() else ""
    # A definition or declaration: the name, qualified or not, followed by its parameters.
    pattern = r"(?m)^[\w:<>&*,\s\[\]]*?(?<![\w:])" + re.escape(name) + r"\("
    if not re.search(pattern, text):
        print(f"docs/flow.md: {name} is not in {target}")
        problems += 1
print(f"check_flow: {len(links)} names, {problems} wrong")
sys.exit(1 if problems or not links else 0)
