#!/usr/bin/env bash
# Names the folder of this very program, and the key that it is kept under.
set -euo pipefail

if [ -z "$SOURCES" ]; then
    echo "::error::no sources were found to name the program by: is the repository checked out?"
    exit 1
fi
key="xtask-$RUNNER_OS-$RUNNER_ARCH-$SOURCES"
if [ "$CONTAINERS" = true ]; then
    key="$key-containers"
fi
{
    echo "key=$key"
    # Outside the work tree: its `target` belongs to other caches, which tidy it in their own way.
    echo "dir=${XDG_CACHE_HOME:-$HOME/.cache}/portbook/$key"
} >> "$GITHUB_OUTPUT"
