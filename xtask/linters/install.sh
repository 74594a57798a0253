#!/usr/bin/env bash
# Brings the linters, at the versions and with the hashes that stand beside this file, into target/xtask/linters.
# `cargo xtask doctor --fix --only linters` calls it. The copies of the two lists come last: they say that it is whole.
set -euo pipefail
cd "$(dirname "$0")/../.."

lists=xtask/linters
into=target/xtask/linters

if ! python3 -m pip --version > /dev/null 2>&1; then
    sudo=$([ "$(id -u)" -eq 0 ] || command -v sudo || true)
    $sudo apt-get update
    $sudo apt-get install --yes --no-install-recommends python3-pip
fi

rm -rf "$into"
mkdir -p "$into/node"
python3 -m pip install --quiet --disable-pip-version-check --no-input --root-user-action ignore \
    --no-deps --only-binary :all: --require-hashes --requirement "$lists/requirements.txt" --target "$into/python"
cp "$lists/package.json" "$lists/package-lock.json" "$lists/.npmrc" "$into/node/"
(cd "$into/node" && npm ci --no-audit --no-fund --ignore-scripts)

for program in zizmor shellcheck act; do
    test -x "$into/python/bin/$program"
done
cp "$lists/requirements.txt" "$lists/package-lock.json" "$into/"
