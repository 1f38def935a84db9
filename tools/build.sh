#!/usr/bin/env bash
# Configures and builds a preset into build/PRESET/bin.   tools/build.sh [dev|release|asan|tsan] [--tests]
# Builds the programs; with --tests all that ctest runs as well.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=${1:-release}
case $preset in
    dev | release | asan | tsan | fuzz) ;;
    *) echo "usage: tools/build.sh [dev|release|asan|tsan|fuzz]   (default: release)" >&2; exit 2 ;;
esac

if ! missing=$(tools/install_packages.sh --check); then
    echo "Cannot build: $missing" >&2
    echo "Run tools/install_packages.sh (apt-get; uses sudo when not root), then this again." >&2
    exit 1
fi

targets=(--target clariond clarionctl clarion-bench)
if [[ ${2:-} == --tests || $preset == fuzz ]]; then targets=(); fi

cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset" "${targets[@]}"
echo "Built: build/$preset/bin/"
