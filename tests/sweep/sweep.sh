#!/bin/bash
# Sweeps as people run them: sweep.sh PROGRAM GROUP.  Everything stays in a directory of its own;
# mode null makes no traffic.  A check prints what it expected and what came; the exit status is 1 if
# one failed.
set -u
program=$(realpath "$1") group=$2
[ -x "$program" ] || { echo "no program: $1"; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/netdyno-sweep-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export XDG_CONFIG_HOME=$work/config XDG_DATA_HOME=$work/data LC_ALL=C.UTF-8 TERM=xterm-256color
unset NO_COLOR NETDYNO_TEST_TICKS
failures=0
out=$work/out errors=$work/errors
quick=(--duration 100ms --warmup 0 --rate)
# A search path without gnuplot, for tests that are not about pictures.
mkdir bare
search=$work/bare

fail() { failures=$((failures + 1)); printf 'FAIL %s\n' "$*"; }
sweep() { # STATUS ARGS...
	local expected=$1 status
	shift
	timeout -k 5 90 env PATH="$search" "$program" sweep "$@" >"$out" 2>"$errors" </dev/null
	status=$?
	[ "$status" = "$expected" ] && return
	fail "sweep $*: status $status, expected $expected"
	head -5 "$out" "$errors"
}
says() { grep -qF -- "$1" "$errors" || fail "stderr does not say \"$1\" but: $(head -3 "$errors")"; }
prints() { grep -qF -- "$1" "$out" || fail "stdout does not say \"$1\" but: $(head -5 "$out")"; }
holds() { grep -qF -- "$2" "$1" || fail "$1 does not say \"$2\""; }
refuses() { # STATUS TEXT ARGS...
	local status=$1 text=$2
	shift 2
	sweep "$status" "$@"
	says "$text"
	[ "$(wc -l <"$errors")" = 1 ] || fail "stderr is not one line: $(head -5 "$errors")"
	[ -s "$out" ] && fail "stdout is not empty: $(head -3 "$out")"
}
lines() { wc -l 2>/dev/null <"$1" || echo 0; }
# Cells and rounds of a sweep, each with how often it is there.
slots() { jq -r 'select(.event == "run") | "\(.cell) \(.round)"' "$1/results.jsonl" | sort | uniq -c; }
each_once() { # DIR COUNT
	local n
	n=$(slots "$1" | awk '$1 == 1' | wc -l)
	[ "$n" = "$2" ] && [ "$(slots "$1" | wc -l)" = "$2" ] || fail "$1: $n of $2 slots are there once: $(slots "$1" | head -20)"
}
until_lines() { # PID FILE COUNT
	local end=$((SECONDS + 30))
	until [ "$(lines "$2")" -ge "$3" ]; do
		if [ $SECONDS -gt $end ] || ! kill -0 "$1" 2>/dev/null; then
			fail "$2 has not $3 lines: $(tail -3 "$errors")"
			return 1
		fi
		sleep 0.01
	done
}

group_usage()
{
	local thousand
	refuses 2 'sweep needs a mode or a plan file' 
	refuses 2 'unknown mode "nul" (did you mean null?)' nul --rate 1,2
	refuses 2 '--rate: an empty value in the list' null --rate 1,,2
	refuses 2 '--rate: 5 is in the list twice' null --rate 5,5
	refuses 2 '--rate 0: out of range' null --rate 1,0
	refuses 2 'did you mean --rate?' null --raet 1,2
	refuses 2 '--repeat 0: out of range' null --repeat 0
	refuses 2 '--json is for single runs' null --json x --rate 1,2
	refuses 2 '--capture is for single runs' null --capture x --rate 1,2
	refuses 2 '--duration 0: the run would never end' null --duration 0
	refuses 2 '--duration 0: the run would never end' null --duration 1,0
	refuses 2 'read missing.ini: No such file' missing.ini
	refuses 2 '--rate cannot change: --resume without a mode or plan' --resume x --rate 1,2
	refuses 2 'stays in its directory' null --resume x --out y
	refuses 1 'read x/plan.json: No such file' --resume x
	# All cells are asked before anything is run.
	refuses 2 '--cores 999: out of range' null --cores 999 --rate 1,2
	thousand=$(seq -s, 1 1000)
	refuses 2 '1000000 cells x 3 repeats are 3000000 runs, about' null --rate "$thousand" --seed "$thousand"
	says ': add --yes to start them'
	refuses 2 'more than a sweep can hold' null --rate "$thousand" --seed "$thousand" --loss-ppm "$thousand" --yes
	refuses 2 'more than a sweep can hold' null --rate "$thousand" --seed "$thousand" --loss-ppm "$thousand" -y
	sweep 0 --help
	prints '--repeat'
	sweep 0 null --help
	prints '--rate'
	[ "$("$program" __complete sweep --resume '')" = :directory ] || fail "--resume is not completed by directories"
	"$program" __complete sweep '' | grep -qx ':file' || fail "plan files are not completed"
}

group_results()
{
	sweep 0 null "${quick[@]}" 10k,1M --method count --loss-ppm 0,10000 --repeat 2 --out a
	each_once a 8
	prints 'rate  loss-ppm  valid'
	prints 'runs: 8 of 8 done, 0 of them with an invalid verdict, 0 failed'
	prints 'results: a'
	says '8/8  round 2'
	[ "$(grep -c 'round 1' "$errors")" = 4 ] || fail "not 4 lines of round 1"
	# Rounds one after the other, all cells in each.
	[ "$(jq -r .round a/results.jsonl | tr -d '\n')" = 00001111 ] || fail "rounds are not one after the other"
	# The order is the seed's.
	local order
	order=$(jq -r .cell a/results.jsonl | tr '\n' ' ')
	sweep 0 null "${quick[@]}" 10k,1M --method count --loss-ppm 0,10000 --repeat 2 --out b
	[ "$(jq -r .cell b/results.jsonl | tr '\n' ' ')" = "$order" ] || fail "another order with the same seed"
	# A row a run, as wide as the header; each with the cell's values and the host.
	[ "$(lines a/results.csv)" = 9 ] || fail "results.csv has $(lines a/results.csv) lines, expected 9"
	head -1 a/results.csv | grep -q '^cell,round,attempts,time,mode,method,.*rx_mbps.*ctx_switches.*valid.*host_kernel' ||
		fail "results.csv begins with $(head -1 a/results.csv)"
	jq -r 'select(.event == "run") | .row | keys_unsorted | join(",")' a/results.jsonl | sort -u >columns
	[ "cell,round,attempts,$(cat columns)" = "$(head -1 a/results.csv)" ] || fail "columns of rows and of the header differ"
	jq -es 'all(.[]; .result.end.verdict.valid and .result.netdyno.schema == 2 and (.row.rate_pps | tostring) != "" and (.axes | has("rate") and has("loss-ppm")))' \
		a/results.jsonl >/dev/null || fail "results.jsonl is not as expected"
	jq -e '.plan.mode == "null" and .plan.repeat == 2 and .plan.axes[0].option == "rate" and .host.kernel != null' a/plan.json \
		>/dev/null || fail "plan.json is not as expected"
	holds a/summary.md '## Results'
	holds a/summary.md '8 of 8 runs are valid.'
	holds a/summary.md '## Host'
	jq -e '.complete and .runs.done == 8 and .knees == []' a/sweep.json >/dev/null || fail "sweep.json is not as expected"
	[ "$(stat -c %a a/results.csv a/results.jsonl a/summary.md a/sweep.json a/plan.json | sort -u)" = 600 ] || fail "files are not 0600"
	# Never over an existing one.
	refuses 1 'a holds a sweep (plan.json): --resume a continues it, --force starts over' null --rate 1,2 --out a
	sweep 0 null "${quick[@]}" 10k,20k --repeat 1 --out a --force
	each_once a 2
	# In the data directory, named after the mode and the time.
	sweep 0 null "${quick[@]}" 10k --repeat 1
	ls "$XDG_DATA_HOME"/netdyno/sweep-null-*/summary.md >/dev/null || fail "nothing in the data directory"
	# And another in the same second.
	sweep 0 null "${quick[@]}" 10k --repeat 1
	sweep 0 null "${quick[@]}" 10k --repeat 1
	[ "$(ls -d "$XDG_DATA_HOME"/netdyno/sweep-null-* | wc -l)" = 3 ] || fail "not three sweeps in the data directory"
	says '1 cell x 1, less than a second'
	# Real traffic.
	sweep 0 echo --method single,mmsg --duration 100ms --warmup 100ms --repeat 1 --out e
	each_once e 2
	[ "$(jq -r .result.start.ran e/results.jsonl | sort | tr '\n' ' ')" = 'mmsg single ' ] || fail "not both methods"
}

group_plans()
{
	printf '[sweep]\nmode = null\nrepeat = 2\n[axes]\nrate = 10k,\n  20k\n[options]\nduration = 100ms\nwarmup = 0\n' >p.ini
	sweep 0 p.ini --out p
	each_once p 4
	# The command line goes before the file: a list for a list, one value for a list.
	sweep 0 p.ini --repeat 1 --rate 1k,2k,3k --out q
	each_once q 3
	sweep 0 p.ini --rate 5k --seed 1,2 --out r
	each_once r 4
	[ "$(jq -r .row.rate_pps r/results.jsonl | sort -u)" = 5000 ] || fail "--rate 5k does not stand for the file's list"
	# The settings file stands below it.
	mkdir -p "$XDG_CONFIG_HOME/netdyno"
	printf '[null]\nduration = 30s\nloss-ppm = 10000\n' >"$XDG_CONFIG_HOME/netdyno/config.ini"
	sweep 0 ./p.ini --out s
	jq -es 'all(.[]; .row.duration_s == 0.1 and .row.loss_ppm == 10000)' s/results.jsonl >/dev/null || fail "settings and plan"
	rm "$XDG_CONFIG_HOME/netdyno/config.ini"
	printf '[sweep]\nmode = null\n[axes]\nraet = 1\n' >bad.ini
	refuses 2 'bad.ini:4: unknown key raet in [axes] (did you mean rate?)' bad.ini
	refuses 2 'read ./bare: Is a directory' ./bare
	# A plan that was installed with the program is found by its name; one that lies here goes
	# before it.
	mkdir -p installed/bin installed/share/netdyno/plans
	cp "$program" installed/bin/
	sed 's/^mode.*/mode = null/' p.ini >installed/share/netdyno/plans/known.ini
	program=installed/bin/netdyno sweep 0 known.ini --repeat 1 --out t
	each_once t 2
	cp bad.ini known.ini
	program=installed/bin/netdyno refuses 2 'known.ini:4: unknown key raet' known.ini
	rm known.ini
	refuses 2 'read known.ini: No such file' known.ini
	# The plan that comes with the program says what it should, or that its mode is not built
	# yet.
	if "$program" list | grep -q '^ *stream.*not built'; then
		refuses 2 'is not built yet' "$PLANS/tcp-copies.ini"
	else
		sweep 2 "$PLANS/tcp-copies.ini" --method two-copy,none
		says 'unknown method of mode stream'
	fi
	sweep 2 "$PLANS/udp-writer.ini" --method single,none
	says 'unknown method of mode fanout'
}

group_resume()
{
	local args=(null "${quick[@]}" 1k,10k,100k,1M --loss-ppm 0,10000 --repeat 2) pid size
	env PATH="$search" "$program" sweep "${args[@]}" --out k >"$out" 2>"$errors" </dev/null &
	pid=$!
	until_lines $pid k/results.jsonl 5
	kill -KILL $pid
	wait $pid 2>/dev/null
	cp k/results.jsonl before
	size=$(stat -c %s before)
	# The file ends as if the program had been killed in the middle of a line.
	printf '{"event":"run","cell":0,"rou' >>k/results.jsonl
	refuses 2 '--resume k: not the same sweep: it had --repeat 2, now it is 1' null "${quick[@]}" 1k,10k,100k,1M --loss-ppm 0,10000 --repeat 1 --resume k
	refuses 2 'not the same sweep' null "${quick[@]}" 1k,10k,100k,2M --loss-ppm 0,10000 --repeat 2 --resume k
	sweep 0 --resume k
	says 'of 16 runs are done; an incomplete last line was dropped'
	each_once k 16
	head -c "$size" k/results.jsonl | cmp -s - before || fail "finished runs are not as they were"
	[ "$(lines k/results.csv)" = 17 ] || fail "results.csv has $(lines k/results.csv) lines, expected 17"
	# Once more: nothing is left to do; the same plan is accepted.
	cp k/results.jsonl before
	sweep 0 "${args[@]}" --resume k
	says 'netdyno: nothing is left to run; results: k'
	cmp -s k/results.jsonl before || fail "a finished sweep was gone on with"
	# More rounds are added to those that are there, and the plan says so.
	cp -r k grown
	sweep 0 "${args[@]}" --repeat 3 --resume grown
	says '16 of 24 runs are done'
	each_once grown 24
	head -c "$(stat -c %s before)" grown/results.jsonl | cmp -s - before || fail "finished rounds are not as they were"
	sweep 0 --resume grown
	says 'netdyno: nothing is left to run; results: grown'
	# Another host is warned of.
	jq '.host.kernel = "2.0"' k/plan.json >p && cat p >k/plan.json
	sweep 0 --resume k
	says 'warning: the sweep was started on another host: kernel was "2.0"'
	# Two at once.
	env PATH="$search" "$program" sweep null --rate 1,2,3 --duration 10s --out l >"$out" 2>"$errors" </dev/null &
	pid=$!
	until [ -e l/plan.json ] || ! kill -0 $pid; do sleep 0.01; done
	errors=$work/errors2 out=$work/out2 refuses 1 'another sweep is running there' --resume l
	kill -INT $pid
	wait $pid
}

group_signals()
{
	local pid status
	env PATH="$search" "$program" sweep null --rate 1k,10k,100k,1M --duration 300ms --warmup 0 --out i >"$out" 2>"$errors" </dev/null &
	pid=$!
	until_lines $pid i/results.jsonl 2
	kill -INT $pid
	wait $pid
	status=$?
	[ $status = 130 ] || fail "SIGINT: status $status, expected 130"
	says 'interrupted; to continue: netdyno sweep --resume i'
	prints 'rate  valid'
	holds i/summary.md '**Not complete**: interrupted.'
	jq -e '(.complete | not) and .stopped == "interrupted" and .runs.done < .runs.wanted' i/sweep.json >/dev/null ||
		fail "sweep.json is not that of a sweep that was interrupted"
	[ "$(lines i/results.csv)" = "$(($(lines i/results.jsonl) + 1))" ] || fail "results.csv has not all runs"
	sweep 0 --resume i
	each_once i 12
	grep -q 'Not complete' i/summary.md && fail "the summary is still incomplete"
	# Its knees, in every file.
	prints 'knee over rate (from there on the rate is within 5 % of the best):'
	prints '  still rising at rate 1M ('
	holds i/summary.md '- still rising at rate 1M ('
	jq -e '.complete and (.knees | length == 1) and .knees[0].kind == "rising" and [.knees[0].points[].runs] == [3, 3, 3, 3]' \
		i/sweep.json >/dev/null || fail "sweep.json has not the knee: $(head -c 600 i/sweep.json)"
}

group_faults()
{
	local status
	refuses 1 'make directory /proc/nowhere' null --rate 1,2 --out /proc/nowhere
	touch file
	refuses 1 'make directory file' null --rate 1,2 --out file
	# Cells that cannot run here: said before, kept as failures with the reason, and the others
	# are run.
	sweep 1 null "${quick[@]}" 10k --cores 1,999 --repeat 2 --out "f'1 2"
	says "netdyno: to try the failed runs again: netdyno sweep --resume 'f'\\''1 2'"
	sweep 1 null "${quick[@]}" 10k --cores 1,999 --repeat 2 --out f
	says '1 of 2 cells cannot run here; the first is cores 999: --cores 999: out of range'
	each_once f 2
	[ "$(jq -r 'select(.event == "failed") | .why' f/results.jsonl | grep -c 'cores 999')" = 2 ] || fail "failures are not kept"
	holds f/summary.md '## Failures'
	prints '2 failed'
	# Numbers that must not be used are in no table, and the status says so.
	sweep 3 echo --rate 100M --payload 1,2 --duration 100ms --warmup 0 --repeat 1 --out v
	prints '0, 1 invalid'
	says 'INVALID'
	says 'no charts: there is no valid run'
	holds v/summary.md '0 of 2 runs are valid.'
	holds v/summary.md 'the generator could not keep the rate'
	[ "$(lines v/results.csv)" = 3 ] || fail "invalid runs are not in results.csv"
	# A disk that is full: what was kept before stays whole.
	if [ -w /dev/full ]; then
		timeout 60 env PATH="$search" "$program" sweep null "${quick[@]}" 10k --repeat 1 --out g >/dev/full 2>"$errors" </dev/null
		status=$?
		[ $status = 1 ] || fail "a full stdout: status $status, expected 1"
		each_once g 1
	fi
	(ulimit -f 12; trap '' XFSZ; exec env PATH="$search" "$program" sweep null --rate 10k,20k --duration 100ms --warmup 0 --repeat 3 --out h) \
		>"$out" 2>"$errors" </dev/null
	status=$?
	[ $status = 1 ] || fail "a file that may not grow: status $status, expected 1"
	[ "$(grep -c 'write h/results.jsonl: File too large' "$errors")" = 1 ] || fail "not said once: $(cat "$errors")"
	says 'netdyno: to continue: netdyno sweep --resume h'
	jq -e .event h/results.jsonl >/dev/null || fail "results.jsonl is not whole"
	sweep 0 --resume h
	each_once h 6
}

group_charts()
{
	local chart pid status
	sweep 0 null "${quick[@]}" 10k,100k,1M --loss-ppm 0,10000 --repeat 2 --out n
	says 'gnuplot is not installed (Debian and Ubuntu: apt install gnuplot-nox)'
	holds n/summary.md 'gnuplot is not installed'
	for chart in throughput-vs-rate rate-vs-rate rtt-p50-vs-rate rtt-p99-vs-rate throughput-vs-loss-ppm; do
		[ -s n/charts/$chart.gp ] && [ -s n/charts/$chart.dat ] || fail "no script or data of $chart"
		[ -e n/charts/$chart.png ] && fail "a picture of $chart"
	done
	says 'netdyno: no chart of LLC misses: mode null makes up no hardware counters'
	holds n/summary.md 'no chart of LLC misses: mode null makes up no hardware counters'
	command -v gnuplot >/dev/null || { echo "gnuplot is not installed: pictures are not checked"; return; }
	search=$PATH
	sweep 0 --resume n
	for chart in throughput-vs-rate rate-vs-rate rtt-p50-vs-rate; do
		[ "$(head -c 8 n/charts/$chart.png | od -An -tx1 | tr -d ' \n')" = 89504e470d0a1a0a ] || fail "$chart.png is no PNG"
		[ "$(stat -c %s n/charts/$chart.png)" -gt 5000 ] || fail "$chart.png is empty"
		holds n/charts/$chart.svg '</svg>'
		holds n/charts/$chart.svg 'rate'
		holds n/charts/$chart.svg 'Linux'
		holds n/charts/$chart.svg 'loss-ppm 10000'
		if command -v xmllint >/dev/null; then
			xmllint --noout n/charts/$chart.svg || fail "$chart.svg is not well-formed"
		elif command -v python3 >/dev/null; then
			python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' n/charts/$chart.svg ||
				fail "$chart.svg is not well-formed"
		fi
	done
	ls n/charts | grep -E 'part|log' && fail "left behind in charts/"
	holds n/summary.md '![throughput-vs-rate](charts/throughput-vs-rate.png)'
	# Drawn again by hand.
	(cd n/charts && rm -f ./*.png && gnuplot throughput-vs-rate.gp && [ -s throughput-vs-rate.png ]) || fail "the script does not draw"
	# Bars of a choice.  (What gnuplot might take for a command: test_sweep_report.)
	sweep 0 null "${quick[@]}" 10k,20k --wait block,spin --repeat 1 --out c
	[ -s c/charts/throughput-vs-wait.png ] && [ -s c/charts/throughput-vs-rate.svg ] || fail "no bars: $(cat "$errors")"
	# gnuplot fails: said, no more than that.
	mkdir broken
	printf '#!/bin/sh\necho "it is broken" >&2\nexit 1\n' >broken/gnuplot
	chmod +x broken/gnuplot
	search=$work/broken:$PATH
	sweep 0 null "${quick[@]}" 10k,20k --repeat 1 --out x
	says 'gnuplot failed: it is broken'
	# A gnuplot without PNG still draws all SVGs, and so does one that fails at a single chart.
	printf '#!/bin/sh\nsed -i "s/pngcairo/nopng/; s/terminal png /terminal nopng /" ./*.gp\nexec %s "$@"\n' "$(command -v gnuplot)" >broken/gnuplot
	sweep 0 null "${quick[@]}" 10k,20k --repeat 1 --out p
	says 'not all PNG pictures: gnuplot failed'
	for chart in throughput-vs-rate rate-vs-rate rtt-p50-vs-rate; do
		[ -s p/charts/$chart.svg ] || fail "no $chart.svg where gnuplot has no PNG: $(ls p/charts)"
		[ -e p/charts/$chart.png ] && fail "a PNG of $chart"
	done
	holds p/summary.md '![throughput-vs-rate](charts/throughput-vs-rate.svg)'
	printf '#!/bin/sh\necho "nonsense(" >throughput-vs-rate.gp\nexec %s "$@"\n' "$(command -v gnuplot)" >broken/gnuplot
	sweep 0 null "${quick[@]}" 10k,20k --repeat 1 --out q
	[ -s q/charts/rate-vs-rate.png ] && [ -s q/charts/rtt-p50-vs-rate.svg ] || fail "one bad chart costs others: $(ls q/charts)"
	[ -e q/charts/throughput-vs-rate.svg ] && fail "a picture of nonsense"
	# It takes long, and somebody has no patience.
	printf '#!/bin/sh\necho 1 >throughput-vs-rate.png.part; echo 1 >throughput-vs-rate.svg.part; echo 1 >rate-vs-rate.png.part
touch ../started\nexec sleep 60\n' >broken/gnuplot
	env PATH="$search" "$program" sweep null "${quick[@]}" 10k,20k --repeat 1 --out y >"$out" 2>"$errors" </dev/null &
	pid=$!
	until [ -e y/started ] || ! kill -0 $pid; do sleep 0.01; done
	kill -TERM $pid
	wait $pid
	status=$?
	[ $status = 130 ] || fail "SIGTERM while charts are drawn: status $status, expected 130"
	says 'netdyno: all runs are done; to draw the charts: netdyno sweep --resume y'
	holds y/summary.md 'not all pictures: interrupted'
	# The picture that was being drawn is left out; those that were whole are there.
	holds y/summary.md '![throughput-vs-rate](charts/throughput-vs-rate.png)'
	[ "$(ls y/charts | grep -v 'gp$\|dat$' | tr '\n' ' ')" = 'throughput-vs-rate.png throughput-vs-rate.svg ' ] ||
		fail "pictures: $(ls y/charts)"
	grep -q 'Not complete' y/summary.md && fail "the sweep is called incomplete"
}

group_"$group"
[ $failures = 0 ] || { echo "$failures failed"; exit 1; }
echo "all as expected"
