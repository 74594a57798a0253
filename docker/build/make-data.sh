#!/bin/sh
# Writes data.tar beside this file: the empty folder /data of the production image, owned by its user, dated 1970.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -m 0755 "$work/data"
tar --create --format=ustar --blocking-factor=2 --owner=65532 --group=65532 --numeric-owner --mtime=@0 \
  --file="$here/data.tar" --directory="$work" data
