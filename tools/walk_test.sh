#!/usr/bin/env bash
# The random walks that are compared with models, much longer than tools/test.sh does them: resumption, the devices of
# an account, partitions that move, the pubsub engine, a room.
#   tools/walk_test.sh [--steps N] [WALK...]
#                      (default: 100000 each, all of: resumption devices partitions pubsub room)
set -euo pipefail
cd "$(dirname "$0")/.."

declare -A cases=(
    [resumption]='resumption behaves like its model*'
    [devices]='devices of an account lose nothing*'
    [partitions]='partitions move: nothing is lost*'
    [pubsub]='pubsub walk:*'
    [room]='a random walk through a room*'
)
steps=100000 walks=()
while [[ $# -gt 0 ]]; do
    case $1 in
        --steps) steps=${2:-}; shift 2 ;;
        -*) sed -n '2,5p' "$0" | cut -c3- >&2; exit 2 ;;
        *) walks+=("$1"); shift ;;
    esac
done
[[ $steps =~ ^[1-9][0-9]*$ ]] || { echo "--steps takes a number, not '$steps'" >&2; exit 2; }
[[ ${#walks[@]} -gt 0 ]] || walks=(resumption devices partitions pubsub room)
for walk in "${walks[@]}"; do
    [[ -n ${cases[$walk]:-} ]] || { echo "there is no walk '$walk': ${!cases[*]}" >&2; exit 2; }
done

if [[ -z ${MODULES_TESTS:-} ]]; then
    tools/build.sh dev --tests
    MODULES_TESTS=$PWD/build/dev/bin/modules_tests
fi
export CLARION_MODEL_STEPS=$steps
for walk in "${walks[@]}"; do
    echo "$walk: $steps steps"
    # The log of the server is left out; a name above that fits no test must not pass.
    failed=0
    output=$("$MODULES_TESTS" -tc="${cases[$walk]}" 2>/dev/null) || failed=1
    tail -n +4 <<<"$output"
    [[ $failed == 0 && $output =~ \|\ +1\ passed ]] || exit 1
done
