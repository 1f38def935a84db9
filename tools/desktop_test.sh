#!/usr/bin/env bash
# The tests of clients with windows, on a screen that nobody sees; not part of tools/test.sh. Installs
# what they need, builds and runs them. CLARION_SCREENSHOTS=DIRECTORY keeps what the screen showed.
#   tools/desktop_test.sh [dev|asan|tsan] [ctest arguments]       (default: dev)
set -euo pipefail
cd "$(dirname "$0")/.."

preset=dev
if [[ ${1:-} == dev || ${1:-} == asan || ${1:-} == tsan ]]; then
    preset=$1
    shift
fi

tools/install_packages.sh --test --desktop
tools/build.sh "$preset" --tests
exec ctest --test-dir "build/$preset" -C desktop -L desktop --output-on-failure "$@"
