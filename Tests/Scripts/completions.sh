#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# completions.sh BINARY
#
# Writes what the binary generates into Completions/. A repository test compares the two.
set -euo pipefail
binary=$(realpath "${1:?path of the binary}")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

mkdir -p Completions
"$binary" --generate-completion-script bash >Completions/sluice.bash
"$binary" --generate-completion-script zsh >Completions/_sluice
"$binary" --generate-completion-script fish >Completions/sluice.fish
