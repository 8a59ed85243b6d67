#!/bin/bash
# Which threads may open packet sockets: privilege.sh PROGRAM GROUP.  Reads CAP_NET_RAW in the status of every thread of a running program, as
# root, and as nobody with a copy of the program that has the file capability.
set -u
program=$(realpath "$1") group=$2
[ "$(id -u)" = 0 ] || { echo "skipped: needs root"; exit 77; }
for tool in setcap setpriv script jq; do command -v $tool >/dev/null || { echo "skipped: needs $tool"; exit 77; }; done
work=$(mktemp -d "${TMPDIR:-/tmp}/netdyno-privilege-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
chmod 711 "$work"
mkdir -m 777 "$work/files"
cp "$program" "$work/capable"
chmod 755 "$work/capable"
setcap cap_net_raw+ep "$work/capable" 2>/dev/null || { echo "skipped: file capabilities do not work in $work"; exit 77; }
export XDG_CONFIG_HOME=$work/config XDG_DATA_HOME=$work/files/data LC_ALL=C.UTF-8 TERM=xterm-256color
failures=0
fail() { failures=$((failures + 1)); printf 'FAIL %s\n' "$*"; }

as_root=("$program")
as_nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups "$work/capable")

# state PID: a line a thread, "NAME EFFECTIVE PERMITTED", of CAP_NET_RAW (bit 13).
state()
{
	local task key value name eff prm
	for task in /proc/"$1"/task/*; do
		while read -r key value _; do
			case $key in
			Name:) name=$value ;;
			CapEff:) eff=$((0x$value >> 13 & 1)) ;;
			CapPrm:) prm=$((0x$value >> 13 & 1)) ;;
			esac
		done <"$task/status" 2>/dev/null
		echo "$name $eff $prm"
	done
}

# missing THREADS: the first of these names that no line of the state has; 1: none is missing.
missing()
{
	local name
	for name in $1; do
		grep -q "^$name " "$work/state" || { echo "$name"; return 0; }
	done
	return 1
}

# holds WHO PERMITTED THREADS WORDS...: while it runs, and has all of THREADS (names), exactly the threads of the names PERMITTED (a pattern) are
# permitted CAP_NET_RAW, and none has it in effect.  A thread takes its name when it has given up what it may not have.
holds()
{
	local who=$1 permitted=$2 threads=$3 mark=$work/files/mark-$RANDOM end=$((SECONDS + 30)) pid name eff prm wanted
	shift 3
	"$@" --json "$mark" -t 60s --warmup 0 >"$work/out" 2>"$work/errors" </dev/null &
	local job=$!
	: >"$work/state"
	while missing "$threads" >/dev/null && kill -0 $job 2>/dev/null && [ $SECONDS -lt $end ]; do
		sleep 0.05
		# A terminal stands between: the program is the newest that has these words.
		pid=$(pgrep -n -f -- "--json $mark") && state "$pid" >"$work/state"
	done
	name=$(missing "$threads") &&
		fail "$who: ${*: -3}: no thread $name but: $(tr '\n' ';' <"$work/state"), and says: $(head -c 600 "$work/errors")"
	while read -r name eff prm; do
		wanted=0
		[[ $name =~ ^($permitted)$ ]] && wanted=1
		[ "$eff $prm" = "0 $wanted" ] || fail "$who: ${*: -3}: thread $name has CapEff $eff, CapPrm $prm, and not 0 $wanted"
	done <"$work/state"
	kill -INT "$pid" 2>/dev/null
	wait $job
}

on_a_terminal() { script -qefc "$*" /dev/null; }

group_threads()
{
	local who
	for who in as_root as_nobody; do
		local -n run=$who
		local main=${run[-1]##*/}
		holds $who "nobody-at-all" "nd-control nd-srv0 nd-cli0" "${run[@]}" run echo
		holds $who "$main|nd-opener" "nd-capture nd-opener nd-cli0" "${run[@]}" run echo --capture "$work/files/$who.pcap"
		holds $who "$main|nd-opener" "nd-control nd-opener nd-cli0" on_a_terminal "${run[@]}" dash echo
		if "${run[@]}" list --json | jq -e '[.modes[].methods[]? | select(.name == "packet" and .runs)] | length > 0' >/dev/null; then
			holds $who "$main|nd-opener" "nd-control nd-opener nd-wr0" "${run[@]}" run fanout --method packet --readers 4
		else
			fail "$who: method packet does not run: $("${run[@]}" list | grep packet)"
		fi
	done
}

group_$group
[ $failures = 0 ]
