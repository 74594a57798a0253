#!/usr/bin/env bash
# Lets this host run programs, and so containers, of linux/arm64 and linux/arm/v7 (on an arm64 host: of linux/amd64): Debian's
# QEMU, registered with the kernel. Only when asked for: it changes what every program of the host can start.
#
#   emulation.sh             does nothing where both are registered already
#   emulation.sh --remove    takes both registrations back
#
# A registration ends with a reboot; the package stays installed.
set -euo pipefail

SCRIPT=emulation.sh
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$here/lib.sh"

BINFMT=/proc/sys/fs/binfmt_misc

# The first 20 bytes of an ELF file: class, byte order and machine; the mask leaves out the ABI's number and takes executables
# and shared objects alike. Source: ELF-64 Object File Format, and e_machine of the System V ABI supplements.
ident() { printf '\\x7fELF\\x0%s\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\x%s\\x00' "$1" "$2"; }
MASK='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'

magic() {
  case $1 in
    x86_64) ident 2 3e ;;
    aarch64) ident 2 b7 ;;
    arm) ident 1 28 ;;
  esac
}

# The machines of the published platforms that are not this host's own.
foreign() {
  local machine
  for machine in x86_64 aarch64 arm; do
    if [ "$machine" != "$(uname -m)" ]; then echo "$machine"; fi
  done
}

enabled() { [ "$(head -n 1 "$BINFMT/qemu-$1" 2>/dev/null)" = enabled ]; }

all_enabled() {
  local machine
  for machine in $(foreign); do enabled "$machine" || return 1; done
}

register() {
  local machine=$1 program
  if [ -e "$BINFMT/qemu-$machine" ]; then
    echo 1 >"$BINFMT/qemu-$machine"
    say "qemu-$machine was registered and is switched on"
    return 0
  fi
  program=$(command -v "qemu-$machine-static") || die 1 "the package has no qemu-$machine-static"
  # F opens the program now, so that it is found from inside containers, which do not hold it.
  printf ':qemu-%s:M::%s:%s:%s:F' "$machine" "$(magic "$machine")" "$MASK" "$program" >"$BINFMT/register" ||
    die 1 "the kernel refused the registration of $program"
  say "qemu-$machine is registered: $("$program" --version | head -n 1)"
}

case "${1:-}" in
  '' | --remove) ;;
  -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0" && exit 0 ;;
  *) die 2 "unknown argument '$1': nothing or --remove was expected" ;;
esac
if [ -z "${1:-}" ] && all_enabled; then
  say "there is an emulator for: $(foreign | xargs)"
  exit 0
fi
as_root "$@"
if [ ! -e "$BINFMT/register" ]; then
  mount -t binfmt_misc binfmt_misc "$BINFMT" ||
    die 4 "binfmt_misc cannot be mounted: this kernel runs its own programs only (modprobe binfmt_misc on the host may bring it)"
fi
if [ "${1:-}" = --remove ]; then
  for machine in $(foreign); do
    if [ -e "$BINFMT/qemu-$machine" ]; then echo -1 >"$BINFMT/qemu-$machine"; fi
  done
  say "no emulator is registered any more"
  exit 0
fi
command -v qemu-aarch64-static >/dev/null 2>&1 || apt_install qemu-user-static
for machine in $(foreign); do register "$machine"; done
