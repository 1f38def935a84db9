#!/usr/bin/env bash
# All attacks in full length (tests/abuse/README.md), on the release build; prints what each did to
# an honest pair of clients and to the server. Ends with 1 if one was not held off.
#   tools/abuse_test.sh [--seconds N] [--only TITLE]      (default: 4 seconds each, all of them)
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=4 only=
while [[ $# -gt 0 ]]; do
    case $1 in
        --seconds) seconds=$2 ;;
        --only) only=$2 ;;
        *) sed -n '2,4p' "$0" | cut -c3- >&2; exit 2 ;;
    esac
    shift 2
done

if [[ -z ${CLARIOND:-} ]]; then
    tools/build.sh release
    export CLARIOND=$PWD/build/release/bin/clariond CLARIONCTL=$PWD/build/release/bin/clarionctl
fi
export PYTHONDONTWRITEBYTECODE=1
echo "$(nproc) cores: the server and the pair on all, attackers on the last with nice 10;" \
    "load before: $(cut -d' ' -f1-3 /proc/loadavg)"
echo "times in ms: p50/p99/max"
cd tests/abuse
failed=0
for abused in quiet answers queues archive records accounts connections bytestreams servers handshakes web; do
    echo "--- $abused"
    /usr/bin/python3 "$abused.py" --full --seconds "$seconds" --only "$only" || failed=1
done
exit $failed
