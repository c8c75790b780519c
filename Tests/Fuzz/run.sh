#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh SECONDS [DECODER ...]
#
# Runs libFuzzer over every decoder (or those named) for SECONDS each, as many at a time as there are processors.
# Starts from the committed corpus and from what earlier runs found. Fails when an input traps, hangs, takes too
# much memory or breaks a promise, and names the file that holds it: mend the decoder, then put the input into
# Tests/Fuzz/Corpus, where the tests run it from then on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

seconds=${1:?seconds for each decoder}
if ! [[ $seconds =~ ^[1-9][0-9]*$ ]]; then
    echo "run.sh: '$seconds' is no number of seconds" >&2
    exit 64
fi
shift
scratch=.build/fuzz
# The runtime's own report of a trap starts a debugger that outlives the time limit.
export SLUICE_FUZZ=1 SWIFT_BACKTRACE=enable=no
swift build --product sluice-fuzz --scratch-path "$scratch"
program=$(swift build --show-bin-path --scratch-path "$scratch")/sluice-fuzz
mkdir -p "$scratch/found" "$scratch/failures" "$scratch/logs"

fuzz() {
    local name=$1 length=$2 log="$scratch/logs/$1"
    mkdir -p "$scratch/found/$name"
    local status=0
    # The first folder takes what is found, the corpus is only read.
    timeout --kill-after=10 $((seconds + 60)) "$program" "$name" \
        "$scratch/found/$name" "Tests/Fuzz/Corpus/$name" \
        -max_total_time="$seconds" -max_len="$length" -timeout=10 -rss_limit_mb=1024 \
        -artifact_prefix="$scratch/failures/$name-" >"$log" 2>&1 || status=$?
    if ((status == 0)); then
        awk -v name="$name" '/^Done /{printf "fuzz: %-10s %9d inputs in %d s\n", name, $2, $5}' "$log"
        return 0
    fi
    {
        echo "fuzz: $name failed (exit $status):"
        grep -E 'broken promise|Fatal error|ERROR: libFuzzer|Test unit written' "$log" || tail -n 20 "$log"
    } >&2
    return 1
}

targets=()
while read -r name length; do
    if (($# == 0)) || [[ " $* " == *" $name "* ]]; then targets+=("$name $length"); fi
done < <("$program" --list)
if ((${#targets[@]} == 0)); then
    echo "run.sh: no decoder is called $*" >&2
    exit 64
fi

failed=0
running=0
limit=$(nproc)
for target in "${targets[@]}"; do
    if ((running == limit)); then
        wait -n || failed=$((failed + 1))
        running=$((running - 1))
    fi
    # Two words, a name and a length.
    # shellcheck disable=SC2086
    fuzz $target &
    running=$((running + 1))
done
while ((running > 0)); do
    wait -n || failed=$((failed + 1))
    running=$((running - 1))
done
if ((failed > 0)); then
    echo "fuzz: $failed of ${#targets[@]} decoders failed" >&2
    exit 1
fi
echo "fuzz: ${#targets[@]} decoders hold"
