#!/bin/bash
# The program as people call it: cli.sh PROGRAM GROUP.  Everything stays on loopback and in a
# directory of its own.  A check prints what it expected and what came; the exit status is 1 if one
# failed.
set -u
program=$(realpath "$1") group=$2
[ -x "$program" ] || { echo "no program: $1"; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/netdyno-cli-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
export XDG_CONFIG_HOME=$work/config XDG_DATA_HOME=$work/data LC_ALL=C.UTF-8 TERM=xterm-256color
unset NO_COLOR NETDYNO_TEST_TICKS
failures=0
quick=(--duration 300ms --warmup 0 --interval 100ms)

fail() { failures=$((failures + 1)); printf 'FAIL %s\n' "$*"; }

# try STATUS ARGS...: runs the program; stdout and stderr are kept in $out and $errors.
out=$work/out errors=$work/errors
try()
{
	local expected=$1 status
	shift
	timeout -k 5 60 "$program" "$@" >"$out" 2>"$errors" </dev/null
	status=$?
	[ "$status" = "$expected" ] && return
	fail "netdyno $*: status $status, expected $expected"
	head -5 "$out" "$errors"
}
says() { grep -qF -- "$1" "$errors" || fail "stderr does not say \"$1\" but: $(head -3 "$errors")"; }
prints() { grep -qF -- "$1" "$out" || fail "stdout does not say \"$1\" but: $(head -5 "$out")"; }
silent() { [ -s "$1" ] && fail "$1 is not empty: $(head -3 "$1")"; }
one_line() { [ "$(wc -l <"$errors")" = 1 ] || fail "stderr is not one line: $(head -5 "$errors")"; }
# refuses STATUS TEXT ARGS...: one line on stderr that says TEXT, nothing on stdout.
refuses()
{
	local status=$1 text=$2
	shift 2
	try "$status" "$@"
	says "$text"
	one_line
	silent "$out"
}
has() { jq -e "$2" "$1" >"$work/jq" 2>&1 || fail "$1: not so: $2 ($(head -2 "$work/jq"))"; }

# until_says PID FILE TEXT: waits until the file says it; gives up when the process has ended or
# after 20 s.
until_says()
{
	local end=$((SECONDS + 20))
	until grep -q -- "$3" "$2" 2>/dev/null; do
		if [ $SECONDS -gt $end ] || ! kill -0 "$1" 2>/dev/null; then
			fail "\"$3\" is not said: $(tail -3 "$2")"
			return 1
		fi
		sleep 0.02
	done
}

# told FILE TEXT [TIMES [LOOKS]]: waits until so many of its lines say it; false after half a minute.
told()
{
	local looks lines
	for ((looks = 0; looks < ${4:-1500}; looks++)); do
		lines=$(grep -c -e "$2" "$1" 2>/dev/null)
		[ "${lines:-0}" -ge "${3:-1}" ] && return
		sleep 0.02
	done
	return 1
}

# until_told FILE TEXT COMMAND...: ends the command when the file, which is its own, says the text; its status.
until_told()
{
	local file=$1 text=$2 pid
	shift 2
	"$@" &
	pid=$!
	told "$file" "$text"
	kill -INT $pid
	wait $pid
}
export -f told until_told

# A line of an interval in which something was received.  A short run may have none where others
# have all CPUs; one that must have measured something is ended when it has.
measured=' us p50 ' endless=(--duration 60s --warmup 0 --interval 100ms)

group_help()
{
	local verb
	for verb in dash run list open; do
		try 0 $verb --help
		prints "netdyno"
		prints "Exit status"
		silent "$errors"
	done
	try 0 --help
	for verb in dash run list open sweep echo null stream chat fanout 130; do prints "$verb"; done
	silent "$errors"
	[ "$(awk '{ if (length($0) > w) w = length($0) } END { print w }' "$out")" -le 80 ] || fail "--help is wider than 80 columns"
	try 0 -h
	try 0 echo --help
	prints "--payload"
	prints "Methods"
	grep -q -e '--handicap' "$out" && fail "--help tells of an option for our own tests"
	try 0 run echo --help
	prints "--duration"
	prints "--payload"
	try 0 sweep --help
	try 0 --version
	grep -qE '^netdyno [0-9]+\.[0-9]+\.[0-9]+$' "$out" || fail "--version says $(cat "$out")"
}

group_usage()
{
	refuses 2 'unknown mode or verb "ehco" (did you mean echo?)' ehco
	refuses 2 'unknown mode or verb "rnu" (did you mean run?)' rnu
	refuses 2 'unknown mode "ehco" (did you mean echo?)' run ehco
	refuses 2 'unknown mode "zzzzzz"' dash zzzzzz
	refuses 2 'run needs a mode' run
	refuses 2 'run needs a mode' run --duration 1
	refuses 2 'unknown option --paylod (did you mean --payload?)' run echo --paylod 64
	refuses 2 'unknown option --them (did you mean --theme?)' echo --them dark
	refuses 2 'unknown option --xyzzyplugh' run echo --xyzzyplugh
	refuses 2 'unknown option -Z' run echo -Z
	refuses 2 '--payload is not an option of mode null (modes that have it: echo, fanout)' run null --payload 64
	refuses 2 '--theme is not an option of "run"' run echo --theme dark
	refuses 2 'unexpected word "64"' run echo 64
	refuses 2 'run needs a mode' run --duration 1s echo
	refuses 2 '--method mmgs: unknown method of mode echo (did you mean mmsg?' run echo --method mmgs
	refuses 2 '--json and --csv both go to stdout' run echo --json - --csv -
	refuses 2 '--json and --jsonl both go to' run echo --json "$work/a" --jsonl "$work/a"
	refuses 2 '--payload needs a value' run echo --payload
	refuses 2 'unknown option' list --jsno
	refuses 2 'open needs' open
	printf '\033[31mred\n' >"$work/escape"
	refuses 2 'x1b' "$(head -1 "$work/escape")"
	grep -q $'\033' "$errors" && fail "an escape character reaches the terminal"
}

group_ranges()
{
	local cpus last
	refuses 2 '--payload 70000: out of range 0..65479 bytes' run echo --payload 70000
	refuses 2 '--duration 10parsecs: expected a duration such as 500ms, 10s, 5m' run echo --duration 10parsecs
	refuses 2 '--port 70000: out of range 1..65535' run echo --port 70000
	refuses 2 '--interval 1ms: out of range 100ms..' run echo --interval 1ms
	refuses 2 '--window 0: out of range' run echo --window 0
	refuses 2 '--rate -1: ' run echo --rate -1
	refuses 2 '--rcvbuf 4parsecs: expected a size' run echo --rcvbuf 4parsecs
	refuses 2 '--wait sleep: unknown value' run echo --wait sleep
	refuses 2 '--server-cpus 0-: expected a CPU list' run echo --server-cpus 0-
	cpus=$(nproc) last=$(cut -d, -f1 /sys/devices/system/cpu/online)
	refuses 2 "--cores 999: out of range 1..$cpus (this machine offers CPUs" run echo --cores 999
	refuses 2 '--server-cpus 1023: CPU 1023' run echo --server-cpus 1023
	# Outside the mask: the program may use CPU 0 alone.
	if [ "$cpus" -gt 1 ] && taskset -c 0 true 2>/dev/null; then
		timeout 20 taskset -c 0 "$program" run echo --client-cpus 1 >"$out" 2>"$errors"
		[ $? = 2 ] || fail "a CPU outside the mask: status is not 2"
		says 'affinity mask'
		timeout 20 taskset -c 0 "$program" run echo --cores 2 >"$out" 2>"$errors"
		[ $? = 2 ] || fail "more cores than the mask: status is not 2"
		says '--cores 2: out of range 1..1 (this machine offers CPUs 0)'
	fi
}

group_list()
{
	try 0 list
	prints "echo"
	prints "runs here"
	prints "loopback"
	prints "veth"
	prints "remote"
	silent "$errors"
	if grep -q ' $' "$out"; then fail "a line of the list ends with a blank"; fi
	try 0 list --json
	has "$out" '.modes | map(.name) | contains(["echo", "null", "stream"])'
	has "$out" '.modes[] | select(.name == "echo") | .built and (.methods | map(select(.runs)) | length >= 1)'
	has "$out" '.modes[] | select(.name == "fanout") | .built'
	has "$out" '.modes[].methods[] | .runs or (.why | length > 0)'
	has "$out" '[.modes[].methods[] | .over_veth | .runs or (.why | length > 0)] | all'
	has "$out" '.paths[] | select(.name == "loopback") | .runs'
	has "$out" '.capture | .runs or (.why | length > 0)'
	has "$out" '.netdyno.version | test("^[0-9]")'
}

# Status 3 where something falsifies results just now, as on a busy machine.
doctor_ok()
{
	timeout -k 5 100 "$program" doctor "$@" >"$out" 2>"$errors" </dev/null
	doctor_status=$?
	[ $doctor_status = 0 ] || [ $doctor_status = 3 ] || fail "doctor $*: status is $doctor_status: $(head -3 "$errors")"
}

# An unprivileged mount namespace without /sys and /proc/irq, where the kernel lets us make one.
doctor_without_sys()
{
	unshare -rm mount -t tmpfs none /sys 2>/dev/null || return
	timeout -k 5 60 unshare -rm sh -c 'mount -t tmpfs none /sys; mount -t tmpfs none /proc/irq 2>/dev/null; exec "$0" doctor --json' "$program" \
		>"$out" 2>"$errors"
	doctor_status=$?
	[ $doctor_status = 0 ] || [ $doctor_status = 3 ] || fail "without /sys: status is $doctor_status: $(head -3 "$errors")"
	has "$out" '.checks[] | select(.id == "smt") | .severity == "not known" and (.what | contains("/sys"))'
	has "$out" '.checks[] | select(.id == "rps") | .severity == "not known"'
	silent "$errors"
}

# The same words from both verbs for what does not run.
doctor_and_list_agree()
{
	"$program" list --json >"$work/list"
	jq -n --slurpfile list "$work/list" --slurpfile doctor "$out" '
		[$list[0] | (.modes[] | .name as $mode | .methods[] | select(.runs | not) | "\($mode) --method \(.name): \(.why)"),
			(.paths[] | select(.runs | not) | "--path \(.name): \(.why)"),
			(.paths[] | select(.runs) | .name as $path | .impairments[]? | select(.runs | not) | "--path \($path) --\(.option): \(.why)"),
			(.capture | select(.runs | not) | "--capture: \(.why)")]
		== [$doctor[0].checks[] | select(.id == "runs") | .what]' >"$work/jq"
	grep -qx true "$work/jq" || fail "list and doctor disagree on what runs"
}

doctor_is_interrupted()
{
	local pid
	start doctor --measure --json --rounds 200
	until_says $pid "$errors" 'trying' && kill -INT $pid
	wait $pid
	[ $? = 130 ] || fail "doctor --measure, interrupted: the status is not 130"
	has "$out" '.measured[] | select(.id == "rmem_max") | .skipped == "interrupted"'
}

group_doctor()
{
	refuses 2 'unknown option --jsno (did you mean --json?)' doctor --jsno
	refuses 2 'unexpected word "echo"' doctor echo
	refuses 2 '--interface nd-none: there is no such interface here' doctor --interface nd-none
	refuses 2 '--rounds 0: out of range 1..200' doctor --measure --rounds 0
	doctor_ok
	prints ' checks: '
	silent "$errors"
	if grep -q ' $' "$out"; then fail "a line of the doctor ends with a blank"; fi
	doctor_ok --all
	prints 'softnet backlog: '
	doctor_ok --json
	silent "$errors"
	has "$out" '.checks | map(select(.id != "runs")) | length == 24'
	has "$out" '.checks | all((.what | length > 0) and (.why | length > 0) and ((.mend == null) == (.undo == null)))'
	has "$out" ".checks | any(.severity == \"falsifies\") == ($doctor_status == 3)"
	has "$out" ".checks[] | select(.id == \"rmem_max\") |
		.undo == null or .undo == \"sysctl -w net.core.rmem_max=$(cat /proc/sys/net/core/rmem_max)\""
	has "$out" '.measured == null and .interface == "lo"'
	doctor_and_list_agree
	doctor_without_sys
	doctor_ok --measure --rounds 1 --json
	says 'trying rmem_max: echo --window'
	has "$out" '.measured | length == 3 and all(.skipped != null or (.gain_percent | type == "number"))'
	has "$out" '.measured[] | .low == null and .high == null'
	doctor_is_interrupted
}

# A short run may be valid or carry a verdict against it on a busy machine; both have their exit
# status.
ok()
{
	timeout -k 5 60 "$program" "$@" >"$out" 2>"$errors" </dev/null
	local status=$?
	[ $status = 0 ] || [ $status = 3 ] || { fail "netdyno $*: status $status"; head -5 "$out" "$errors"; }
}
run_ok() { ok run "$@"; }

# A run that is ended when two of its intervals have been told, on whichever of its outputs.
run_measured()
{
	local end=$((SECONDS + 30))
	start run "$@" "${endless[@]}"
	until [ "$(cat "$out" "$errors" 2>/dev/null | grep -c -e "$measured")" -ge 2 ]; do
		[ $SECONDS -gt $end ] && fail "netdyno run $*: no lines of intervals: $(head -5 "$out" "$errors")" && break
		sleep 0.02
	done
	kill -INT $pid
	wait $pid
	[ $? = 130 ] || fail "netdyno run $*, interrupted: the status is not 130"
}

group_results()
{
	run_measured echo
	prints "method"
	prints "ledger: sent"
	prints "verdict:"
	prints "RTT us"
	run_measured echo --json -
	has "$out" '.netdyno.schema == 2 and .start.mode == "echo" and (.intervals | length >= 2)'
	has "$out" '.end.sum | .tx_packets > 0 and .rx_packets > 0 and .rx_pps > 0'
	has "$out" '.end.ledger.balanced and .end.rtt_us.count > 0 and (.end.cores | length == 2 or length > 2)'
	has "$out" '.end.verdict | has("valid") and has("reasons") and has("cautions")'
	has "$out" '.end | .sum.ctx_switches == ([.cores[].ctx_switches] | add) and .sum.ctx_voluntary <= .sum.ctx_switches'
	has "$out" '.end | .sum.page_faults == ([.cores[].page_faults] | add) and .sum.cpu_user_ns == ([.cores[].cpu_user_ns] | add)'
	has "$out" '.start.options.duration_s == 60 and .start.options.payload_bytes == 64'
	# Without a handicap a result does not tell of one; with it the verdict does.
	has "$out" '.start.options | has("handicap_percent") | not'
	has "$out" '.end.verdict.limit | .who and .evidence'
	run_measured echo --handicap 5 --json -
	has "$out" '.start.options.handicap_percent == 5 and (.end.verdict.cautions | any(startswith("--handicap")))'
	# Packets, seconds and rate belong together.
	run_measured echo --cores 1 --json -
	has "$out" '.end | .sum.rx_packets / .seconds / .sum.rx_pps - 1 | fabs < 1e-4'
	says "Mbit/s"
	says "verdict:"
	run_measured echo --jsonl -
	jq -es '(.[0].event == "start") and (.[-1].event == "end") and (map(select(.event == "interval")) | length >= 2)' "$out" >/dev/null ||
		fail "JSON lines: $(head -c 300 "$out")"
	run_ok echo "${quick[@]}" --csv -
	[ "$(wc -l <"$out")" = 2 ] || fail "CSV is not a head and a row: $(head -3 "$out")"
	python3 -c 'import csv, sys; a, b = csv.reader(open(sys.argv[1])); sys.exit(len(a) != len(b))' "$out" ||
		fail "CSV: the row has other columns than the head"
	run_ok null "${quick[@]}" --json -
	has "$out" '.start.mode == "null" and .end.sum.rx_packets > 0'
	# Rows of details: in plain text in one line, in JSON the worst of them.
	run_ok null --rows 100 --helpers 2 "${quick[@]}"
	prints "100 rows: behind "
	run_ok null --rows 100 --helpers 2 "${quick[@]}" --json "$work/rows.json"
	has "$work/rows.json" '.end.details.rows == 100 and (.end.details.worst | length) == 32'
	has "$work/rows.json" '.end.sum.helper_cpu_ns > 0'
	# The same run again without a terminal on the dashboard: plain lines, said once.
	timeout -k 5 60 "$program" echo "${quick[@]}" >"$out" 2>"$errors" </dev/null
	says "plain lines instead of the dashboard"
	prints "verdict:"
	timeout -k 5 60 "$program" echo --plain "${quick[@]}" >"$out" 2>"$errors" </dev/null
	grep -q "instead of" "$errors" && fail "--plain needs no excuse"
	prints "verdict:"
}

group_files()
{
	local f
	run_measured echo --json "$work/r.json" --jsonl "$work/r.jsonl" --csv "$work/r.csv"
	for f in r.json r.jsonl r.csv; do
		[ -s "$work/$f" ] || fail "$f is not there"
		[ "$(stat -c %a "$work/$f")" = 600 ] || fail "$f has mode $(stat -c %a "$work/$f"), expected 600"
	done
	prints "verdict:"
	has "$work/r.json" '.end.sum.rx_packets > 0'
	cp "$work/r.json" "$work/before"
	refuses 1 "r.json exists (--force overwrites)" run echo "${quick[@]}" --json "$work/r.json"
	cmp -s "$work/r.json" "$work/before" || fail "the file that was in the way has changed"
	run_ok echo "${quick[@]}" --json "$work/r.json" --force
	cmp -s "$work/r.json" "$work/before" && fail "--force has not overwritten"
	refuses 1 "--json: " run echo "${quick[@]}" --json "$work/no/such/directory/r.json"
	refuses 2 "not a regular file" run echo "${quick[@]}" --json /dev/null --force
	[ -c /dev/null ] || fail "/dev/null is no device any more"
	mkfifo "$work/pipe"
	refuses 2 "not a regular file" run echo "${quick[@]}" --csv "$work/pipe" --force
	refuses 2 "--csv $work/pipe: not a regular file (- is stdout)" run echo "${quick[@]}" --csv "$work/pipe"
	refuses 2 "--capture $work/pipe: not a regular file" run echo "${quick[@]}" --capture "$work/pipe"
	grep -q stdout "$errors" && fail "a capture does not go to stdout: $(cat "$errors")"
	if [ "$(id -u)" != 0 ]; then
		mkdir -m 500 "$work/closed"
		refuses 1 "--json: " run echo "${quick[@]}" --json "$work/closed/r.json"
	fi
	touch "$work/plainfile"
	refuses 1 "--out: " run echo "${quick[@]}" --out "$work/plainfile"
	refuses 2 "needs the name of a file" run echo "${quick[@]}" --capture -
	# One file under two names, and a name that cannot be.
	refuses 2 "--json and --csv both go to" run echo "${quick[@]}" --json "$work/one" --csv "$work/./one"
	ln -s one "$work/two"
	refuses 2 "--json and --csv both go to" run echo "${quick[@]}" --json "$work/two" --csv "$work/one" --force
	ln "$work/before" "$work/hard"
	refuses 2 "--jsonl and --capture both go to" run echo "${quick[@]}" --jsonl "$work/hard" --capture "$work/before" --force
	refuses 1 "File name too long" run echo "${quick[@]}" --json "$work/$(printf '%0256d' 0)"
	refuses 1 "File name too long" run echo "${quick[@]}" --capture "$work/$(printf '%0252d' 0)"
	refuses 1 "File name too long" run echo "${quick[@]}" --capture "$work/$(printf '%0252d' 0)" --force
	refuses 2 "--capture writes there until it ends" run echo "${quick[@]}" --jsonl "$work/g.pcap.part" --capture "$work/g.pcap" --force
	touch "$work/c.pcap.part"
	refuses 1 "c.pcap.part exists, of a run that was killed" run echo "${quick[@]}" --capture "$work/c.pcap"
}

# start ARGS...: runs the program beside us as $pid.  What an earlier one has said is gone before,
# so that it is not taken for this one's.
start()
{
	rm -f "$out" "$errors"
	"$program" "$@" >"$out" 2>"$errors" </dev/null &
	pid=$!
}

# gone_terminal ARGS...: runs the program on a terminal that is closed once the first interval has
# been printed.  0 if its status is 130.
gone_terminal()
{
	timeout -k 5 60 python3 - "$program" "$@" <<-'END'
		import os, pty, sys
		pid, terminal = pty.fork()
		if not pid:
		    os.execv(sys.argv[1], sys.argv[1:])
		said = b""
		while b"answers/s" not in said:
		    said += os.read(terminal, 4096)
		os.close(terminal)
		status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
		sys.exit(0 if status == 130 else status or 99)
	END
}

group_signals()
{
	local pid dir status
	# SIGINT: results are printed and written, 130.
	start run echo --duration 60s --warmup 0 --json "$work/int.json"
	until_says $pid "$out" ' answers/s '
	kill -INT $pid
	wait $pid
	[ $? = 130 ] || fail "SIGINT: status is not 130"
	prints "interrupted"
	prints "verdict:"
	has "$work/int.json" '.end.sum.rx_packets > 0'
	# SIGTERM likewise; SIGUSR1 before it makes a snapshot.
	start run echo --duration 60s --warmup 0 --out "$work/snaps"
	until_says $pid "$out" ' answers/s '
	kill -USR1 $pid
	until_says $pid "$errors" '^snapshot: '
	kill -TERM $pid
	wait $pid
	[ $? = 130 ] || fail "SIGTERM: status is not 130"
	dir=$(sed -n 's/^snapshot: //p' "$errors")
	for f in result.json history.jsonl history.csv screen.txt screen.svg; do
		[ -s "$dir/$f" ] || fail "the snapshot \"$dir\" has no $f"
	done
	try 0 open "$dir"
	prints "verdict:"
	# In the warm-up: nothing has been measured, and that is said, also in place of an older result.
	for f in json jsonl csv; do
		echo older >"$work/warm.$f"
	done
	start run echo --duration 60s --warmup 60s --json "$work/warm.json" --jsonl "$work/warm.jsonl" --csv "$work/warm.csv" --force
	until_says $pid "$out" method
	grep -q older "$work"/warm.json* "$work/warm.csv" 2>/dev/null && fail "an older result is there while its successor runs"
	kill -INT $pid
	wait $pid
	[ $? = 130 ] || fail "SIGINT in the warm-up: status is not 130"
	says "before anything was measured"
	has "$work/warm.json" '.end | .interrupted and (.verdict.valid | not)'
	jq -es 'map(.event) == ["start", "end"] and (.[1].data.verdict.valid | not)' "$work/warm.jsonl" >/dev/null ||
		fail "interrupted warm-up: $(head -c 300 "$work/warm.jsonl")"
	grep -q "nothing was measured" "$work/warm.csv" || fail "interrupted warm-up: the row does not say so"
	# Lines are there while the run goes, and a kill leaves whole ones.
	start run echo --duration 60s --warmup 0 --interval 100ms --jsonl "$work/killed.jsonl" --json "$work/killed.json"
	until_says $pid "$work/killed.jsonl" '"interval"'
	kill -KILL $pid
	wait $pid 2>/dev/null
	jq -es '.[0].event == "start" and .[1].event == "interval"' "$work/killed.jsonl" >/dev/null ||
		fail "killed: $(head -c 300 "$work/killed.jsonl")"
	[ -z "$(tail -c 1 "$work/killed.jsonl")" ] || fail "killed: the last line is not whole"
	[ ! -e "$work/killed.json" ] || fail "killed: the document is there"
	# nohup: a terminal that goes away ends nothing.
	rm -f "$out" "$errors"
	nohup "$program" run echo --duration 1s --warmup 0 --json "$work/hup.json" >"$out" 2>"$errors" </dev/null &
	pid=$!
	until_says $pid "$errors" 'start: echo'
	kill -HUP $pid
	wait $pid
	has "$work/hup.json" '.end.seconds > 0.9'
	# Two at once: it ends, and leaves no half file.
	start run echo --duration 60s --warmup 0 --json "$work/twice.json"
	until_says $pid "$out" ' answers/s '
	kill -INT $pid
	kill -INT $pid
	wait $pid
	[ $? = 130 ] || fail "two SIGINT: status is not 130"
	[ ! -e "$work/twice.json" ] || has "$work/twice.json" '.end.sum | has("rx_packets")'
	# Three at once: nobody waits for the run, but what it has measured is kept.
	start run echo --duration 60s --warmup 0 --json "$work/thrice.json"
	until_says $pid "$out" ' answers/s '
	kill -STOP $pid
	kill -INT $pid
	kill -TERM $pid
	kill -HUP $pid
	kill -CONT $pid
	wait $pid
	[ $? = 130 ] || fail "three signals: status is not 130"
	has "$work/thrice.json" '.end.sum.rx_packets > 0'
	prints "verdict:"
	# A terminal that goes away ends the run: its files are written, and that nobody can be told
	# is no failure.
	gone_terminal run echo --duration 60s --warmup 0 --json "$work/gone.json" || fail "a terminal that goes: status $?"
	has "$work/gone.json" '.end.sum.rx_packets > 0'
	# Nobody reads: it ends by itself, quietly.
	timeout -k 5 30 "$program" run echo --duration 60s --warmup 0 2>"$errors" </dev/null | head -1 >"$out"
	status=${PIPESTATUS[0]}
	[ "$status" = 1 ] || fail "a closed pipe: status $status, expected 1"
	grep -q '^netdyno:' "$errors" && fail "a closed pipe is complained of: $(cat "$errors")"
}

# with_descriptors N ARGS...: what the caller has open beyond the usual three does not count.
with_descriptors()
{
	local limit=$1
	shift
	(
		exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
		ulimit -n "$limit"
		exec timeout -k 5 30 "$program" "$@"
	) >"$out" 2>"$errors" </dev/null
}

# free_port: one that was free a moment ago, for UDP and TCP.
free_port()
{
	python3 -c '
import socket
while True:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as t, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as u:
        t.bind(("127.0.0.1", 0))
        try:
            u.bind(t.getsockname())
        except OSError:
            continue
        print(t.getsockname()[1])
        break'
}

group_faults()
{
	local port said pid status
	# A server says where it listens.
	port=$(free_port)
	coproc { exec timeout 60 "$program" run echo --role server --port "$port" --duration 50s --warmup 0 2>&1; }
	pid=$COPROC_PID
	read -r -t 20 line <&"${COPROC[0]}"
	said=$(sed -n 's/.*127\.0\.0\.1:\([0-9]*\).*/\1/p' <<<"$line")
	[ "$said" = "$port" ] || fail "a server does not say its port $port: $line"
	# Port in use.
	python3 - "$port" "$program" >"$out" 2>"$errors" <<-'END' || fail "port in use: $(cat "$out" "$errors")"
	import socket, subprocess, sys
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.bind(("127.0.0.1", 0))
	port = s.getsockname()[1]
	r = subprocess.run([sys.argv[2], "run", "echo", "--port", str(port), "--duration", "1s"], capture_output=True, text=True, timeout=60)
	assert r.returncode == 1, r
	assert "Address already in use" in r.stderr and str(port) in r.stderr, r
	# Nobody listens: what a server loses cannot be read, but what is missing is known.
	s.close()
	r = subprocess.run([sys.argv[2], "run", "echo", "--role", "client", "--port", str(port), "--duration", "500ms", "--warmup", "0",
		"--interval", "100ms"], capture_output=True, text=True, timeout=60)
	assert r.returncode == 3 and "never answered" in r.stdout, r
	assert "answers/s" in r.stdout and "Mbit/s  lost --" not in r.stdout, r
	END
	kill "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	# A figure that only the other end knows is not 0, and the reason stands there.
	try 3 run stream --role client --threads 1 --port "$port" "${quick[@]}" --json "$work/alone.json"
	prints "sent                  -- (the server is another process)"
	prints "syscalls_per_message -- calls (no rx_packets in this run)"
	prints "--congestion $(cat /proc/sys/net/ipv4/tcp_congestion_control)" # nobody asked for one: the system's
	has "$work/alone.json" '.end.sum.tx_packets == null and .end.unknown.tx_packets == "the server is another process"'
	has "$work/alone.json" '.end.sum.lost == null and .end.unknown.lost == "the other end did not tell, or others use it, too"'
	has "$work/alone.json" '.end.sum.syscalls_per_message == null and .end.unknown.syscalls_per_message == "no rx_packets in this run"'
	# Too few descriptors: said with the limit.
	with_descriptors 16 run echo --cores 1 --flows 64 "${quick[@]}"
	case $? in
	1) says "Too many open files" && says "ulimit -n" ;;
	0 | 3) ;; # it managed with 16
	*) fail "ulimit -n 16: $(head -3 "$errors")" ;;
	esac
	with_descriptors 5 run echo "${quick[@]}"
	status=$?
	[ $status = 1 ] || fail "ulimit -n 5: status $status, expected 1"
	says "Too many open files (the limit is 5: raise it with ulimit -n)"
	# A stdout that is closed, or takes nothing.
	timeout -k 5 30 "$program" run echo "${quick[@]}" --json - >&- 2>"$errors" </dev/null
	[ $? = 1 ] || fail "JSON to a closed stdout: status is not 1"
	says "Bad file descriptor"
	if [ -c /dev/full ]; then
		timeout -k 5 30 "$program" list >/dev/full 2>"$errors"
		[ $? = 1 ] || fail "list to a full disk: status is not 1"
		says "No space left on device"
		timeout -k 5 30 "$program" run echo "${quick[@]}" >/dev/full 2>"$errors" </dev/null
		[ $? = 1 ] || fail "run to a full disk: status is not 1"
		says "No space left on device"
		timeout -k 5 30 "$program" run echo "${quick[@]}" --jsonl - >/dev/full 2>"$errors" </dev/null
		says "netdyno: --jsonl -: write start line: No space left on device"
		until_told "$errors" "$measured" "$program" run echo "${endless[@]}" --json - >/dev/full 2>"$errors" </dev/null
		[ $? = 1 ] || fail "JSON to a full disk: status is not 1"
		says "No space left on device"
		says "saved as"
		has "$(sed -n 's/.*saved as \(.*\) instead.*/\1/p' "$errors")" '.end.sum.rx_packets > 0'
	fi
	full_disk
	two_families
	interface_gone
	# Closed from the start: the result file is not mistaken for stdout.
	until_told "$work/closed.jsonl" '"rx_packets": *[1-9]' bash -c 'exec "$@" >&- 2>&- <&-' bash \
		"$program" run echo "${endless[@]}" --json "$work/closed.json" --jsonl "$work/closed.jsonl"
	has "$work/closed.json" '.end.sum.rx_packets > 0'
}

# An interface that goes down takes packets with it: they stand at no place, and are still lost.  Of those that had all
# arrived just then none is: it goes down once more.
interface_gone()
{
	unshare -rn ip link set lo up 2>/dev/null || return
	rm -f "$out" "$errors"
	unshare -rn bash -c '
		ip link set lo up
		"$0" run echo --cores 1 --warmup 0 --duration 60s --interval 100ms >"$1" 2>"$2" &
		for ((i = 1; i <= 10; i++)); do
			told "$1" " us p50 " $(($(grep -c " us p50 " "$1" 2>/dev/null) + 1))
			ip link set lo down
			told "$1" "answers/s .* lost [1-9]" 1 150 && break
			ip link set lo up
		done
		told "$2" "no answer from"
		kill -INT $!
		wait $!
		exit 0' "$program" "$out" "$errors"
	grep -q 'answers/s .* lost [1-9]' "$out" || fail "an interface that goes down: $(tail -n 3 "$out") $(tail -n 3 "$errors")"
	prints "INVALID"
}

# A name with an address of each family, of which the server has one; -4 and -6 choose.  Needs a file of names of our own, and
# ports that nobody else takes.
two_families()
{
	printf '127.0.0.1 both.test\n::1 both.test\n' >"$work/hosts"
	unshare -rmn ip link set lo up 2>/dev/null || return
	unshare -rmn bash -c '
		ip link set lo up
		mount --bind "$1/hosts" /etc/hosts || exit 0
		getent ahosts both.test | grep -q :: || exit 0
		for mode in echo stream; do
			for at in 127.0.0.1 ::1; do
				# The words of the server before are not the word of this one.
				rm -f "$1/server"
				"$2" run $mode --role server --listen $at -p 5000 --cores 1 --duration 60s >"$1/server" 2>&1 </dev/null &
				server=$!
				told "$1/server" start:
				for which in "" $([ $at = ::1 ] && echo -6 || echo -4); do
					until_told "$1/client" " us p50 " "$2" run $mode --role client --host both.test -p 5000 --cores 1 $which \
						--warmup 0 --duration 60s --interval 100ms --json "$1/client.json" --force >"$1/client" 2>&1 </dev/null
					jq -e ".end.sum.rx_packets > 0 and (.start.peer | contains(\"$at\"))" "$1/client.json" >/dev/null ||
						echo "$mode at $at, client $which: no answers"
				done
				kill -INT $server
				wait $server
			done
		done' bash "$work" "$program" >"$out" 2>"$errors"
	[ -s "$out" ] && fail "a name with two families: $(cat "$out" "$errors")"
}

# A file system of 16 kB that is full when the run ends: what was measured is found elsewhere.
full_disk()
{
	mkdir "$work/tiny"
	rm -f "$out" "$errors"
	unshare -rm bash -c '
		mount -t tmpfs -o size=16k tmpfs "$1/tiny" || exit 77
		"$2" run echo --duration 60s --warmup 0 --interval 100ms --json "$1/tiny/r.json" >"$1/out" 2>"$1/errors" </dev/null &
		pid=$!
		# Filled once something has been measured: the check before the run found room.
		told "$1/out" " us p50 "
		head -c 100000 /dev/zero >"$1/tiny/fill" 2>/dev/null
		kill -INT $pid
		wait $pid
		echo $? >"$1/status"
		ls -A "$1/tiny" >"$1/left"' bash "$work" "$program" 2>/dev/null
	[ $? = 0 ] || return 0 # no namespaces here
	[ "$(cat "$work/status")" = 1 ] || fail "full disk: status $(cat "$work/status"), expected 1"
	says "No space left on device"
	has "$(sed -n 's/.*saved as \(.*\) instead.*/\1/p' "$errors")" '.end.sum.rx_packets > 0'
	[ "$(cat "$work/left")" = fill ] || fail "full disk: left behind: $(cat "$work/left")"
}

group_capture()
{
	run_measured echo --capture "$work/c.pcap"
	prints "verdict:"
	if "$program" list --json | jq -e .capture.runs >/dev/null; then
		[ -s "$work/c.pcap" ] || fail "there is no capture: $(cat "$errors")"
		says "capture saved: $work/c.pcap"
		tcpdump -nr "$work/c.pcap" 2>/dev/null | grep -q UDP || fail "tcpdump finds no UDP in the capture"
		says "c.pcap ($(tcpdump -nr "$work/c.pcap" 2>/dev/null | wc -l) packets, "
		run_measured echo --capture "$work/d.pcap" --json "$work/d.json"
		has "$work/d.json" '.end.capture | .packets > 0 and .bytes > .packets and .error == null and (.file | endswith("d.pcap"))'
		# The first packet is in it, without any warm-up, and so is the last.
		run_ok echo "${quick[@]}" --rate 1000 --capture "$work/e.pcap" --json "$work/e.json"
		has "$work/e.json" '.end | .capture.packets == .ledger.sent + .ledger.received'
		# Cut by the limit of a file's size: the run ends, the result says so.
		(ulimit -f 100 && exec timeout -k 5 30 "$program" run echo --duration 2s --warmup 0 --capture "$work/cut.pcap" --json - \
			>"$out" 2>"$errors" </dev/null)
		[ $? = 1 ] || fail "a capture that was cut: the status is not 1: $(tail -3 "$errors")"
		has "$out" '.end.capture | .packets > 0 and .writer_drops > 0 and (.error | test("File too large"))'
		refuses 1 "c.pcap exists (--force overwrites)" run echo "${quick[@]}" --capture "$work/c.pcap"
	else
		says "no capture: "
	fi
	# A mode without packets.
	try 1 run null "${quick[@]}" --capture "$work/null.pcap" --json "$work/null.json"
	has "$work/null.json" '.end.capture | .packets == 0 and (.error | test("no packets to capture"))'
	# Without the privilege: said, and the run goes on.
	if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
		chmod 711 "$work"
		timeout -k 5 30 setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all \
			env XDG_DATA_HOME=/nonexistent XDG_CONFIG_HOME=/nonexistent \
			"$program" run echo "${quick[@]}" --capture /tmp/netdyno-no-privilege-$$.pcap >"$out" 2>"$errors" </dev/null
		case $? in
		1) says "CAP_NET_RAW" && prints "verdict:" ;;
		126 | 127) ;; # the program is not readable for others
		*) fail "a capture without privilege: $(head -3 "$errors")" ;;
		esac
		rm -f /tmp/netdyno-no-privilege-$$.pcap
	fi
}

group_open()
{
	run_ok echo "${quick[@]}" --json "$work/r.json"
	sed -n '/: measured /,$p' "$out" >"$work/said"
	try 0 open "$work/r.json"
	prints "r.json"
	sed -n '/: measured /,$p' "$out" | diff "$work/said" - || fail "what is opened differs from what the run said"
	prints "verdict:"
	prints "ledger: sent"
	refuses 1 "No such file" open "$work/nothing"
	# A sweep is shown as its tables; of what cannot be shown it is said what that is.
	ok sweep null --rate 10k,20k "${quick[@]}" --repeat 1 --out "$work/sweep"
	try 0 open "$work/sweep"
	prints "sweep of null: 2 of 2 runs are done"
	prints "best throughput"
	run_ok echo "${quick[@]}" --jsonl "$work/o.jsonl" --csv "$work/o.csv"
	refuses 1 "o.jsonl is JSON lines of a run" open "$work/o.jsonl"
	refuses 1 "o.csv is CSV of a run" open "$work/o.csv"
	refuses 1 "results.jsonl is the runs of a sweep" open "$work/sweep/results.jsonl"
	refuses 1 "results.csv is the table of a sweep" open "$work/sweep/results.csv"
	echo '{"netdyno": 7' >"$work/bad.json"
	try 1 open "$work/bad.json"
	says "bad.json"
	head -c 1000 /dev/urandom >"$work/noise.json"
	try 1 open "$work/noise.json"
	mkdir "$work/emptydir"
	try 1 open "$work/emptydir"
	sed '/"record":/s/"rx_roles":[0-9]/"rx_roles":-1/' "$work/r.json" >"$work/changed.json"
	refuses 1 'changed.json: record.runs[0]: rx_roles: out of range' open "$work/changed.json"
	jq 'del(.record)' "$work/r.json" >"$work/without.json"
	refuses 1 'without.json: record: missing' open "$work/without.json"
}

group_settings()
{
	mkdir -p "$XDG_CONFIG_HOME/netdyno"
	printf '[echo]\nduration = 200ms\nwarmup = 0\npayload = 1000\n\n[dash]\nthem = dark\n[ecoh]\nx = 1\n' >"$XDG_CONFIG_HOME/netdyno/config.ini"
	run_ok echo --interval 100ms --json -
	has "$out" '.start.options.payload_bytes == 1000 and .start.options.duration_s == 0.2'
	says "config.ini:9: unknown section [ecoh] (did you mean [echo]?)"
	run_ok echo --interval 100ms --payload 10 --json -
	has "$out" '.start.options.payload_bytes == 10'
	# The file is read for the screen and for each mode; each mistake is said once.
	printf 'stray\n[echo]\nfoo = 1\n[chat]\nbar = 1\n[dash]\nbaz = 1\n[ecoh]\nx = 1\n' >"$XDG_CONFIG_HOME/netdyno/config.ini"
	for verb in "run echo" "echo --plain" "sweep echo --repeat 1 --out $work/once"; do
		ok $verb --duration 100ms --warmup 0
		[ -z "$(grep config.ini "$errors" | sort | uniq -d)" ] || fail "$verb: said twice: $(grep config.ini "$errors")"
		says "config.ini:1: expected [section]"
		says "config.ini:3: [echo] unknown option --foo"
	done
	rm "$XDG_CONFIG_HOME/netdyno/config.ini"
	mkdir "$XDG_CONFIG_HOME/netdyno/config.ini"
	run_ok echo "${quick[@]}"
	[ "$(grep -c "settings not read" "$errors")" = 1 ] || fail "unreadable settings: $(cat "$errors")"
	rmdir "$XDG_CONFIG_HOME/netdyno/config.ini"
	printf '[echo]\npaylod = 1000\n' >"$XDG_CONFIG_HOME/netdyno/config.ini"
	run_ok echo "${quick[@]}"
	says "config.ini:2: [echo] unknown option --paylod (did you mean --payload?)"
}

# What surrounds the program and ends it badly: no descriptor may be looked at any more; somebody else's links; a parent that ignores SIGCHLD.
group_surroundings()
{
	local pid status charts ignored
	if command -v prlimit >/dev/null; then
		start run echo --duration 20s --warmup 0
		until_says $pid "$errors" 'start'
		prlimit --pid $pid --nofile=1:1
		wait $pid
		status=$?
		[ $status = 1 ] || fail "poll(2) fails: status $status, expected 1"
		says 'wait for the run: '
	fi
	ok sweep null --duration 20ms --warmup 0 --repeat 1 --rate 1000,2000 --out "$work/sweep"
	charts=$(ls "$work/sweep" | grep -c png)
	mkdir "$work/other"
	echo precious >"$work/other/file"
	rm "$work/sweep/results.csv"
	ln -s "$work/other/file" "$work/sweep/results.csv"
	refuses 1 'results.csv is a link' sweep --resume "$work/sweep"
	[ "$(cat "$work/other/file")" = precious ] || fail "the file behind the link has changed"
	(trap '' CHLD; exec timeout 60 "$program" sweep null --duration 20ms --warmup 0 --repeat 1 --rate 1000,2000 --out "$work/again" >"$out" 2>"$errors")
	ignored=$(ls "$work/again" | grep -c png)
	[ "$ignored" = "$charts" ] || fail "SIGCHLD is ignored: $ignored charts, expected $charts: $(cat "$errors")"
}

# harmless FILE: no control character but the end of a line and a tab, none of the upper half, nothing that turns the direction of text round.
harmless()
{
	LC_ALL=C grep -nP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]' "$1" >"$work/harm" &&
		fail "not harmless: $(cat -v "$work/harm" | head -3)"
}
all_harmless() { harmless "$out"; harmless "$errors"; }

# Directories whose names would do something on a terminal: whoever makes them may be somebody else than who looks.
group_escapes()
{
	local evil=$work/$'d\e[31m\xc2\x9b31m\xe2\x80\xae\xd8\x9cx\a' pid
	mkdir "$evil" "$evil/netdyno"
	try 1 run echo "${quick[@]}" --json "$evil/none/x.json"
	all_harmless
	try 1 open "$evil/nothing"
	all_harmless
	printf '[ecoh]\nstray\n[echo]\nfoo = 1\n' >"$evil/netdyno/config.ini"
	XDG_CONFIG_HOME=$evil run_ok echo "${quick[@]}" --json "$evil/r.json"
	says 'unknown option --foo'
	all_harmless
	try 2 run echo "--$(basename "$evil")"
	all_harmless
	ok sweep null --duration 20ms --warmup 0 --repeat 1 --rate 1000,2000 --out "$evil/sweep"
	prints 'results: '
	says 'results: '
	all_harmless
	ok sweep --resume "$evil/sweep"
	says 'runs are done'
	all_harmless
	start run echo --duration 20s --warmup 0 --out "$evil"
	until_says $pid "$errors" 'start'
	kill -USR1 $pid
	until_says $pid "$errors" 'snapshot: '
	kill -INT $pid
	wait $pid
	all_harmless
}

group_completion()
{
	bash -n "$COMPLETIONS" || fail "the completion does not load"
	ln -s "$program" "$work/netdyno"
	PATH=$work:$PATH bash --norc -c '
		source "$1"
		compopt() { :; }
		ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _netdyno; printf "%s\n" "${COMPREPLY[@]}"; }
		echo "top: $(ask netdyno ec | tr "\n" " ")"
		echo "mode: $(ask netdyno run ec | tr "\n" " ")"
		echo "option: $(ask netdyno run echo --payl | tr "\n" " ")"
		echo "choice: $(ask netdyno run echo --wait s | tr "\n" " ")"
		echo "method: $(ask netdyno run echo --method s | tr "\n" " ")"
		echo "equals: $(ask netdyno run echo --wait = s | tr "\n" " ")"
		echo "theme: $(ask netdyno --theme m | tr "\n" " ")"
		echo "list: $(ask netdyno list -- | tr "\n" " ")"' bash "$COMPLETIONS" >"$out" 2>"$errors"
	silent "$errors"
	prints "top: echo "
	prints "mode: echo "
	prints "option: --payload "
	prints "choice: spin "
	prints "method: single "
	prints "equals: spin "
	prints "theme: mono "
	prints "list: --json --help "
}

group_"$group"
[ $failures = 0 ] || { echo "$failures failed"; exit 1; }
echo "all as expected"
