#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# report-skipped.sh LOG
#
# Prints what `swift test` skipped and why. Where everything is installed (CI=true) a skipped test is a
# failure.
set -euo pipefail

# "➜ Test name() skipped: reason"; the mark in front depends on terminal and locale.
mapfile -t skipped < <(
    # A name may hold the word, too; those lines end with how the test began or ended.
    grep -aE '(^|[^[:alnum:]])(Test|Suite) .+ skipped(:|\.|$)' "$1" |
        grep -avE '( started\.| (passed|failed) after [0-9.]+ seconds.*)$' |
        sed 's/^[^[:alnum:]]*//' | sort -u
)
if ((${#skipped[@]} == 0)); then
    echo "skipped: none"
    exit 0
fi
echo "skipped: ${#skipped[@]}"
printf '    %s\n' "${skipped[@]}"
if [[ ${CI-} == true ]]; then
    echo "CI installs everything that the tests need; a skipped test is a failure here" >&2
    exit 1
fi
