#!/bin/sh
# Checks the tree against the rules of the house.
# usage: check.sh includes|comments|words|statics|sizes|format TREE
# Exit: 0 in order, 1 offences (each on a line), 77 cannot be checked here.
set -eu

what=$1
here=$(cd "$(dirname "$0")" && pwd)
cd "$2"

sources() { # DIRECTORIES...
  for directory; do
    [ -d "$directory" ] && find "$directory" -name '*.[ch]'
  done | sort
}

check_includes() {
  sources src engines ui captures | xargs awk -v directions="$here/directions" -f "$here/includes.awk"
}

check_comments() {
  sources src engines ui captures tests bench | xargs awk -f "$here/comments.awk"
}

# Words that say that something is unfinished; this directory has to name them.
check_words() {
  list=$(find . \( -name .git -o -name 'build*' -o -path ./tests/layering \) -prune -o -type f -print)
  if printf '%s\n' "$list" | xargs -d '\n' grep -nIwE 'TODO|FIXME|XXX|HACK'; then
    return 1
  fi
}

check_statics() {
  sources src engines ui captures | xargs awk -f "$here/statics.awk"
}

check_sizes() {
  sources src engines ui captures tests bench | xargs awk -f "$here/sizes.awk"
}

check_format() {
  command -v clang-format-14 >/dev/null 2>&1 || {
    echo "clang-format-14 is not installed: layout is not checked"
    exit 77
  }
  sources src engines ui captures tests bench | xargs clang-format-14 --dry-run -Werror
}

case $what in
includes | comments | words | statics | sizes | format) "check_$what" ;;
*)
  echo "unknown check $what" >&2
  exit 1
  ;;
esac
