#!/usr/bin/env python3
"""Checks who includes whom.

    base <- proto <- storage (interfaces) <- runtime <- core, events <- { modules | net } <- app

1. A file may include only the tiers its row in TIERS names.
2. Modules do not include each other: modules/push/ is one module, modules/carbons.* another.
3. Modules and net see of a shard its Context: neither the Core that owns its parts, nor those that
   core keeps to itself.
4. The rooms of core include only rooms before them in ROOMS.
5. Heavy headers (sockets, TLS, LMDB, expat, ...) appear in .cpp files only, so that everything
   above them compiles quickly and can be tested without them.

usage: tools/check_includes.py [ROOT]      exit 0 when clean, 1 with one line per violation
"""
import re
import sys
from pathlib import Path

# tier: (folders that make it up, tiers it may include beside itself), first match wins
TIERS = {
    "base": (["base"], []),
    "proto": (["proto"], ["base"]),
    "storage-backend": (
        ["storage/kv", "storage/lmdb", "storage/memory", "storage/open_storage.cpp"],
        ["base", "proto", "storage"]
    ),
    "storage": (["storage"], ["base", "proto"]),
    "runtime": (["server/runtime"], ["base", "proto", "storage"]),
    "core": (["server/core"], ["base", "proto", "storage", "runtime"]),
    "net": (["server/net"], ["base", "proto", "storage", "runtime", "core"]),
    "app": (["server", "modules/all.h", "modules/all.cpp"], None),
    "modules": (["modules"], ["base", "proto", "storage", "runtime", "core"]),
}

# Folders of server/core, lowest first. What lies in server/core itself is below them all.
ROOMS = ["address", "routing", "http", "actors", "events", "accounts", "delivery", "streams", "setup"]

# proto is pure: what base offers of time, log and coroutines is not for it
PROTO_BANNED = {f"base/{name}.h" for name in ("task", "log", "clock", "metrics")}

HEAVY = re.compile(
    r"^(boost/(asio|beast|json|process)[/.]|openssl/|ares|lmdb\.h|expat|unicode/|spdlog/|fmt/|toml|CLI/)"
)
WHOLE_SHARD = ("server/core/setup/core.h", "server/core/internals.h")
AWAITABLE = ("base/task.h", "boost/asio/awaitable.hpp")
HEAVY_PROBLEM = "is a heavy header: .cpp files only (coroutines and executors: base/task.h)"
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def tier_of(path):
    for tier, (folders, _) in TIERS.items():
        if any(path == f or path.startswith(f + "/") for f in folders):
            return tier
    return None


def module_of(path):
    """modules/push/sender.h -> push; modules/carbons.cpp -> carbons"""
    return path.split("/")[1].split(".")[0]


def tier_problem(path, included):
    """Why `path` may not include the project's header `included`, or None."""
    tier, target = tier_of(path), tier_of(included)
    if target is None:
        return "is not a header of the server"
    allowed = TIERS[tier][1]
    if tier == "proto" and included in PROTO_BANNED:
        return "proto is pure: no clock, log, metrics or coroutines"
    if tier == "modules" and target == "modules" and module_of(path) != module_of(included):
        return "modules meet on the event bus (server/core/events), not in headers"
    if tier in ("modules", "net") and included in WHOLE_SHARD:
        return "is core's own: server/core/context.h has what others may reach"
    if allowed is None or target == tier or target in allowed:
        return None
    return f"tier {tier} may include only {', '.join([tier] + allowed)}; this is {target}"


def room_of(path):
    """Its place in ROOMS; -1: server/core itself; None: it is not core's."""
    if not path.startswith("server/core/"):
        return None
    folder, deeper, _ = path.removeprefix("server/core/").partition("/")
    return ROOMS.index(folder) if deeper else -1


def room_problem(path, included):
    """Why a file of core may not include this one of core, or None."""
    room, target = room_of(path), room_of(included)
    if room is None or target is None or target <= room:
        return None
    return f"{ROOMS[target]} is above {ROOMS[room] if room >= 0 else 'server/core itself'}"


def problems_of(root, path):
    text = (root / path).read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        included = match.group(2)
        problem = None
        if match.group(1) == '"':
            problem = tier_problem(path, included) or room_problem(path, included)
            if problem is None and not (root / included).exists():
                problem = "does not exist (includes are relative to the top folder)"
        elif path.endswith(".h") and HEAVY.match(included) and (path, included) != AWAITABLE:
            problem = HEAVY_PROBLEM
        if problem:
            yield f"{path}:{number}: {included}: {problem}"


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    files = sorted(
        p.relative_to(root).as_posix()
        for folder in ("base", "server", "proto", "storage", "modules")
        for p in (root / folder).rglob("*")
        if p.suffix in (".h", ".cpp")
    )
    found = [problem for path in files for problem in problems_of(root, path)]
    for problem in found:
        print(problem)
    print(f"check_includes: {len(files)} files, {len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
