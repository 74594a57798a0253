//! What is run inside the ingress: its files and its own interface are reached nowhere else.
//!
//! Each script is one `docker exec`, given its parameters as arguments. What it prints is data.

/// Speaks with the ingress's own interface.
const RUNTIME: &str = r#"
runtime() { exec 3<>/dev/tcp/127.0.0.1/9999 && printf '%s\n' "$1" >&3 && cat <&3; exec 3>&-; }
"#;

/// Prints the clock in milliseconds, the SHA-256 of the document, the active slot, and the document. A file that is not
/// there is empty.
pub const READ: &str = r"
date +%s%3N
have=$(cat /state/environment.json 2>/dev/null | sha256sum) && printf '%s\n' ${have%% *}
word=$(cat /state/slots.map 2>/dev/null) && printf '%s\n' ${word#active } || echo web
cat /state/environment.json 2>/dev/null || true
";

/// `$1`: the number of a lock. Exit 65: it is not the one that is held.
pub const HELD: &str = r#"grep -q "\"lock\":{\"fence\":$1," /state/environment.json || exit 65"#;

/// `$1`: the SHA-256 of the document that is replaced; `$2`: the new one in base64; `$3`: the slot that becomes active, or
/// nothing. Exit 64: it is another document by now. The slot changes while the lock is held that changes the document, so
/// whoever lost the right to deploy cannot switch. Some room is kept for writing alone: a disk that is full of what was just
/// pulled must not keep anybody from writing down how that ended. It is given up piece by piece, as others write to the same
/// disk.
pub fn replace() -> String {
    format!(
        r#"{RUNTIME}
exec 9>>/state/.lock
flock -w 20 9 || {{ echo 'the state is locked by another call' >&2; exit 75; }}
have=$(cat /state/environment.json 2>/dev/null | sha256sum) && [ "${{have%% *}}" = "$1" ] || exit 64
set -e
put() {{ printf %s "$2" >"$1.new" && sync "$1.new" && mv "$1.new" "$1"; }}
write() {{
    put "$@" 2>/dev/null && return
    for piece in /state/reserve*; do rm -f "$piece" && put "$@" 2>/dev/null && return; done
    put "$@"
}}
reserve() {{
    for piece in 0 1 2 3 4 5 6 7; do
        [ -e "/state/reserve.$piece" ] || {{
            head -c 16384 /dev/urandom >/state/reserve.new && mv /state/reserve.new "/state/reserve.$piece"
        }}
    done
}}
write /state/environment.json "$(printf %s "$2" | base64 -d)"
reserve 2>/dev/null || true
rm -f /state/reserve.new
[ -n "$3" ] || exit 0
write /state/slots.map "active $3"$'\n'
said=$(runtime "set map /state/slots.map active $3")
case $said in *found*) said=$(runtime "add map /state/slots.map active $3") ;; esac
[ -z "$said" ] || {{ printf '%s\n' "$said" >&2; exit 1; }}
"#
    )
}

/// `$1`: a word that nobody else knows; `$2`: the slot that it stands for, or nothing for who is active; then the paths.
/// Prints each answer as it came after a line with the word, which no answer can have in it.
pub fn get() -> String {
    format!(
        r#"{RUNTIME}
word=$1 slot=$2
shift 2
if [ -n "$slot" ]; then runtime "add map /state/candidates.map $word $slot" >/dev/null; fi
for path in "$@"; do
    printf '%s\n' "$word"
    exec 4<>/dev/tcp/127.0.0.1/8080 &&
        printf 'GET %s HTTP/1.0\r\nHost: ingress\r\nPortbook-Candidate: %s\r\n\r\n' "$path" "$word" >&4 &&
        timeout 10 cat <&4
    printf '\n'
done
if [ -n "$slot" ]; then runtime "del map /state/candidates.map $word" >/dev/null; fi
"#
    )
}
