#!/usr/bin/env python3
"""Checks that production code is reached: a function that a header of the server declares, and a namespace of proto/ns.h,
are used by the server or its tools, not by tests alone. What is written, tested and never called looks
finished and does nothing.

A name counts as used if production code says it once more than it declares and defines it. Names that many things share are
therefore not seen; that is the price of a check of some lines.

usage: tools/check_unused.py [ROOT]      exit 0 when clean, 1 with one line per finding
"""
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

PRODUCTION = ("base", "proto", "storage", "server", "modules", "tools")

# What tests, fuzzers and sanitizers alone call, and why that is right.
ALLOWED = {
    # What a test reads or sets at a seam.
    "set_log_sink", "run_ready", "evict_idle", "spare_bytes", "hold_commits", "release_commits", "fail_next_batches",
    "fail_next_commits", "fail_next_reads", "make_memory_storage", "encode_query", "set_type", "answer_from_disk", "remove_up_to",
    # Fuzzers compare with them, or check them.
    "aes_128_gcm_decrypt", "prepare_resource", "has_room_elements",
    # Partitions move in tests only, until a program has a reason to move them (docs/design/003-homes.md).
    "move_partitions", "lose_partitions",
}

# A line that declares or defines a function: qualifiers, a type that is no word of the language, the name.
LINE = (r"^\s*(?:template ?<.*> ?)?(?:(?:static|inline|virtual|explicit|constexpr|friend|const|\[\[nodiscard\]\]) +)*"
        r"(?!(?:return|co_return|co_await|co_yield|else|throw|new|case|delete|not|using|if|while|for|switch)\b)"
        r"\w[\w:]*(?:<.*>)?(?: const)?[ &*]+(?:\w+::)*({})\(")
DECLARED = re.compile(LINE.format(r"[a-z_]\w*"), re.M)
NAMESPACE = re.compile(r"std::string_view (\w+)")


def without_comments(text):
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)


def read(root):
    files = [path for folder in PRODUCTION for path in (root / folder).rglob("*") if path.suffix in (".h", ".cpp")]
    return {path.relative_to(root): without_comments(path.read_text()) for path in sorted(files)}


def definitions(name, texts):
    shape = re.compile(LINE.format(name), re.M)
    return sum(len(shape.findall(text)) for text in texts)


def unused_functions(texts, counts, where):
    for path, text in texts.items():
        if path.suffix != ".h":
            continue
        for name in dict.fromkeys(DECLARED.findall(text)):
            if counts[name] > 4 or name in ALLOWED or name.startswith("operator"):
                continue
            if counts[name] <= definitions(name, [texts[file] for file in where[name]]):
                yield f"{path}: {name}() is called by nobody but tests"


def unused_namespaces(texts, counts):
    for name in NAMESPACE.findall(texts[Path("proto/ns.h")]):
        said = sum(len(re.findall(rf"\bns::{name}\b", text)) for text in texts.values())
        if said == 0 and counts[name] < 2:
            yield f"proto/ns.h: {name} is used by nobody"


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[1])
    texts = read(root)
    counts, where = Counter(), defaultdict(list)
    for path, text in texts.items():
        words = Counter(re.findall(r"\b[A-Za-z_]\w*\b", text))
        counts.update(words)
        for word in words:
            where[word].append(path)
    problems = [*unused_functions(texts, counts, where), *unused_namespaces(texts, counts)]
    problems += [f"tools/check_unused.py: {name} is gone" for name in sorted(ALLOWED) if counts[name] == 0]
    print("\n".join(problems + [f"check_unused: {len(texts)} files, {len(problems)} findings"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
