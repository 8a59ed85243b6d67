#!/bin/sh
# Configures a build without liburing and libxdp: CMAKE SOURCE BUILD.  The files that stand in must be in it,
# and none that needs the library.
set -eu

rm -rf "$3"
"$1" -S "$2" -B "$3" -DNETDYNO_URING=OFF -DNETDYNO_XDP=OFF -DNETDYNO_TESTS=OFF -DNETDYNO_BENCH=OFF >"$3.log" 2>&1 || {
  cat "$3.log"
  exit 1
}
commands=$3/compile_commands.json
grep -q 'engines/udp/uring_missing\.c' "$commands" || { echo "uring_missing.c is not built"; exit 1; }
grep -q 'engines/udp/xdp_missing\.c' "$commands" || { echo "xdp_missing.c is not built"; exit 1; }
if grep -E 'engines/(udp|uring)/uring(_probe)?\.c|NETDYNO_URING|-luring' "$commands"; then
  echo "something that needs liburing is built"
  exit 1
fi
if grep -E 'engines/(udp|xdp)/xdp(_socket)?\.c|NETDYNO_XDP' "$commands"; then
  echo "something that needs libxdp is built"
  exit 1
fi
rm -rf "$3"
