#!/usr/bin/env bash
# Prepares the data folder on the first start, then becomes the server. Honours POSTGRES_USER, POSTGRES_PASSWORD (also
# _FILE), POSTGRES_DB, POSTGRES_INITDB_ARGS, POSTGRES_HOST_AUTH_METHOD and /docker-entrypoint-initdb.d.
set -euo pipefail

from_file() {
  local name=$1 file=${1}_FILE
  if [ -n "${!file:-}" ]; then
    printf -v "$name" '%s' "$(<"${!file}")"
    export "${name?}"
  fi
}

prepare() {
  local file password_file arguments=()
  if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
    echo 'error: POSTGRES_PASSWORD is empty: set it, or POSTGRES_HOST_AUTH_METHOD=trust for a throw-away database' >&2
    exit 1
  fi
  read -ra arguments <<<"${POSTGRES_INITDB_ARGS:-}"
  password_file=$(mktemp)
  printf '%s\n' "${POSTGRES_PASSWORD:-}" >"$password_file"
  [ -z "${POSTGRES_PASSWORD:-}" ] || arguments+=("--pwfile=$password_file")
  initdb --pgdata="$PGDATA" --username="$POSTGRES_USER" --auth-local=trust --auth-host=scram-sha-256 "${arguments[@]}"
  rm -f "$password_file"
  printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"

  # A server for this script alone, on the socket only: nobody connects before the database is whole.
  pg_ctl --pgdata="$PGDATA" --wait --options="-c listen_addresses=''" start
  if [ "$POSTGRES_DB" != postgres ]; then
    printf 'CREATE DATABASE :"name";\n' |
      psql --no-psqlrc --username="$POSTGRES_USER" --dbname=postgres --set=ON_ERROR_STOP=1 --set=name="$POSTGRES_DB"
  fi
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) bash "$file" ;;
      *.sql) psql --no-psqlrc --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" --set=ON_ERROR_STOP=1 --file="$file" ;;
    esac
  done
  pg_ctl --pgdata="$PGDATA" --mode=fast --wait stop
  echo 'PostgreSQL init process complete; ready for start up.'
}

# `docker run IMAGE -c fsync=off` means arguments of the server.
if [ "${1:0:1}" = - ]; then set -- postgres "$@"; fi

if [ "$1" = postgres ]; then
  if [ "$(id -u)" -eq 0 ]; then
    mkdir -p "$PGDATA"
    chown -R postgres:postgres "$PGDATA"
    chmod 0700 "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --init-groups "${BASH_SOURCE[0]}" "$@"
  fi
  from_file POSTGRES_PASSWORD
  export POSTGRES_USER=${POSTGRES_USER:-postgres}
  export POSTGRES_DB=${POSTGRES_DB:-$POSTGRES_USER}
  if [ ! -s "$PGDATA/PG_VERSION" ]; then prepare; fi
fi
exec "$@"
