#!/bin/sh
# Does check.sh find what it is there for?  A small tree with one offence of every kind, and one
# without any.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
status=0

fresh() {
  rm -rf "${tree:?}"/*
  for room in src/base src/record src/run src/main engines/echo engines/udp ui/canvas ui/panels ui/terminal captures; do
    mkdir -p "$tree/$room"
  done
  printf '#include "base/err.h"\n/* exit(1) and abort() */\nconst char *s = "abort()"; // exit(2)\nvoid on_exit_do(void);\n' >"$tree/src/run/a.c"
  printf '#include "run/a.h"\n#include <stdlib.h>\nint main(void)\n{\n\texit(0);\n}\n' >"$tree/src/main/main.c"
  printf '#include "ui/ui.h"\n' >"$tree/ui/ui.c"
  printf '#include <ncursesw/curses.h>\n' >"$tree/ui/terminal/terminal.c"
  printf '#include <pcap/pcap.h>\n' >"$tree/captures/capture.c"
  printf '#include <liburing.h>\n' >"$tree/engines/udp/uring.c"
}

expect() { # CHECK STATUS TEXT
  got=0
  out=$("$here/check.sh" "$1" "$tree" 2>&1) || got=$?
  # xargs answers 123 for any failure of what it ran.
  [ "$got" = 0 ] || got=1
  case $got:$out in
  "$2":*"$3"*) ;;
  *)
    printf 'check %s: wanted status %s and "%s", got status %s and "%s"\n' "$1" "$2" "$3" "$got" "$out"
    status=1
    ;;
  esac
}

offend() { # FILE TEXT CHECK MESSAGE
  fresh
  printf '%b' "$2" >>"$tree/$1"
  expect "$3" 1 "$4"
}

fresh
expect includes 0 ""
expect words 0 ""
expect comments 0 ""
offend src/base/b.c '#include "run/run.h"\n' includes 'src/base/b.c:1: base must not include run/run.h'
offend src/run/b.c '#include "engines/echo.h"\n' includes 'run must not include engines/echo.h'
offend src/record/b.c '#include "run/worker.h"\n' includes 'record must not include run/worker.h'
offend engines/b.c '#include "snapshot/snapshot.h"\n' includes 'engines must not include snapshot/snapshot.h'
offend engines/echo/b.c '#include "engines/tcp/sender.h"\n' includes 'engines/echo must not include engines/tcp/sender.h'
offend ui/canvas/b.c '#include "ui/widgets/widgets.h"\n' includes 'ui/canvas must not include ui/widgets/widgets.h'
offend ui/panels/b.c '#include "sweep/sweep.h"\n' includes 'ui/panels must not include sweep/sweep.h'
offend captures/b.c '#include "run/worker.h"\n' includes 'captures must not include run/worker.h'
offend ui/b.c '#include "elsewhere/b.h"\n' includes 'no room of'
offend engines/b.c '#include "ui/ui.h"\n' includes 'engines must not include ui/ui.h'
offend ui/b.c '#include "captures/capture.h"\n' includes 'ui must not include captures/capture.h'
offend captures/b.c '#include "engines/echo.h"\n' includes 'captures must not include engines/echo.h'
offend engines/b.c '#include "echo.h"\n' includes 'name the layer'
offend src/run/b.c '#include <curses.h>\n' includes 'only ui/terminal may include <curses.h>'
offend src/main/b.c '#include <ncursesw/panel.h>\n' includes 'only ui/terminal may include <ncursesw/panel.h>'
offend ui/b.c '#include <pcap.h>\n' includes 'only captures may include <pcap.h>'
offend engines/udp/mmsg.c '#include <liburing.h>\n' includes 'only the uring files'
offend engines/udp/mmsg.c '#include <xdp/xsk.h>\n' includes 'only the xdp files'
offend src/run/b.c '#include <assert.h>\n' includes '<assert.h> ends the program'
offend src/run/b.c '/* two\nlines */ int f(void)\n{\n\texit(1);\n}\n' includes 'src/run/b.c:4: only src/main/main.c may end the program: exit()'
offend ui/b.c '\tif (bad)\n\t\tabort();\n' includes 'abort()'
long=$(printf '%90s' x | tr ' ' y)
offend src/run/b.c "/* $long $long */" comments 'src/run/b.c:1: a comment reaches column 187'
offend src/run/b.c "\tint a; /* short\n\t$long */" comments 'src/run/b.c:2: a comment reaches column 101'
fresh
printf 'const char *s = "\\"http://%s%s";\n' "$long" "$long" >"$tree/src/run/b.c"
expect comments 0 ""
fresh
for file in src/base/b.c src/run/b.c ui/b.c; do
  printf 'static int *next(int *from)\n{\n\treturn from;\n}\nstatic int count = next(0);\n' >"$tree/$file"
done
printf 'static struct err first = next(0);\nint next(int *from)\n' >"$tree/captures/b.c"
expect statics 0 ""
printf '__attribute__((format(printf, 1, 2))) static int next(const char *format, ...)\n' >"$tree/captures/b.c"
expect statics 1 'next() is static in 4 files, 3 are the most: captures/b.c src/base/b.c src/run/b.c ui/b.c'
offend src/run/b.c '/* TO''DO: more */\n' words 'src/run/b.c:1:'
exit $status
