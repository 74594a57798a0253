#!/bin/sh
# Answers `rustup target add TARGET…` where the distribution brings the targets: says whether they are there.
set -eu
if [ "${1:-} ${2:-}" != 'target add' ] || [ "$#" -lt 3 ]; then
  echo "rustup: this stand-in knows 'target add TARGET…' alone" >&2
  exit 2
fi
shift 2
for target in "$@"; do
  if [ ! -d "$(rustc --print target-libdir --target "$target")" ]; then
    echo "rustup: this image has no standard library for $target; next: docker/airgap/base-images.sh --renew --cross" >&2
    exit 1
  fi
done
