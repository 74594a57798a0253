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
if [ "$CACHED" = true ]; then
    # Outside the work tree: its `target` belongs to other caches, which tidy it in their own way.
    dir="${XDG_CACHE_HOME:-$HOME/.cache}/portbook/$key"
else
    # Empty at the job's start, also where a runner keeps its disk.
    dir="$RUNNER_TEMP/$key"
fi
{
    echo "key=$key"
    echo "dir=$dir"
} >> "$GITHUB_OUTPUT"
