#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test.sh [ARGUMENTS OF swift test]
#
# Everything that must hold: packages, the real program as a peer, all tests, nothing skipped in CI, a short
# fuzz run, lint. The parts run even when an earlier one failed, so that one run tells everything.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

Tests/Scripts/install-packages.sh test
SLUICE_PEER_JUICEFS=$(Tests/Scripts/install-peer.sh)
export SLUICE_PEER_JUICEFS
log=$(mktemp -t sluice-test-log.XXXXXX)
trap 'rm -f "$log"' EXIT
flags=(--explicit-target-dependency-import-check error)
failed=()

echo "== build"
swift build --build-tests "${flags[@]}"

echo "== test"
status=0
swift test --skip-build "${flags[@]}" "$@" 2>&1 | tee "$log" || status=$?
((status == 0)) || failed+=("swift test (exit $status)")
Tests/Scripts/report-skipped.sh "$log" || failed+=("skipped tests")

echo "== fuzz"
Tests/Scripts/fuzz.sh 10 || failed+=("fuzz")

echo "== lint"
Tests/Scripts/lint.sh || failed+=("lint")

echo "== summary"
# The closing line is swift test's own; its absence means that the run did not come to an end.
if ! grep -E 'Test run with [0-9]+ tests? .*(passed|failed)' "$log" | tail -n 1; then
    echo "swift test printed no summary" >&2
    failed+=("no test summary")
fi
if ((${#failed[@]} > 0)); then
    printf 'make test: failed: %s\n' "${failed[@]}" >&2
    exit 1
fi
echo "make test: exit 0"
