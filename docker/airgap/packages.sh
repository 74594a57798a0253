# Sourced by engine.sh: where the engine's programs come from, and where the clients find them.
# shellcheck shell=bash

# Debian's names; Ubuntu calls the second generation of Compose docker-compose-v2.
engine_packages() {
  local compose=docker-compose
  if apt-cache show docker-compose-v2 >/dev/null 2>&1; then compose=docker-compose-v2; fi
  echo docker.io docker-cli "$compose" docker-buildx
}

# The major version of the engine that the host's own suites offer; 0 when they offer none.
candidate_major() {
  local version
  version=$(apt-cache policy docker.io 2>/dev/null | awk '/Candidate:/ {print $2; exit}')
  version=${version#*:}
  version=${version%%.*}
  case $version in '' | *[!0-9]*) echo 0 ;; *) echo "$version" ;; esac
}

# install_packages: idempotent; leaves dockerd, docker and both plugins either on the host's PATH or below $ENGINE_HOME.
install_packages() {
  command -v apt-get >/dev/null 2>&1 ||
    die 4 "this is no Debian-family host: install Docker Engine $ENGINE_OLDEST or newer with Compose and Buildx by your system's own means" \
      "(Fedora: dnf install moby-engine docker-cli docker-compose docker-buildx; macOS: Docker Desktop, OrbStack or colima)"
  if engine_unpacked; then return 0; fi
  if [ "$(candidate_major)" -eq 0 ]; then
    quietly "reading the host's package lists" apt-get -q update || die 1 "apt-get update failed: see above"
  fi
  if [ "$(candidate_major)" -ge "$ENGINE_OLDEST" ]; then
    install_from_host_suites
  else
    unpack_from_newer_suite
  fi
}

engine_unpacked() { [ -x "$ENGINE_HOME/root/usr/sbin/dockerd" ] && [ -x "$ENGINE_BIN/docker" ]; }

install_from_host_suites() {
  local packages=()
  # The service starts as soon as the package is there, so the image store must be chosen before.
  if [ ! -e /etc/docker/daemon.json ] && ! command -v dockerd >/dev/null 2>&1; then
    mkdir -p /etc/docker
    printf '{"features": {"containerd-snapshotter": true}}\n' >/etc/docker/daemon.json
  fi
  read -ra packages <<<"$(engine_packages)"
  # docker-cli is a package of its own in newer releases only.
  if ! apt-cache show docker-cli >/dev/null 2>&1; then packages=("${packages[@]/docker-cli/}"); fi
  # shellcheck disable=SC2068  # an emptied name must vanish
  apt_install ${packages[@]} iptables ca-certificates
}

# Debian 12's engine is 20.10, without Compose v2 and Buildx. The newer suites' programs are Go binaries that run on it,
# so they are unpacked beside the system instead of being installed into it; runc and iptables come from the host's release.
unpack_from_newer_suite() {
  local mirror suite
  is_debian ||
    die 4 "the host's suites offer no Docker engine $ENGINE_OLDEST or newer, and only on Debian is there a newer suite to take one from"
  mirror=$(debian_mirror)
  for suite in sid trixie; do
    if unpack_suite "$suite" "$mirror"; then
      install_host_helpers
      return 0
    fi
    say "the engine from $suite cannot be had or does not run here"
  done
  die 1 "no engine of Debian's newer suites on $mirror runs on this host"
}

unpack_suite() {
  local suite=$1 mirror=$2 work new deb tini=tini-static registry=docker-registry
  work=$(mktemp -d) && new=$ENGINE_HOME/root.new
  rm -rf "$new"
  mkdir -p "$work/lists/partial" "$work/debs" "$new"
  printf 'deb %s %s main\n' "$mirror" "$suite" >"$work/sources.list"
  # Lists and sources of their own: the host's apt never learns of the newer suite. Only packages and no extras are read.
  local apt=(apt-get -q -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::Lists=$work/lists" -o APT::Sandbox::User=root -o Acquire::Languages=none
    -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false)
  local ok=0
  if quietly "reading the package list of $suite" "${apt[@]}" update; then
    # Older suites have the static tini in the package tini.
    if ! apt-cache "${apt[@]:2}" show tini-static >/dev/null 2>&1; then tini=tini; fi
    # Only the publish tests want it, and only where containers do not run: no suite is given up for it.
    if ! apt-cache "${apt[@]:2}" show docker-registry >/dev/null 2>&1; then registry=; fi
    (cd "$work/debs" && quietly "fetching the engine from $suite (about 85 MB)" \
      "${apt[@]}" download docker.io docker-cli docker-compose docker-buildx containerd "$tini" ${registry:+"$registry"}) || ok=1
  else
    ok=1
  fi
  if [ "$ok" -eq 0 ]; then
    say "unpacking into $ENGINE_HOME"
    for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$new" || ok=1; done
    programs_run "$new" || ok=1
  fi
  rm -rf "$work"
  if [ "$ok" -ne 0 ]; then
    rm -rf "$new"
    return 1
  fi
  rm -rf "$ENGINE_HOME/root"
  mv "$new" "$ENGINE_HOME/root"
  fill_bin
}

# A binary that wants a newer C library than the host's fails here, not half-way through a build.
programs_run() {
  local program
  for program in usr/sbin/dockerd usr/bin/containerd usr/bin/docker; do
    "$1/$program" --version >/dev/null 2>&1 || return 1
  done
  for program in compose buildx; do
    "$1/usr/libexec/docker/cli-plugins/docker-$program" version >/dev/null 2>&1 || return 1
  done
}

fill_bin() {
  local program
  mkdir -p "$ENGINE_BIN"
  for program in "$ENGINE_HOME"/root/usr/bin/* "$ENGINE_HOME"/root/usr/sbin/*; do
    ln -sfn "$program" "$ENGINE_BIN/${program##*/}"
  done
  # Older suites name the program behind `--init` only in their own build of the daemon.
  if [ ! -e "$ENGINE_BIN/docker-init" ]; then ln -sfn "$ENGINE_HOME/root/usr/bin/tini-static" "$ENGINE_BIN/docker-init"; fi
}

install_host_helpers() {
  local missing=()
  command -v runc >/dev/null 2>&1 || missing+=(runc)
  command -v iptables >/dev/null 2>&1 || missing+=(iptables)
  if [ "${#missing[@]}" -gt 0 ]; then apt_install "${missing[@]}"; fi
}

# The client looks for plugins below its user's home and in system folders; ours are elsewhere. Under sudo both users'
# clients get them.
link_plugins() {
  engine_unpacked || return 0
  link_plugins_into "${DOCKER_CONFIG:-${HOME:-/root}/.docker}"
  if [ -n "${SUDO_USER:-}" ]; then
    local folder
    folder=$(getent passwd "$SUDO_USER" | cut -d: -f6)/.docker
    link_plugins_into "$folder"
    chown -h "$SUDO_USER:" "$folder" "$folder/cli-plugins" "$folder"/cli-plugins/docker-*
  fi
}

# A plugin that is there and is not our link stays as it is.
link_plugins_into() {
  local plugin link
  mkdir -p "$1/cli-plugins"
  for plugin in docker-compose docker-buildx; do
    link=$1/cli-plugins/$plugin
    if [ -e "$link" ] && [[ $(readlink "$link" || true) != "$ENGINE_HOME"/* ]]; then continue; fi
    ln -sfn "$ENGINE_HOME/root/usr/libexec/docker/cli-plugins/$plugin" "$link"
  done
}

write_env() {
  {
    if engine_unpacked; then
      printf 'export PORTBOOK_ENGINE_BIN=%s\n' "$ENGINE_BIN"
      # shellcheck disable=SC2016  # the reader's PATH, not ours
      printf 'export PATH="%s:$PATH"\n' "$ENGINE_BIN"
    fi
    if [ "$ENGINE_SOCKET" != /var/run/docker.sock ]; then printf 'export DOCKER_HOST=unix://%s\n' "$ENGINE_SOCKET"; fi
  } >"$ENGINE_ENV.new"
  mv "$ENGINE_ENV.new" "$ENGINE_ENV"
}
