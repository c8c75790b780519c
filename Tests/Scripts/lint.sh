#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# lint.sh
#
# Layout of the Swift files, shell scripts, manual pages. Runs all three and fails when one did.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

failed=()

check() {
    local name=$1
    shift
    echo "lint: $name"
    "$@" || failed+=("$name")
}

mapfile -t scripts < <(find .ci Tests -type f \( -name '*.sh' -o -path .ci/run \) | sort)
check "swift format" swift format lint --strict --recursive --parallel Package.swift Sources Tests
check "shellcheck" shellcheck --external-sources "${scripts[@]}"
check "mandoc" mandoc -T lint -W warning Man/*.[1-8]

if ((${#failed[@]} > 0)); then
    printf 'lint: failed: %s\n' "${failed[@]}" >&2
    exit 1
fi
echo "lint: clean"
