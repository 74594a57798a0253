#!/usr/bin/env bash
# Makes stand-ins for the base images of this repository on an engine that reaches no container registry.
#
#   base-images.sh [NAME…]           the named images, or all of them; one that is there already stays as it is
#   base-images.sh --renew [NAME…]   makes the stand-ins anew; an image that was really pulled still stays as it is
#   base-images.sh --cross           the image that compiles for other platforms; minutes and 3 GB, so only when asked for
#   base-images.sh --list            the names it knows
#
# See README.md beside this file for how the stand-ins differ from the real images.
set -euo pipefail

SCRIPT=base-images.sh
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$here/lib.sh"

DEBIAN_IMAGE=debian:bookworm-slim
RUST_IMAGE=rust:1.95-bookworm
NODE_IMAGE=node:22-bookworm-slim
POSTGRES_IMAGE=postgres:17
REGISTRY_IMAGE=registry:2
HAPROXY_IMAGE=haproxy:3.0
CROSS_IMAGE=rust:1.95-slim-bookworm
DEFAULT=("$DEBIAN_IMAGE" "$RUST_IMAGE" "$NODE_IMAGE" "$POSTGRES_IMAGE" "$REGISTRY_IMAGE" "$HAPROXY_IMAGE")
KNOWN=("${DEFAULT[@]}" "$CROSS_IMAGE")
LABEL=org.portbook.stand-in

exists() { dkr image inspect "$1" >/dev/null 2>&1; }
is_stand_in() { [ "$(dkr image inspect --format "{{index .Config.Labels \"$LABEL\"}}" "$1" 2>/dev/null)" = true ]; }

# The registry is asked once for a manifest, which takes a moment where one answers; a pull is only tried after that.
registry_answers() {
  if [ -z "${REGISTRY:-}" ]; then
    REGISTRY=no
    if DKR_TIMEOUT=10 dkr buildx imagetools inspect "$1" >/dev/null 2>&1; then REGISTRY=yes; fi
  fi
  [ "$REGISTRY" = yes ]
}

ensure_mmdebstrap() {
  if command -v mmdebstrap >/dev/null 2>&1; then return 0; fi
  [ "$(id -u)" -eq 0 ] || die 4 "mmdebstrap is missing; next: sudo apt-get install mmdebstrap"
  apt_install mmdebstrap
}

# debootstrap_root SUITE OUTPUT OPTION…: a minimal Debian of that suite as a tar archive, from the host's own mirror.
debootstrap_root() {
  local suite=$1 output=$2 security
  shift 2
  is_debian || die 4 "the stand-ins are made from the host's Debian mirror, and this host is not Debian: pull the real images instead"
  ensure_mmdebstrap
  security=$(debian_mirror -security)
  {
    printf 'deb %s %s main\n' "$(debian_mirror)" "$suite"
    # sid is its own security suite.
    if [ -n "$security" ] && [ "$suite" != sid ]; then printf 'deb %s %s-security main\n' "$security" "$suite"; fi
  } >"$work/$suite.list"
  # The host's own certificate bundle goes along: behind a proxy of the site's own, package registries need it.
  quietly "making a minimal $suite (about 20 s)" mmdebstrap --variant=minbase --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt=force-confold --aptopt='APT::Sandbox::User "root"' \
    --include=ca-certificates "$@" --customize-hook='upload /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt' \
    "$suite" "$output" "$work/$suite.list"
}

make_debian() {
  debootstrap_root bookworm "$work/bookworm.tar"
  dkr_long import --change "LABEL $LABEL=true" --change 'CMD ["bash"]' "$work/bookworm.tar" "$DEBIAN_IMAGE" >/dev/null
}

# The base of the rust and node images is made on the way when it is absent.
ensure_debian() { if ! exists "$DEBIAN_IMAGE"; then ensure "$DEBIAN_IMAGE"; fi; }

make_rust() {
  local want=${RUST_IMAGE#rust:} have toolchain
  want=${want%-*}
  command -v rustc >/dev/null 2>&1 || die 4 "no rustc on PATH: the stand-in for $RUST_IMAGE is made from the host's toolchain"
  have=$(cd "$here" && rustc --version | awk '{print $2}')
  [ "${have%.*}" = "$want" ] || die 4 "the host's rustc is $have, and $RUST_IMAGE needs $want: install that toolchain"
  toolchain=$(cd "$here" && rustc --print sysroot)
  ensure_debian
  build_stand_in rust "$RUST_IMAGE" "$here/images" --build-context "toolchain=$toolchain"
}

make_node() {
  local want=22 node have modules
  node=$(command -v node) || die 4 "no node on PATH: the stand-in for $NODE_IMAGE is made from the host's"
  node=$(readlink -f "$node")
  have=$(node -p 'process.versions.node')
  [ "${have%%.*}" -ge "$want" ] || say "the host's node is $have: the stand-in for $NODE_IMAGE will be that"
  ensure_debian
  modules=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
  build_stand_in node "$NODE_IMAGE" "$here/images" --build-context "node=$(dirname "$node")" --build-context "npm=$modules"
}

make_postgres() {
  mkdir -p "$work/postgres"
  # No database at install time: the entry point makes it in the volume.
  # shellcheck disable=SC2016  # $1 is the hook's, not ours
  debootstrap_root trixie "$work/postgres/root.tar" --include=postgresql-17,util-linux \
    --essential-hook='mkdir -p "$1/etc/postgresql-common" && echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.conf"'
  build_stand_in postgres "$POSTGRES_IMAGE" "$work/postgres" --build-context "scripts=$here/images"
}

make_haproxy() {
  mkdir -p "$work/haproxy"
  debootstrap_root trixie "$work/haproxy/root.tar" --include=haproxy
  build_stand_in haproxy "$HAPROXY_IMAGE" "$work/haproxy"
}

# Debian's cross compilers and the architectures whose standard library goes with them: what is not the host's own of amd64,
# arm64 and armhf. rustc and the libraries must be of one version, so both come from a suite that is newer than the host's.
make_cross() {
  local own architecture suite architectures packages=rustc,cargo,pkg-config
  own=$(dpkg --print-architecture) && architectures=$own
  for architecture in amd64 arm64 armhf; do
    if [ "$architecture" != "$own" ]; then
      architectures+=,$architecture
      packages+=,libstd-rust-dev:$architecture,gcc-$(gnu_name "$architecture"),libc6-dev-$architecture-cross
    fi
  done
  mkdir -p "$work/cross"
  say "a toolchain and three architectures take 2 to 4 minutes"
  # An architecture whose newest build is still to come makes sid uninstallable for a while.
  for suite in sid testing; do
    if debootstrap_root "$suite" "$work/cross/root.tar" --include="$packages" --architectures="$architectures" \
      --aptopt='Acquire::Check-Valid-Until "false"'; then
      build_stand_in cross "$CROSS_IMAGE" "$work/cross" --build-context "scripts=$here/images"
      return 0
    fi
    say "$suite has no toolchain for $architectures at present"
  done
  die 1 "no suite offers rustc and its standard library for $architectures: see above"
}

gnu_name() {
  case $1 in
    amd64) echo x86-64-linux-gnu ;;
    arm64) echo aarch64-linux-gnu ;;
    armhf) echo arm-linux-gnueabihf ;;
  esac
}

make_registry() {
  ensure_debian
  build_stand_in registry "$REGISTRY_IMAGE" "$here/images"
}

build_stand_in() {
  local name=$1 image=$2 context=$3
  shift 3
  quietly "building $image" dkr_long buildx build --progress=plain --provenance=false --load --label "$LABEL=true" \
    --file "$here/images/$name.Dockerfile" --tag "$image" "$@" "$context"
}

dkr_long() { DKR_TIMEOUT=1200 dkr "$@"; }

ensure() {
  local image=$1 began=$SECONDS
  if exists "$image"; then
    if ! is_stand_in "$image"; then
      say "$image is there and was really pulled: left as it is"
      return 0
    elif [ -z "$renew" ]; then
      say "$image is there (stand-in)"
      return 0
    fi
  elif registry_answers "$image"; then
    say "pulling $image: a registry answers"
    if dkr_long pull --quiet "$image" >/dev/null; then return 0; fi
    say "the pull failed: making a stand-in"
  fi
  case $image in
    "$DEBIAN_IMAGE") make_debian ;;
    "$RUST_IMAGE") make_rust ;;
    "$NODE_IMAGE") make_node ;;
    "$POSTGRES_IMAGE") make_postgres ;;
    "$REGISTRY_IMAGE") make_registry ;;
    "$HAPROXY_IMAGE") make_haproxy ;;
    "$CROSS_IMAGE") make_cross ;;
  esac
  say "$image made in $((SECONDS - began)) s, $(dkr image inspect --format '{{.Size}}' "$image" | awk '{printf "%.0f MB", $1 / 1e6}') compressed"
}

renew=''
wanted=()
for argument in "$@"; do
  case $argument in
    --renew) renew=yes ;;
    --cross) wanted+=("$CROSS_IMAGE") ;;
    --list) printf '%s\n' "${KNOWN[@]}" && exit 0 ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *)
      [[ " ${KNOWN[*]} " == *" $argument "* ]] || die 2 "unknown image '$argument': one of ${KNOWN[*]} was expected"
      wanted+=("$argument")
      ;;
  esac
done
[ "${#wanted[@]}" -gt 0 ] || wanted=("${DEFAULT[@]}")

server_version >/dev/null || die 4 "no engine answers; next: docker/airgap/engine.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Two calls at once would do the same work twice.
exec 9>"${TMPDIR:-/tmp}/portbook-base-images.lock"
flock --nonblock 9 || { say "another base-images.sh is at work: waiting for it" && flock --timeout 1200 9; } ||
  die 1 "the other base-images.sh did not finish in 1200 s"
for image in "${wanted[@]}"; do ensure "$image"; done
