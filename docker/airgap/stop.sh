#!/usr/bin/env bash
# Stops the engine that engine.sh started, and no other. Images and volumes stay; `stop.sh --remove` deletes those, too,
# and everything else below the engine's folder.
set -euo pipefail

SCRIPT=stop.sh
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$here/lib.sh"

# dockerd ends its containers first, which can take ten seconds each.
STOP_BOUND=60

stop_daemon() {
  local pid=$1 until=$((SECONDS + STOP_BOUND)) told=$SECONDS
  say "stopping dockerd (pid $pid) and its containers"
  kill -TERM "$pid"
  while runs "$pid" dockerd; do
    [ "$SECONDS" -lt "$until" ] || die 1 "dockerd (pid $pid) did not end in $STOP_BOUND s; its log is $ENGINE_LOG"
    if [ $((SECONDS - told)) -ge 5 ]; then
      told=$SECONDS
      say "waiting for dockerd (pid $pid) to end"
    fi
    sleep 0.2
  done
  rm -f "$ENGINE_PID"
  say "stopped"
}

# What must be gone before the folder may be deleted: a mounted layer below it is a container's file system.
remove_home() {
  # A daemon that was killed leaves its data folder mounted on itself.
  while grep -q " $ENGINE_HOME/data " /proc/mounts && umount "$ENGINE_HOME/data" 2>/dev/null; do :; done
  if grep -q " $ENGINE_HOME/data/" /proc/mounts; then
    die 1 "file systems are still mounted below $ENGINE_HOME/data: see /proc/mounts; nothing was deleted"
  fi
  # The daemon's own network namespace stays mounted in the run folder.
  local mounted
  while read -r _ mounted _; do
    if [[ $mounted == "$ENGINE_RUN"/* ]]; then umount "$mounted" 2>/dev/null || true; fi
  done </proc/mounts
  local plugin folder=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins
  for plugin in docker-compose docker-buildx; do
    if [[ $(readlink "$folder/$plugin" || true) == "$ENGINE_HOME"/* ]]; then rm -f "$folder/$plugin"; fi
  done
  rm -rf "$ENGINE_HOME" "$ENGINE_RUN"
  say "$ENGINE_HOME is deleted"
}

case "${1:-}" in
  '' | --remove) ;;
  -h | --help) sed -n '2,3s/^# \{0,1\}//p' "$0" && exit 0 ;;
  *) die 2 "unknown argument '$1': nothing or --remove was expected" ;;
esac
if [ ! -d "$ENGINE_HOME" ]; then
  say "nothing to stop: engine.sh never ran here"
  exit 0
fi
as_root "$@"
if pid=$(our_pid); then
  stop_daemon "$pid"
elif [ -e "$ENGINE_SERVICE" ]; then
  quietly "stopping the service docker" systemctl stop docker.service docker.socket
  rm -f "$ENGINE_SERVICE"
else
  say "nothing to stop: no daemon of engine.sh runs"
fi
if [ "${1:-}" = --remove ]; then remove_home; fi
