#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# install-packages.sh build|lint|test|demo|bench
#
# Installs the Debian packages that a make target needs. This is the only place where they are listed. Nothing
# is asked of the network or of sudo when nothing is missing.
set -euo pipefail

build=(
    libcurl4-openssl-dev libhiredis-dev libsqlite3-dev libssh-dev libpq-dev liblz4-dev libxml2-dev libzstd-dev
    libssl-dev pkg-config zlib1g-dev
)
lint=(shellcheck mandoc)
test=(acl apache2-bin attr fuse3 openssh-server openssl postgresql python3-venv redis-server sqlite3 tmux)
demo=(sqlite3)
bench=(postgresql python3-venv redis-server time)

case "${1-}" in
    build) wanted=("${build[@]}") ;;
    lint) wanted=("${lint[@]}") ;;
    test) wanted=("${build[@]}" "${lint[@]}" "${test[@]}") ;;
    demo) wanted=("${build[@]}" "${demo[@]}") ;;
    bench) wanted=("${build[@]}" "${bench[@]}") ;;
    *)
        echo "usage: install-packages.sh build|lint|test|demo|bench" >&2
        exit 64
        ;;
esac

if ! command -v dpkg-query >/dev/null; then
    echo "This is not a Debian system; these packages (or your system's names for them) must be present:" >&2
    echo "    ${wanted[*]}" >&2
    exit 0
fi

missing=()
for package in "${wanted[@]}"; do
    state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [[ $state == installed ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
    exit 0
fi

elevate=()
if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
        echo "Missing Debian packages; install them as root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    elevate=(sudo)
fi
echo "Installing missing Debian packages: ${missing[*]}" >&2
"${elevate[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update --quiet=2
"${elevate[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --quiet=2 --yes --no-install-recommends "${missing[@]}"
