#!/bin/bash
# Comparisons as people and pipelines run them: compare.sh PROGRAM GROUP.  Everything stays in a
# directory of its own; mode null makes no traffic.  A check prints what it expected and what came;
# the exit status is 1 if one failed.
set -u
program=$(realpath "$1") group=$2
[ -x "$program" ] || { echo "no program: $1"; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/netdyno-compare-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export XDG_CONFIG_HOME=$work/config XDG_DATA_HOME=$work/data LC_ALL=C.UTF-8 TERM=xterm-256color
unset NO_COLOR NETDYNO_TEST_TICKS
failures=0
out=$work/out errors=$work/errors
quick=(--duration 50ms --warmup 0 --rate 100k)
# A search path without gnuplot.
mkdir bare
search=$work/bare

fail() { failures=$((failures + 1)); printf 'FAIL %s\n' "$*"; }
compare() { # STATUS ARGS...
	local expected=$1 status
	shift
	timeout -k 5 120 env PATH="$search" "$program" compare "$@" >"$out" 2>"$errors" </dev/null
	status=$?
	[ "$status" = "$expected" ] && return
	fail "compare $*: status $status, expected $expected"
	head -20 "$out" "$errors"
}
says() { grep -qF -- "$1" "$errors" || fail "stderr does not say \"$1\" but: $(head -3 "$errors")"; }
prints() { grep -qF -- "$1" "$out" || fail "stdout does not say \"$1\" but: $(head -30 "$out")"; }
holds() { grep -qF -- "$2" "$1" || fail "$1 does not say \"$2\""; }
refuses() { # STATUS TEXT ARGS...
	local status=$1 text=$2
	shift 2
	compare "$status" "$@"
	says "$text"
	[ "$(wc -l <"$errors")" = 1 ] || fail "stderr is not one line: $(head -5 "$errors")"
	[ -s "$out" ] && fail "stdout is not empty: $(head -3 "$out")"
}
lines() { wc -l 2>/dev/null <"$1" || echo 0; }

group_usage()
{
	refuses 2 'compare needs a mode'
	refuses 2 'compare needs --a or --b' null
	refuses 2 '--a: unknown option --rtae (did you mean --rate?)' null --a '--rtae 5'
	refuses 2 '--b: --loss-ppm x' null --b '--loss-ppm x'
	refuses 2 '--a: --json is for the whole comparison' null --a '--json x'
	refuses 2 'B: --cores 999: --cores 999: out of range' null --b '--cores 999'
	refuses 2 '--until 1%: ci: and per cent' null --b '' --until 1%
	refuses 2 '--until ci:x%' null --b '' --until ci:x%
	refuses 2 '--fail-if rx_pp<1%: no such figure' null --b '' --fail-if 'rx_pp<1%'
	refuses 2 '--fail-if p99>x: no number' null --b '' --fail-if 'rx_pps<-5%' --fail-if 'p99>x'
	refuses 2 '--csv is for single runs' null --b '' --csv x
	refuses 2 '--rounds 0: out of range' null --b '' --rounds 0
	refuses 2 '--duration 0: the run would never end' null --b '--duration 0'
	refuses 2 'compare needs two saved results' ./x
	refuses 1 'read ./x: No such file' ./x ./y
	refuses 1 'read x/plan.json: No such file' --resume x
	refuses 2 '--b cannot change' --resume x --b ''
	[ -e data ] && fail "a refused comparison has left something: $(find data)"
}

group_results()
{
	compare 0 null "${quick[@]}" --a '--loss-ppm 0' --b '--loss-ppm 200000' --rounds 8 --out d --json j.json
	says 'netdyno: 8 rounds of A and B and one that is thrown away'
	prints 'A: --loss-ppm 0 (8 valid runs)'
	prints '▼ -2'
	prints 'B against A: throughput 2'
	prints 'note: the first round warmed the machine up and does not count'
	cmp -s j.json d/compare.json || fail 'compare.json is not what --json writes'
	jq -e '.complete and .paired and .a.valid_runs == 8 and (.figures[] | select(.name == "rx_pps") | .mark == "less" and .high < -15 and .low > -25)' \
		j.json >/dev/null || fail "compare.json: $(jq -c '.figures[0]' j.json)"
	[ "$(jq -r 'select(.thrown_away) | .round' d/results.jsonl | sort | uniq -c | tr -s ' ')" = ' 2 0' ] || fail 'the thrown round'
	[ "$(jq -r .cell d/results.jsonl | sort | uniq -c | tr -s ' ' | tr '\n' ,)" = ' 9 0, 9 1,' ] || fail 'nine runs of each side'
	holds d/summary.md 'B against A: throughput'
	[ -s d/charts/b-vs-a.gp ] || fail 'no chart'
	refuses 1 'd holds a comparison (plan.json)' null "${quick[@]}" --b '' --out d
	# The same twice is said, and nothing is found; JSON may be all of stdout.
	compare 0 null "${quick[@]}" --a '' --b '--loss-ppm 0' --rounds 7 --json -
	says 'A and B are the same run'
	grep -q 'A: :' "$errors" && fail "a label without a value: $(grep 'A: :' "$errors")"
	jq -e '.notes[0] | startswith("A and B are the same run")' "$out" >/dev/null || fail 'it is not said in the JSON'
	# Too few rounds.
	compare 0 null "${quick[@]}" --b '--loss-ppm 200000' --rounds 2
	prints 'not enough rounds with a valid run of each to tell: 2, and'
}

group_conditions()
{
	local args=(null "${quick[@]}" --a '--loss-ppm 0' --b '--loss-ppm 200000' --rounds 6)
	compare 4 "${args[@]}" --fail-if 'rx_pps<-5%' --fail-if 'rx_pps>+5%'
	prints 'fail if rx_pps<-5%: holds'
	prints 'fail if rx_pps>+5%: not shown'
	compare 0 "${args[@]}" --fail-if='rx_pps<-50%'
	compare 3 "${args[@]}" --rounds 2 --fail-if 'rx_pps<-5%'
	prints 'cannot be told: there is no interval'
	# It ends early, and at its ceiling.
	compare 0 null "${quick[@]}" --b '--loss-ppm 200000' --until ci:50% --out u
	[ "$(lines u/results.jsonl)" -lt 60 ] || fail "--until did not end: $(lines u/results.jsonl) runs"
	compare 0 null "${quick[@]}" --b '--loss-ppm 200000' --until ci:0.001% --rounds 7 --out v
	[ "$(lines v/results.jsonl)" = 16 ] || fail "the ceiling: $(lines v/results.jsonl) runs"
	# All runs of one side are invalid: each is tried again, and nothing is compared.
	compare 3 echo --duration 50ms --warmup 0 --a '' --b '--rate 100M' --rounds 1 --retries 1
	says 'attempt 1 failed, trying again: its verdict was invalid'
	prints 'nothing can be said: no round has a valid run of each'
}

group_resume()
{
	local args=(null "${quick[@]}" --a '--loss-ppm 0' --b '--loss-ppm 200000' --rounds 8) pid status end
	env PATH="$search" "$program" compare "${args[@]}" --duration 200ms --out r >"$out" 2>"$errors" </dev/null &
	pid=$!
	end=$((SECONDS + 30))
	until [ "$(lines r/results.jsonl)" -ge 5 ] || [ $SECONDS -gt $end ]; do sleep 0.01; done
	kill -INT $pid
	wait $pid
	status=$?
	[ $status = 130 ] || fail "interrupted: status $status"
	says 'interrupted; to continue: netdyno compare --resume r'
	prints 'not complete (interrupted): what there is so far'
	jq -e '.complete == false and .stopped == "interrupted"' r/compare.json >/dev/null || fail 'compare.json of an interrupted one'
	compare 2 --resume r --rounds 3
	compare 2 "${args[@]}" --resume r
	says 'not the same comparison: it had --duration'
	timeout 30 "$program" sweep --resume r >"$out" 2>"$errors" </dev/null
	[ $? = 2 ] || fail 'a sweep takes up a comparison'
	says 'that is a comparison: netdyno compare --resume r'
	compare 4 --resume r --fail-if 'rx_pps<-5%'
	[ "$(lines r/results.jsonl)" = 18 ] || fail "$(lines r/results.jsonl) runs after --resume"
	"$program" open r >"$out" 2>"$errors" </dev/null || fail 'open'
	prints 'comparison of null: 18 of 18 runs are done'
	prints 'B against A: throughput 2'
}

group_saved()
{
	local i
	mkdir a b other
	for i in 1 2 3 4 5; do
		"$program" run null "${quick[@]}" --json a/$i.json >/dev/null 2>&1 </dev/null || fail "run $i"
		"$program" run null "${quick[@]}" --loss-ppm 200000 --json b/$i.json >/dev/null 2>&1 </dev/null || fail "run $i"
	done
	"$program" run echo --duration 50ms --warmup 0 --json other/1.json >/dev/null 2>&1 </dev/null
	compare 4 a b --fail-if 'rx_pps<-5%' --json saved.json
	prints 'note: runs of two times'
	prints 'options that differ (A / B): loss_ppm (0 / 200000)'
	jq -e '.paired == false and .a.valid_runs == 5 and (.figures[] | select(.name == "rx_pps") | .difference_percent < -15)' \
		saved.json >/dev/null || fail 'JSON of saved results'
	compare 0 a/1.json b/1.json
	prints 'not enough valid runs a side to tell: 1, and'
	refuses 2 'their figures do not mean the same' a other
	refuses 2 '--rounds is for runs to come' a b --rounds 3
	refuses 2 '--rate is for runs to come' a b --rate 3
	mkdir empty
	refuses 2 'empty holds no results' empty b
	# Of another host: compared, and named.
	sed 's/"kernel": "[^"]*"/"kernel": "2.0"/' a/1.json >foreign.json
	compare 0 foreign.json b/1.json
	prints 'CAUTION, different hosts: kernel ("2.0" / '
	# A sweep of one setting is a side; one of two is not.
	"$program" sweep null "${quick[@]}" --repeat 5 --out s >/dev/null 2>&1 </dev/null || fail 'a sweep of one cell'
	compare 0 s b
	prints 'A: s (5 valid runs)'
	"$program" sweep null "${quick[@]}" --loss-ppm 0,5 --repeat 1 --out t >/dev/null 2>&1 </dev/null || fail 'a sweep'
	refuses 2 't is a sweep of 2 cells' t b
}

command -v jq >/dev/null || { echo "jq is not installed"; exit 77; }
"group_$group"
[ $failures = 0 ] || { echo "$failures failed"; exit 1; }
