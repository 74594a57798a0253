#!/usr/bin/env bash
# Gives this host a Docker engine that can build and run this repository's images, from the distribution's packages alone.
#
#   engine.sh [start]   does nothing when a good engine answers; else installs and starts one
#   engine.sh status    says what is there; exit 0 when it will do, 1 when not
#   engine.sh env       prints the lines that a shell must eval to find the engine's programs
#
# See README.md beside this file for what it does to the host and how to undo it.
set -euo pipefail

SCRIPT=engine.sh
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$here/lib.sh"
# shellcheck source-path=SCRIPTDIR source=packages.sh
. "$here/packages.sh"
# shellcheck source-path=SCRIPTDIR source=daemon.sh
. "$here/daemon.sh"

# Says in one line why the engine that answers (or does not) will not do; prints nothing when it will.
engine_problem() {
  local version
  if ! version=$(server_version) || [ -z "$version" ]; then
    echo "no engine answers"
  elif [ "${version%%.*}" -lt "$ENGINE_OLDEST" ]; then
    echo "the engine that answers is Docker $version; $ENGINE_OLDEST or newer is needed"
  elif ! server_has_image_store; then
    echo "the engine that answers (Docker $version) uses the old image store, which cannot export OCI layouts"
  fi
}

client_problem() {
  if ! has_compose; then
    echo "the docker client finds no Compose v2 plugin"
  elif ! has_buildx; then
    echo "the docker client finds no Buildx plugin"
  fi
}

status() {
  local problem
  problem=$(engine_problem)
  [ -n "$problem" ] || problem=$(client_problem)
  if [ -n "$problem" ]; then
    say "not ready: $problem"
    say "next: docker/airgap/engine.sh start"
    return 1
  fi
  say "ready: Docker $(server_version), containerd image store," \
    "Compose $(dkr compose version --short), Buildx $(dkr buildx version | awk '{print $2}')," \
    "client $(command -v docker || echo "$ENGINE_BIN/docker")"
  if pid=$(our_pid); then say "started by this script: pid $pid, log $ENGINE_LOG"; fi
}

# Refuses where an engine is there that is not ours: changing it is its owner's business.
refuse_foreign() {
  local problem=$1
  if [ "$problem" != "no engine answers" ]; then
    die 1 "$problem. It was not started by this script and is left alone." \
      "Upgrade it, or set \"features\": {\"containerd-snapshotter\": true} in its daemon.json and restart it."
  fi
  if [ -n "${DOCKER_HOST:-}" ] && [ "$DOCKER_HOST" != "unix://$ENGINE_SOCKET" ]; then
    die 1 "DOCKER_HOST=$DOCKER_HOST does not answer: start that engine, or unset DOCKER_HOST and run this again"
  fi
}

start() {
  local problem
  problem=$(engine_problem)
  if [ -z "$problem" ] && [ -z "$(client_problem)" ]; then
    status
    return
  fi
  if [ -z "$problem" ]; then
    say "a good engine answers, but $(client_problem)"
  else
    refuse_foreign "$problem"
    say "$problem"
  fi
  as_root "$@"
  mkdir -p "$ENGINE_HOME"
  # Two calls at once: the second waits, then finds the engine running.
  exec 9>"$ENGINE_HOME/lock"
  if ! flock --nonblock 9; then
    say "another engine.sh is at work: waiting for it"
    flock --timeout 600 9 || die 1 "the other engine.sh did not finish in 600 s: see $ENGINE_HOME/lock"
  fi
  problem=$(engine_problem)
  if [ -n "$problem" ] && ! wait_for_starting_daemon; then
    install_packages
    start_daemon
  fi
  link_plugins
  problem=$(client_problem)
  if [ -n "$problem" ]; then
    install_packages
    link_plugins
    problem=$(client_problem)
  fi
  [ -z "$problem" ] || die 1 "$problem, though the plugins were installed: see docker info"
  problem=$(engine_problem)
  [ -z "$problem" ] || die 1 "$problem, after it was installed and started; its log is $ENGINE_LOG"
  write_env
  status
  if ! command -v docker >/dev/null 2>&1; then
    say "docker is not on PATH; next: eval \"\$(docker/airgap/engine.sh env)\""
  fi
}

case "${1:-start}" in
  start) start "$@" ;;
  status) status ;;
  env) if [ -f "$ENGINE_ENV" ]; then cat "$ENGINE_ENV"; else say "nothing to set: no engine was installed by this script"; fi ;;
  -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0" ;;
  *) die 2 "unknown command '$1': start, status or env was expected" ;;
esac
