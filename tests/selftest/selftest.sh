#!/bin/bash
# netdyno selftest as people call it: selftest.sh PROGRAM GROUP.  Everything happens in namespaces of
# its own.  A check prints what it expected and what came; the exit status is 1 if one failed, 77 if
# it cannot be made here.
set -u
program=$(realpath "$1") group=$2
work=$(mktemp -d "${TMPDIR:-/tmp}/netdyno-selftest-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
export XDG_CONFIG_HOME=$work/config XDG_DATA_HOME=$work/data LC_ALL=C.UTF-8
out=$work/out errors=$work/errors
failures=0

fail() { failures=$((failures + 1)); printf 'FAIL %s\n' "$*"; }

# try STATUS ARGS...: runs the program; stdout and stderr are kept in $out and $errors.
try() {
	local expected=$1 status
	shift
	timeout -k 5 110 "$program" selftest "$@" >"$out" 2>"$errors" </dev/null
	status=$?
	[ "$status" = "$expected" ] && return
	fail "netdyno selftest $*: status $status, expected $expected"
	grep -A6 '^differs' "$out"
	jq -c '.rows[] | select(.outcome == "differs")' "$out" 2>/dev/null
	head -5 "$errors"
}
says() { grep -qF -- "$2" "$1" || fail "\"$2\" is not said: $(head -5 "$1")"; }
has() { jq -e "$1" "$out" >"$work/jq" 2>&1 || fail "not so: $1 ($(head -2 "$work/jq"))"; }

need() {
	"$program" list >"$work/list" 2>&1
	grep -q 'veth *runs here' "$work/list" && return
	grep 'veth' "$work/list"
	exit 77
}

# Every fault that can be put in here is named, exactly: by the ledger for each method of echo and
# fanout at each place, by the verdict, and by counters of the kernel's beside that.
all() {
	need
	try 0 --json
	has '.differs == 0 and .agrees > 0 and (.rows | length) == .agrees + .skipped'
	has '[.rows[] | select(.outcome == "skipped") | .name | select(test("xdp|ring|path-|backlog|uring") | not)] == []'
	has '.rows | map(select(.name | test("^(echo|fanout)-[a-z]+-loss-50$")) | select(.outcome == "agrees")) | length >= 8'
	has '[.rows[] | select(.outcome == "agrees") | .checks[] | .agrees] | all'
	has '[.rows[] | select(.outcome == "agrees") | .checks[] | select(.place == "unexplained") | .said] | all(. == 0)'
	has '[.rows[] | select(.name == "duplicates" or .name == "late") | .checks[] | .injected == 40 and .said == 40] | all'
	has '.rows[] | select(.name == "backlog") | .outcome != "agrees" or .checks[0].said >= 50'
	has '.seconds < 100'
}

# A counter that is wrong by one is found, and its row is named.
lies() {
	need
	try 1 --only 'echo-mmsg-b*' --lie server_socket_buffer
	says "$out" 'differs  echo-mmsg-buffer'
	says "$out" 'DIFFERS'
	says "$out" 'server_socket_buffer is not what was put in or counted'
	says "$out" '1 fault: 0 agree, 1 differs, 0 skipped'
	try 1 --only fanout-mmsg-loss-10 --lie impairment --json
	has '.differs == 1 and .rows[0].name == "fanout-mmsg-loss-10" and (.rows[0].why | contains("impairment"))'
	has '.rows[0].checks[] | select(.place == "impairment") | .said == .second + 1 and (.agrees | not)'
	has '.rows[0].checks[] | select(.place == "unexplained") | .said == -1'
	# The lie is told of by the run itself.
	timeout -k 5 60 "$program" run echo --duration 100ms --lie late >"$out" 2>"$errors"
	says "$out" '--lie makes the ledger wrong'
}

usage() {
	try 0 --list
	says "$out" 'echo-mmsg-buffer '
	says "$out" 'stalled-server '
	try 2 --only echo-mmsg-bufer
	says "$errors" '--only echo-mmsg-bufer: there is no such row (did you mean echo-mmsg-buffer?); --list has their names'
	try 2 --onyl x
	says "$errors" 'unknown option --onyl (did you mean --only?)'
	try 2 echo
	says "$errors" 'unexpected word "echo"'
	try 0 --help
	says "$out" '--only NAME'
	if grep -q -e '--lie' "$out"; then fail '--help tells of an option for our own tests'; fi
	# Without the first user namespace's rights nobody steers a device.
	if command -v setpriv >/dev/null && [ "$(id -u)" -eq 0 ]; then
		cp "$program" "$work/netdyno" && chmod 755 "$work" "$work/netdyno"
		setpriv --reuid=65534 --regid=65534 --clear-groups "$work/netdyno" selftest --only backlog >"$out" 2>"$errors" </dev/null
		says "$out" '1 fault: 0 agree, 0 differ, 1 skipped'
	fi
	interrupted
}

# It ends at once, and all that it had started with it.
interrupted() {
	local pid
	"$program" selftest --only suspended --json >"$out" 2>"$errors" </dev/null &
	pid=$!
	for ((i = 0; i < 600; i++)); do
		[ -n "$(pgrep -P $pid)" ] && break
		sleep 0.02
	done
	kill -INT $pid
	wait $pid
	[ $? = 130 ] || fail "interrupted: the status is not 130"
	has '.rows[0].outcome == "skipped" and .rows[0].why == "interrupted"'
}

case $group in
all | lies | usage) "$group" ;;
*) echo "unknown group $group" && exit 1 ;;
esac
[ $failures -eq 0 ]
