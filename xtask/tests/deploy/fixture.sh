#!/bin/sh
# The real program, but where the image's FIXTURE says that it misbehaves.

program() {
    if [ -e /host/loader ]; then
        set -- /host/loader --library-path /host /host/portbook "$@"
    else
        set -- /host/portbook "$@"
    fi
    if [ -n "${BESIDE-}" ]; then "$@" & else exec "$@"; fi
}

say() {
    echo "fixture: $*" >&2
}

case "${FIXTURE-} ${1-}" in
    "exits server")
        say "the server exits at once"
        exit 7
        ;;
    "mute server")
        say "the server never listens"
        exec sleep 1000
        ;;
    # The server goes when somebody asks for it by a file.
    "crashes server")
        BESIDE=1 && program "$@"
        trap 'kill $!; wait $!; exit 0' TERM
        while kill -0 $! 2>/dev/null; do
            if [ -e /tmp/crash ]; then
                say "the server crashes"
                kill -9 $!
                exit 9
            fi
            sleep 0.1
        done
        ;;
    "bare server")
        unset PORTBOOK_WEB_ROOT
        ;;
    # Its pages can be taken away.
    "pages server")
        cp -r /srv/web /tmp/web
        export PORTBOOK_WEB_ROOT=/tmp/web
        ;;
    "worker worker")
        say "the worker exits at once"
        exit 7
        ;;
    # An older program: it takes no arguments, and so it is asked without.
    "migrate-fails migrate" | "migrate-hangs migrate")
        [ $# = 1 ] || exit 2
        say "$FIXTURE"
        [ "$FIXTURE" = migrate-hangs ] || exit 1
        exec sleep 1000
        ;;
esac
program "$@"
