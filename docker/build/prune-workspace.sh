#!/bin/sh
# Usage: prune-workspace.sh DIR — leaves in DIR the application's part of the workspace: manifests without xtask, a
# Cargo.lock without what only xtask needs, and empty sources. Layers built on it then outlive every change in xtask.
set -eu
cd "$1"

sed -i 's/"xtask[^"]*",\{0,1\} *//g' Cargo.toml
mkdir -p crates/evidence/src backend/src
: >crates/evidence/src/lib.rs
: >backend/src/lib.rs
echo 'fn main() {}' >backend/src/main.rs
# Targets that the manifests name by their files have to be there too.
for manifest in crates/evidence/Cargo.toml backend/Cargo.toml; do
  sed -n 's/^path = "\(.*\.rs\)"$/\1/p' "$manifest" | while read -r target; do
    mkdir -p "$(dirname "$manifest")/$(dirname "$target")"
    echo 'fn main() {}' >"$(dirname "$manifest")/$target"
  done
done

# Cargo drops what nothing needs any more and keeps the versions of the rest.
cp Cargo.lock /tmp/Cargo.lock.whole
cargo update --quiet --workspace

# A package that was not locked before would mean that Cargo.lock does not match the manifests.
packages() { awk '/^name = /{n = $3} /^version = /{v = $3; print n, v} /^checksum = /{print n, v, $3}' "$1" | sort; }
packages /tmp/Cargo.lock.whole >/tmp/locked
packages Cargo.lock >/tmp/needed
if grep -vxFf /tmp/locked /tmp/needed; then
  echo 'error: Cargo.lock does not lock the packages above; next: cargo update --workspace, and commit Cargo.lock' >&2
  exit 1
fi
