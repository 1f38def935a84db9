#!/usr/bin/env bash
# The default suite: installs what it needs, builds, and ends with ctest's summary.
#   tools/test.sh [dev|release|asan|tsan] [ctest arguments]       (default: dev)
set -euo pipefail
cd "$(dirname "$0")/.."

preset=dev
if [[ ${1:-} == dev || ${1:-} == release || ${1:-} == asan || ${1:-} == tsan ]]; then
    preset=$1
    shift
fi

tools/install_packages.sh --test
tools/build.sh "$preset" --tests

export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-second_deadlock_stack=1:suppressions=$PWD/tests/tsan.supp}
exec ctest --test-dir "build/$preset" --output-on-failure -j2 "$@"
