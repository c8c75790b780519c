#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fuzz.sh SECONDS
#
# Runs the fuzz targets for SECONDS each, when this tree has any.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if ! [[ -x Tests/Fuzz/run.sh ]]; then
    echo "fuzz: no targets in this tree"
    exit 0
fi
exec Tests/Fuzz/run.sh "${1:?seconds for each target}"
