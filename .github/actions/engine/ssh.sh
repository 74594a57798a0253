#!/usr/bin/env bash
# Puts an `ssh` before the machine's own that uses this key and believes this host key, and nothing else.
set -euo pipefail

case "$ENGINE" in
    ssh://*) ;;
    "")
        echo "DOCKER_HOST is not set in this environment: its engine is the one that this runner has"
        exit 0
        ;;
    *)
        echo "DOCKER_HOST is no ssh:// address: nothing has to be set up for it"
        exit 0
        ;;
esac
lack() {
    echo "::error::$1 is not set in this environment, and its engine is reached by SSH: docs/workflows.md"
    exit 1
}
[ -n "$KEY" ] || lack "the secret DEPLOY_SSH_KEY"
[ -n "$KNOWN_HOSTS" ] || lack "the variable DEPLOY_KNOWN_HOSTS"

ssh=$(command -v ssh) || {
    echo "::error::this runner has no ssh, by which docker reaches the engine"
    exit 1
}

dir="$RUNNER_TEMP/engine"
umask 077
mkdir -p "$dir/bin"
# A key that was pasted with a browser's line ends, or without its last one, is a key too.
printf '%s\n' "$KEY" | tr -d '\r' > "$dir/key"
printf '%s\n' "$KNOWN_HOSTS" | tr -d '\r' > "$dir/known_hosts"
cat > "$dir/config" <<CONFIG
Host *
    IdentityFile "$dir/key"
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile "$dir/known_hosts"
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    BatchMode yes
    ServerAliveInterval 15
CONFIG
# A deployment asks the engine many times: one connection serves them all, where the socket's path is not too long for one.
if [ "${#dir}" -le 45 ]; then
    cat >> "$dir/config" <<CONFIG
    ControlMaster auto
    ControlPath "$dir/%C"
    ControlPersist 60
CONFIG
fi
cat > "$dir/bin/ssh" <<SH
#!/bin/sh
exec "$ssh" -F "$dir/config" "\$@"
SH
chmod 0700 "$dir/bin/ssh"
echo "$dir/bin" >> "$GITHUB_PATH"
