# Sourced by the scripts of this folder: messages, paths, and how to ask an engine what it can do.
# shellcheck shell=bash
# shellcheck disable=SC2034  # these names are for the scripts that source this file

# Everything that engine.sh fetches, starts and remembers lives below this folder.
ENGINE_HOME=${PORTBOOK_ENGINE_HOME:-/opt/portbook-engine}
ENGINE_SOCKET=${PORTBOOK_ENGINE_SOCKET:-/var/run/docker.sock}
ENGINE_RUN=/run/portbook-engine
ENGINE_BIN=$ENGINE_HOME/bin
ENGINE_ENV=$ENGINE_HOME/env
ENGINE_LOG=$ENGINE_HOME/dockerd.log
ENGINE_PID=$ENGINE_HOME/dockerd.pid
# Exists when the engine was started as the distribution's own service.
ENGINE_SERVICE=$ENGINE_HOME/started-as-service
# Docker 23 is the first with BuildKit as its builder and the containerd image store to choose.
ENGINE_OLDEST=23

# The default socket is what every client tries unasked; only another one has to be named.
if [ -z "${DOCKER_HOST:-}" ] && [ "$ENGINE_SOCKET" != /var/run/docker.sock ]; then
  export DOCKER_HOST=unix://$ENGINE_SOCKET
fi

# Messages go to stderr: stdout is for data (`engine.sh env`). Each script sets SCRIPT.
say() { printf '%s: [%3ds] %s\n' "${SCRIPT:-airgap}" "$SECONDS" "$*" >&2; }

# die CODE MESSAGE…: 1 a step failed, 2 wrong call, 4 something is missing that must come from outside.
die() {
  local code=$1
  shift
  printf '%s: error: %s\n' "${SCRIPT:-airgap}" "$*" >&2
  exit "$code"
}

# quietly DESCRIPTION COMMAND…: says what runs and shows the command's output only when it fails.
quietly() {
  local what=$1 out code=0
  shift
  say "$what"
  out=$(mktemp)
  "$@" >"$out" 2>&1 || code=$?
  if [ "$code" -ne 0 ]; then
    say "failed with $code: $*"
    tail -n 25 "$out" >&2
  fi
  rm -f "$out"
  return "$code"
}

# The docker client: the one on PATH, else ours. Bounded, because a wedged daemon must not hang the caller.
dkr() {
  local cli
  cli=$(command -v docker || printf '%s' "$ENGINE_BIN/docker")
  timeout "${DKR_TIMEOUT:-20}" "$cli" "$@"
}

# The server's version; fails when none answers.
server_version() { dkr version --format '{{.Server.Version}}' 2>/dev/null; }

# The containerd image store, which OCI layouts and reproducible builds need, names a driver-type; the old one does not.
server_has_image_store() {
  dkr info --format '{{json .DriverStatus}}' 2>/dev/null | grep -q 'io.containerd.snapshotter'
}

has_compose() { dkr compose version >/dev/null 2>&1; }
has_buildx() { dkr buildx version >/dev/null 2>&1; }

# runs PID NAME: whether that process is that program and no zombie, whose command line is empty. In a container nobody may
# be there to reap one.
runs() { [ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ] && [ -n "$(tr -d '\0' 2>/dev/null <"/proc/$1/cmdline")" ]; }

# Prints the pid of the daemon that engine.sh started, if it lives. A pid file outlives a reboot, so the flags are compared.
our_pid() {
  local pid
  pid=$(cat "$ENGINE_PID" 2>/dev/null) || return 1
  [ -n "$pid" ] && runs "$pid" dockerd || return 1
  tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qx -- "--pidfile=$ENGINE_PID" || return 1
  printf '%s\n' "$pid"
}

# Runs the calling script again as root when it is not; these need root: packages, mounts, the daemon itself.
as_root() {
  [ "$(id -u)" -eq 0 ] && return 0
  command -v sudo >/dev/null 2>&1 || die 4 "this needs root and there is no sudo: run it as root"
  say "this needs root: asking sudo"
  exec sudo --preserve-env=PORTBOOK_ENGINE_HOME,PORTBOOK_ENGINE_SOCKET,DOCKER_HOST "$0" "$@"
}

is_debian() { (. /etc/os-release && [ "$ID" = debian ]); }

# debian_mirror [SUFFIX]: the mirror that the host's own apt sources name for its release, or for its updates or security
# suite. apt itself is asked, so both of its source formats are understood.
debian_mirror() {
  local suite mirror
  # shellcheck disable=SC1091  # the host's own file
  suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")${1:-}
  mirror=$(apt-get --print-uris update 2>/dev/null | sed -n "s#^'\([^']*\)/dists/$suite/InRelease'.*#\1#p" | head -n 1)
  if [ -z "$mirror" ] && [ -z "${1:-}" ]; then
    die 1 "the host's apt sources name no mirror for $suite: see /etc/apt/sources.list and /etc/apt/sources.list.d"
  fi
  printf '%s\n' "$mirror"
}

# apt_install PACKAGE…: from the host's own suites, reading their lists first where they were never read.
apt_install() {
  if ! apt-cache show "$@" >/dev/null 2>&1; then
    quietly "reading the host's package lists" apt-get -q update || die 1 "apt-get update failed: see above"
  fi
  DEBIAN_FRONTEND=noninteractive quietly "installing $* from the host's own suites" \
    apt-get install -q -y --no-install-recommends "$@" || die 1 "apt-get install failed: see above"
}
