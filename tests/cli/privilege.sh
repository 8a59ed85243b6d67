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
			holds $who "$main|nd-opener" "nd-control nd-opener nd-wr0" "${run[@]}" compare fanout --a '--method packet' --b '--method mmsg --size 64' \
				--readers 4 --out "$work/files/compare-$who"
		else
			fail "$who: method packet does not run: $("${run[@]}" list | grep packet)"
		fi
	done
}

# What a stranger says to the server, while nobody's client captures.
secret=hunter2-of-somebody-else

# A server that is not the run's, for everybody: it says back what is said first, which is a good answer to a greeting of mode stream.  Says "PORT" first.
foreign_server='
import socket, sys, threading
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(64)
print(listener.getsockname()[1], flush=True)
def serve(s):
    try:
        s.sendall(s.recv(65536))
        while s.recv(65536): pass
    except OSError: pass
    s.close()
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
'
# Says the secret to PORT on connections of its own, for ever; the ports of ours are beside its own.
stranger='
import socket, sys, time
while True:
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    s.sendall(b"login " + sys.argv[2].encode() + b"\n")
    if s.recv(100): print("heard", flush=True)
    s.close()
    time.sleep(0.005)
'

# The packets of a capture, "SECONDS SOURCE-PORT DESTINATION-PORT BYTES" each.
ends_of()
{
	tcpdump -tt -nnr "$1" 2>/dev/null | sed -nE 's/^([0-9.]+) IP6? [^ ]*\.([0-9]+) > [^ ]*\.([0-9]+):.* length ([0-9]+).*/\1 \2 \3 \4/p'
}

# The client of each TCP mode runs as nobody, towards a server that others talk to.  Of all packets of the server's port, kept by root's tcpdump,
# its capture must have those of its own connections, and no other.
group_strangers()
{
	local port mode words file all theirs mine
	command -v python3 >/dev/null && command -v tcpdump >/dev/null || { echo "skipped: needs python3 and tcpdump"; exit 77; }
	for mode in "stream --reverse --threads 2" "chat --conns 20 --rate 50"; do
		coproc SERVER { exec python3 -c "$foreign_server"; }
		read -r port <&"${SERVER[0]}"
		python3 -c "$stranger" "$port" "$secret" >"$work/stranger" 2>/dev/null &
		words=($mode) file=$work/files/${words[0]}.pcap all=$work/all.pcap
		local talker=$!
		tcpdump -i lo --immediate-mode -U -s 200 -w "$all" "tcp port $port" 2>"$work/tcpdump" &
		local watcher=$!
		until grep -q listening "$work/tcpdump" && [ -s "$work/stranger" ]; do sleep 0.05; done 2>/dev/null
		"${as_nobody[@]}" run "${words[@]}" --role client --port "$port" --capture "$file" -t 300ms --warmup 0 >"$work/out" 2>"$work/errors"
		[ -s "$file" ] || fail "$mode: no capture: $(tail -3 "$work/errors")"
		kill $talker
		sleep 0.3 # the last packets reach tcpdump's file
		kill -INT $watcher
		wait $talker $watcher 2>/dev/null
		kill "$SERVER_PID"
		wait "$SERVER_PID" 2>/dev/null
		tcpdump -A -nnr "$all" 2>/dev/null | grep -q "$secret" || fail "$mode: the stranger said nothing"
		tcpdump -A -nnr "$file" 2>/dev/null | grep -q "$secret" && fail "$mode: the capture has what somebody else said"
		# Ours are those that the stranger has not opened: its connections carry the secret.
		theirs=$(tcpdump -A -nnr "$all" 2>/dev/null | awk -v s="$secret" '/ IP /{ split($3, a, "."); from = a[5] } index($0, s){ print from }' | sort -u)
		mine=$(ends_of "$file" | cut -d ' ' -f 2,3 | tr ' ' '\n' | grep -v "^$port$" | sort -u)
		[ -n "$mine" ] || fail "$mode: the capture is empty"
		# Everything that they said from just after its first packet (libpcap sets the filter twice) to its last; what comes to a closed one is nobody's.
		wanted=$({ echo $mine; ends_of "$file" | sed -n '1p;$p'; ends_of "$all"; } | awk 'NR == 1 { for (i = 1; i <= NF; i++) is[$i] = 1; next }
			NR == 2 { from = $1; next } NR == 3 { to = $1; next } $4 && is[$2] && $1 > from + 5e-3 && $1 < to - 5e-3' | wc -l)
		seen=$({ ends_of "$file" | sed -n '1p;$p'; ends_of "$file"; } | awk -v port="$port" 'NR == 1 { from = $1; next } NR == 2 { to = $1; next }
			$4 && $3 == port && $1 > from + 5e-3 && $1 < to - 5e-3' | wc -l)
		echo "$mode: $seen of $wanted of $(wc -l <<<"$mine") connections, beside $(wc -l <<<"$theirs") of others"
		[ "$seen" = "$wanted" ] || fail "$mode: the capture lacks packets of its own connections"
		[ -z "$(comm -12 <(echo "$theirs") <(echo "$mine"))" ] || fail "$mode: the capture has connections of others"
	done
}

group_$group
[ $failures = 0 ]
