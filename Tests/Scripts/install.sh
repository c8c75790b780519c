#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# install.sh BINARY, with PREFIX and DESTDIR in the environment
#
# Puts the binary, the manual pages and the completions where a shell and man(1) look for them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

binary=${1:?path of the binary}
root=${DESTDIR-}${PREFIX:-/usr/local}

if ! [[ -x $binary ]]; then
    echo "install: $binary does not exist; run make build first" >&2
    exit 1
fi
install -D -m 755 "$binary" "$root/bin/sluice"
for page in Man/*.[1-8]; do
    install -D -m 644 "$page" "$root/share/man/man${page##*.}/${page##*/}"
done
install -D -m 644 Completions/sluice.bash "$root/share/bash-completion/completions/sluice"
install -D -m 644 Completions/_sluice "$root/share/zsh/site-functions/_sluice"
install -D -m 644 Completions/sluice.fish "$root/share/fish/vendor_completions.d/sluice.fish"
echo "installed under $root"
