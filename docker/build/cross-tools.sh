#!/bin/sh
# Brings what compiles for $TARGETARCH on another architecture: the standard library and Debian's cross compiler. An image that
# has them already is left as it is, and nothing is fetched.
set -eu
# shellcheck source-path=SCRIPTDIR source=target.sh
. /build/target.sh

rustup target add "$CARGO_BUILD_TARGET"
if ! command -v "$gnu-gcc" >/dev/null; then
  # The secret is a certificate bundle, for a mirror behind a proxy that has an authority of its own.
  if [ -s /run/secrets/ca.pem ]; then
    echo 'Acquire::https::CaInfo "/run/secrets/ca.pem";' >/etc/apt/apt.conf.d/90ca
  fi
  apt-get update
  apt-get install --yes --no-install-recommends "gcc-$(echo "$gnu" | tr _ -)" "libc6-dev-$debian-cross"
  rm -rf /var/lib/apt/lists/* /etc/apt/apt.conf.d/90ca
fi
