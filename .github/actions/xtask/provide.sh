#!/usr/bin/env bash
# Compiles the program where the cache had none, and lets `cargo xtask` be that program for the rest of the job.
set -euo pipefail

provided=(xtask)
if [ "$CONTAINERS" = true ]; then
    provided+=(xtask-containers)
fi

for name in "${provided[@]}"; do
    if [ ! -x "$DIR/$name" ]; then
        # Nothing here is compiled a second time, and keeping notes for that is a fifth of the work.
        CARGO_INCREMENTAL=0 cargo build --locked --package "$name"
        mkdir -p "$DIR"
        # Under another name first: a job that is stopped half way leaves no half a program to be kept.
        cp "${CARGO_TARGET_DIR:-target}/debug/$name" "$DIR/$name.new"
        mv "$DIR/$name.new" "$DIR/$name"
    fi
done

# cargo prefers an alias to a program of the same name, so the alias is made to name the program.
cat > "$DIR/cargo-provided-xtask" <<'SH'
#!/bin/sh
shift
exec "$(dirname "$0")/xtask" "$@"
SH
chmod +x "$DIR/cargo-provided-xtask"
echo "$DIR" >> "$GITHUB_PATH"
{
    echo "CARGO_ALIAS_XTASK=provided-xtask"
    if [ "$CONTAINERS" = true ]; then
        echo "PORTBOOK_XTASK_CONTAINERS=$DIR/xtask-containers"
    fi
} >> "$GITHUB_ENV"
