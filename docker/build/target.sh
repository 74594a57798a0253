# Sourced with BUILDARCH, TARGETARCH and TARGETVARIANT as BuildKit sets them: what cargo and the cc crate must know to compile a
# static program for that platform. Another architecture than the builder's gets Debian's cross compiler.
# shellcheck shell=sh
# shellcheck disable=SC2034  # `gnu` and `debian` are for cross-tools.sh
case "$TARGETARCH$TARGETVARIANT" in
  amd64) CARGO_BUILD_TARGET=x86_64-unknown-linux-gnu gnu=x86_64-linux-gnu debian=amd64 ;;
  arm64 | arm64v8) CARGO_BUILD_TARGET=aarch64-unknown-linux-gnu gnu=aarch64-linux-gnu debian=arm64 ;;
  armv7) CARGO_BUILD_TARGET=armv7-unknown-linux-gnueabihf gnu=arm-linux-gnueabihf debian=armhf ;;
  *)
    echo "error: there is no target for $TARGETARCH/$TARGETVARIANT in docker/build/target.sh" >&2
    exit 1
    ;;
esac
export CARGO_BUILD_TARGET
# A target is named, so that the flags reach the program only: macros and build scripts cannot be linked statically.
export RUSTFLAGS='-C target-feature=+crt-static'
if [ "$TARGETARCH" != "$BUILDARCH" ]; then
  lower=$(echo "$CARGO_BUILD_TARGET" | tr - _)
  upper=$(echo "$lower" | tr '[:lower:]' '[:upper:]')
  export "CARGO_TARGET_${upper}_LINKER=$gnu-gcc" "CC_$lower=$gnu-gcc" "AR_$lower=$gnu-ar"
fi
