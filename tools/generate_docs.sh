#!/usr/bin/env bash
# Writes what is generated from declarations: docs/options.md, docs/modules.md, docs/xeps.md, docs/clarion.doap, docs/events.md and
# conf/clarion.reference.toml.
#   tools/generate_docs.sh [CLARIOND]          write them          (default: build/release/bin/clariond)
#   tools/generate_docs.sh --check CLARIOND    fail if they differ (a test)
set -euo pipefail
cd "$(dirname "$0")/.."

check=no
if [ "${1:-}" = --check ]; then
    check=yes
    shift
fi
clariond=${1:-build/release/bin/clariond}

if [ $check = yes ]; then
    diff -u docs/options.md <("$clariond" --describe --markdown) &&
        diff -u docs/modules.md <("$clariond" --describe --modules) &&
        diff -u docs/xeps.md <("$clariond" --describe --xeps) &&
        diff -u docs/clarion.doap <("$clariond" --describe --doap) &&
        diff -u docs/events.md <(python3 tools/list_events.py) &&
        diff -u conf/clarion.reference.toml <("$clariond" --describe --reference) && exit 0
    echo "The generated references are out of date: run tools/generate_docs.sh $clariond" >&2
    exit 1
fi
"$clariond" --describe --markdown > docs/options.md
"$clariond" --describe --modules > docs/modules.md
"$clariond" --describe --xeps > docs/xeps.md
"$clariond" --describe --doap > docs/clarion.doap
python3 tools/list_events.py > docs/events.md
"$clariond" --describe --reference > conf/clarion.reference.toml
