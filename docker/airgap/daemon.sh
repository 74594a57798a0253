# Sourced by engine.sh: starting the daemon and waiting for it.
# shellcheck shell=bash

# How long a daemon may take from start to first answer: a cold start takes 2 s, a big image store or a slow disk more.
START_BOUND=90

# The pid of a dockerd in this mount namespace that we did not start. One inside a container is in another namespace.
foreign_daemon() {
  local process pid ours
  ours=$(our_pid || true)
  for process in /proc/[0-9]*; do
    pid=${process#/proc/}
    if [ "$pid" != "$ours" ] && runs "$pid" dockerd &&
      [ "$(readlink "/proc/$pid/ns/mnt")" = "$(readlink /proc/self/ns/mnt)" ]; then
      echo "$pid"
      return 0
    fi
  done
  return 1
}

# Succeeds when a daemon was already starting and now answers; fails when there is none to wait for.
wait_for_starting_daemon() {
  local pid
  if pid=$(our_pid); then
    say "dockerd (pid $pid) was started by an earlier call: waiting for it"
    wait_for_answer "$pid"
  elif pid=$(foreign_daemon); then
    say "a dockerd that this script did not start is running (pid $pid): waiting up to 30 s for it to answer"
    local until=$((SECONDS + 30))
    while [ "$SECONDS" -lt "$until" ]; do
      if server_version >/dev/null; then return 0; fi
      sleep 0.5
    done
    die 1 "dockerd with pid $pid runs but does not answer on $ENGINE_SOCKET, and is not ours to stop: set DOCKER_HOST to its socket, or stop it and run this again"
  else
    return 1
  fi
}

wait_for_answer() {
  local pid=$1 until=$((SECONDS + START_BOUND)) told=$SECONDS
  while ! server_version >/dev/null; do
    if ! runs "$pid" dockerd; then
      tail -n 25 "$ENGINE_LOG" >&2 || true
      die 1 "dockerd ended while starting: its last lines are above, all of them in $ENGINE_LOG"
    fi
    if [ "$SECONDS" -ge "$until" ]; then
      tail -n 25 "$ENGINE_LOG" >&2 || true
      die 1 "dockerd did not answer within $START_BOUND s: its last lines are above; docker/airgap/stop.sh stops it"
    fi
    if [ $((SECONDS - told)) -ge 5 ]; then
      told=$SECONDS
      say "waiting for dockerd (pid $pid)"
    fi
    sleep 0.2
  done
}

start_daemon() {
  if ! engine_unpacked && [ -d /run/systemd/system ]; then
    quietly "starting the service docker" systemctl start docker || die 1 "the service did not start: see journalctl -u docker"
    : >"$ENGINE_SERVICE"
    return 0
  fi
  local flags=() env=()
  prepare_cgroups
  choose_iptables
  write_daemon_config
  mkdir -p "$ENGINE_RUN" "$ENGINE_HOME/data" "$(dirname "$ENGINE_SOCKET")"
  rm -f "$ENGINE_PID" "$ENGINE_SERVICE"
  # A daemon that was killed leaves this behind, and the next one waits for that process when its number is in use.
  if ! runs "$(cat "$ENGINE_RUN/containerd/containerd.pid" 2>/dev/null)" containerd; then
    rm -f "$ENGINE_RUN/containerd/containerd.pid"
  fi
  ulimit -n "$(ulimit -Hn)" || true
  say "starting dockerd, log $ENGINE_LOG"
  # A session of its own and no open descriptor of ours: it outlives this shell, and does not hold the lock (9).
  env "${env[@]}" PATH="$ENGINE_BIN:$PATH:/usr/sbin:/sbin" setsid dockerd --config-file="$ENGINE_HOME/daemon.json" \
    --host="unix://$ENGINE_SOCKET" --data-root="$ENGINE_HOME/data" --exec-root="$ENGINE_RUN" --pidfile="$ENGINE_PID" \
    "${flags[@]}" </dev/null >"$ENGINE_LOG" 2>&1 9>&- &
  local pid=$!
  # Between fork and exec the process still has this shell's name.
  until runs "$pid" dockerd || ! kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
  wait_for_answer "$pid"
  if [ -n "${SUDO_UID:-}" ]; then chown "$SUDO_UID" "$ENGINE_SOCKET"; fi
}

# Overlay does not stack on overlay, so a host that is itself a container copies layers instead.
write_daemon_config() {
  local driver=''
  mkdir -p "$ENGINE_HOME/data"
  if [ "$(stat -f -c %T "$ENGINE_HOME/data")" = overlayfs ]; then
    say "$ENGINE_HOME lies on an overlay file system: layers are copied instead of stacked, which costs time and disk"
    driver=', "storage-driver": "native"'
  fi
  printf '{"features": {"containerd-snapshotter": true}%s}\n' "$driver" >"$ENGINE_HOME/daemon.json"
}

prepare_cgroups() {
  if grep -q ' /sys/fs/cgroup' /proc/mounts; then return 0; fi
  say "no control groups are mounted: mounting cgroup2 on /sys/fs/cgroup"
  mount -t cgroup2 none /sys/fs/cgroup || die 1 "cgroup2 cannot be mounted, and containers need it"
}

# Sets flags and env of start_daemon. Some kernels carry only one of iptables' two back-ends, or not every table.
choose_iptables() {
  local candidate chosen=''
  for candidate in iptables iptables-nft iptables-legacy; do
    if PATH="$PATH:/usr/sbin:/sbin" "$candidate" --wait -t nat -L -n >/dev/null 2>&1; then
      chosen=$candidate
      break
    fi
  done
  if [ -z "$chosen" ]; then
    say "iptables does not work here: containers get no published ports and no way out unless run with --network host"
    flags+=(--iptables=false --ip6tables=false)
    return 0
  fi
  if [ "$chosen" != iptables ]; then
    ln -sfn "$(PATH="$PATH:/usr/sbin:/sbin" command -v "$chosen")" "$ENGINE_BIN/iptables"
    ln -sfn "$(PATH="$PATH:/usr/sbin:/sbin" command -v "${chosen/ip/ip6}")" "$ENGINE_BIN/ip6tables"
  fi
  if ! PATH="$PATH:/usr/sbin:/sbin" "${chosen/ip/ip6}" --wait -t nat -L -n >/dev/null 2>&1; then flags+=(--ip6tables=false); fi
  if ! PATH="$PATH:/usr/sbin:/sbin" "$chosen" --wait -t raw -L -n >/dev/null 2>&1; then env+=(DOCKER_INSECURE_NO_IPTABLES_RAW=1); fi
}
