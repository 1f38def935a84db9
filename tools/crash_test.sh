#!/usr/bin/env bash
# The long crash suite (tests/crash/README.md), on the release build.
#   tools/crash_test.sh [--rounds N] [--power-cuts N] [--clock-rounds N] [--seed S]
#                       (default: 200, 100, 60, random)
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=200 power_cuts=100 clock_rounds=60 seed=$RANDOM
while [[ $# -gt 0 ]]; do
    case $1 in
        --rounds) rounds=$2 ;;
        --power-cuts) power_cuts=$2 ;;
        --clock-rounds) clock_rounds=$2 ;;
        --seed) seed=$2 ;;
        *) sed -n '2,4p' "$0" | cut -c3- >&2; exit 2 ;;
    esac
    shift 2
done

if [[ -z ${CLARIOND:-} ]]; then
    tools/build.sh release --tests
    export CLARIOND=$PWD/build/release/bin/clariond CLARIONCTL=$PWD/build/release/bin/clarionctl
    export CLARION_FAULT_LAYER=$PWD/build/release/lib/libfault_layer.so
fi
export PYTHONDONTWRITEBYTECODE=1
cd tests/crash
# Twenty rounds on one data directory, then a new one: damage accumulates, time does not.
run() {
    local program=$1 left=$2 number=0
    shift 2
    while ((left > 0)); do
        local now=$((left < 20 ? left : 20))
        /usr/bin/python3 "$program" --rounds "$now" --seed $((seed * 1000 + number)) "$@"
        left=$((left - now)) number=$((number + 1))
    done
}
for program in crash_rounds.py room_rounds.py; do
    run "$program" "$rounds"
    run "$program" "$power_cuts" --power
    run "$program" "$clock_rounds" --clock
done
echo "$rounds rounds, $power_cuts power cuts and $clock_rounds rounds with a clock that jumps, and as many with a room: nothing lost, nothing twice (seed $seed)"
