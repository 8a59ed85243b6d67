#!/bin/bash
# Mode fanout as people run it: processes.sh PROGRAM GROUP.  Two processes on loopback, rights that are
# missing, and frames as tshark sees them.
# A check prints what it expected and what came; the exit status is 1 if one failed, 77 if it cannot be made here.
set -u
script=$(realpath "$0") program=$(realpath "$1") group=$2
work=$(mktemp -d "${TMPDIR:-/tmp}/netdyno-fanout-XXXXXX") || exit 1
started=()
trap 'for p in "${started[@]}"; do kill -9 "$p" 2>/dev/null; done; rm -rf "$work"' EXIT
cd "$work" || exit 1
export XDG_CONFIG_HOME=$work/config XDG_DATA_HOME=$work/data LC_ALL=C.UTF-8 TERM=dumb
unset NETDYNO_TEST_TICKS
failures=0

fail() { failures=$((failures + 1)); printf 'FAIL %s\n' "$*"; }

expect() { # WHAT WANTED CAME
	[ "$2" = "$3" ] || fail "$1: expected $2, came $3"
}

says() { # FILE TEXT
	grep -qF -- "$2" "$1" || fail "$1 does not say '$2': $(cat "$1")"
}

# Until the file says so; the program's own deadlines end the wait otherwise.
await() { # FILE TEXT PID
	for ((i = 0; i < 3000; i++)); do
		grep -qF -- "$2" "$1" 2>/dev/null && return
		kill -0 "$3" 2>/dev/null || break
		sleep 0.01
	done
	fail "$1 never says '$2': $(cat "$1" 2>&1)"
}

# Readers on a port that nobody has, below those that the kernel gives out; sets $readers and $port.
read_there() { # OPTIONS...
	for ((attempt = 0; attempt < 20; attempt++)); do
		port=$((20000 + RANDOM % 12000))
		rm -f readers.txt
		"$program" run fanout --role server --listen 127.0.0.1 --port "$port" --duration 0 --warmup 0 --json readers.json --force "$@" \
			>readers.txt 2>&1 </dev/null &
		readers=$!
		started+=("$readers")
		for ((i = 0; i < 2000; i++)); do
			grep -qs 'run #1 start' readers.txt && return
			kill -0 "$readers" 2>/dev/null || break
			sleep 0.01
		done
	done
	fail "the readers do not start: $(cat readers.txt)"
	exit 1
}

write_there() { # OPTIONS...
	rm -f writer.txt writer.json
	"$program" run fanout --role client --host 127.0.0.1 --port "$port" --warmup 0 --interval 200ms --json writer.json --force "$@" \
		>writer.txt 2>&1 </dev/null &
	writer=$!
	started+=("$writer")
}

# "key": value of the newest result of the writer.
of_writer() { tr -d ' \n' <writer.json | grep -o "\"$1\":[^,}]*" | tail -n 1 | cut -d: -f2; }

# The readers' process dies while the writer is at it: the writer ends, says why, and keeps what it has.
dies() {
	local sync
	for sync in round free; do
		read_there --readers 20
		write_there --duration 60 --sync $sync
		await writer.txt 'copies/s' "$writer"
		kill -9 "$readers"
		wait "$readers" 2>/dev/null
		wait "$writer"
		expect "exit status, --sync $sync" 1 $?
		says writer.txt "the readers at 127.0.0.1:$port are gone"
		says writer.txt 'verdict: INVALID'
		expect 'valid' false "$(of_writer valid)"
		[ "$(of_writer sent)" -gt 0 ] || fail "nothing was sent: $(cat writer.json)"
	done
	# The writer's process dies: the readers go on, and serve another one.
	read_there --readers 20
	write_there --duration 60
	await writer.txt 'copies/s' "$writer"
	kill -9 "$writer"
	wait "$writer" 2>/dev/null
	write_there --duration 300ms
	wait "$writer"
	status=$?
	case $status in 0 | 3) ;; *) fail "the second writer ends with $status: $(cat writer.txt)" ;; esac
	expect 'unexplained' 0 "$(of_writer unexplained)"
	# Each end tells of its own options alone.
	tr -d ' \n' <writer.json | grep -q '"readers":null' || fail "the writer's result has readers: $(cat writer.json)"
	says writer.txt '  --size 1500 --sync round'
	says readers.txt '  --readers 20 --batch 64'
	kill -INT "$readers"
	wait "$readers"
	expect 'exit status of the readers' 130 $?
}

# What cannot be is said before anything starts.
usage() {
	"$program" run fanout --readers 0 >out.txt 2>&1
	expect 'exit status, --readers 0' 2 $?
	says out.txt '--readers 0: out of range 1..1000000'
	(ulimit -n 4096 && exec "$program" run fanout --readers 1000000) >out.txt 2>&1
	expect 'exit status, --readers 1000000' 2 $?
	says out.txt '--readers 1000000: needs about 1000256 descriptors, and this process may have 4096 (ulimit -n)'
	"$program" run fanout --method multicast --group 10.1.2.3 >out.txt 2>&1
	expect 'exit status, --group 10.1.2.3' 2 $?
	says out.txt '--group 10.1.2.3: not a multicast address'
	"$program" run fanout --role client --host 127.0.0.1 --port 1 >out.txt 2>&1
	expect 'exit status, no readers' 1 $?
	says out.txt 'connect 127.0.0.1:1 (netdyno run fanout --role server): Connection refused'
}

as_nobody() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups env XDG_CONFIG_HOME=/nonexistent "$@"
	else
		"$@"
	fi
}

# Without CAP_NET_RAW method packet says what it needs, and the others run.
rights() {
	command -v setpriv >/dev/null || exit 77
	as_nobody "$program" --version >/dev/null 2>&1 || exit 77
	as_nobody "$program" run fanout --method packet >out.txt 2>&1
	expect 'exit status of packet' 1 $?
	says out.txt 'method packet does not run here: needs CAP_NET_RAW: run it as root, or setcap cap_net_raw+ep on the program'
	as_nobody "$program" list >out.txt 2>&1
	grep -q 'packet .*needs CAP_NET_RAW' out.txt || fail "list does not say why packet does not run: $(cat out.txt)"
	if grep -q '^    veth *runs here' out.txt; then
		grep -q 'packet .*does not run here: needs CAP_NET_RAW.*; over --path veth it runs here' out.txt ||
			fail "list does not say where packet runs: $(grep packet out.txt)"
		as_nobody "$program" list --json >out.txt 2>&1
		expect 'packet here and over veth' 'false true' "$(jq -r '.modes[] | select(.name == "fanout").methods[] |
			select(.name == "packet") | "\(.runs) \(.over_veth.runs)"' out.txt)"
	fi
	as_nobody "$program" run fanout --method mmsg --readers 10 --duration 200ms --warmup 0 >out.txt 2>&1
	status=$?
	case $status in 0 | 3) ;; *) fail "mmsg as nobody ends with $status: $(cat out.txt)" ;; esac
}

# The frames that dumpcap has kept, with all sums checked.  The payload is random bytes: a port that some protocol
# has must not make tshark read them as that.
read_frames() {
	tshark -r frames.pcap -d udp.port==1-65535,data -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE "$@" 2>/dev/null
}

# In a network namespace of its own: all frames that method packet sends, as dumpcap keeps and tshark reads them.
frames_here() { # ADDRESS
	rm -f tap.txt frames.pcap
	dumpcap -i lo -B 64 -f udp -P -w frames.pcap >tap.txt 2>&1 &
	local tap=$! all bad
	started+=("$tap")
	await tap.txt 'File: frames.pcap' "$tap"
	"$program" run fanout --method packet --host "$1" --readers 50 --rate 20 --duration 1 --warmup 0 --json writer.json --force \
		>out.txt 2>&1 || { [ $? -eq 3 ] || fail "packet over $1: $(cat out.txt)"; }
	for ((i = 0; i < 100; i++)); do
		all=$(read_frames | wc -l)
		[ "$all" -ge "$(of_writer tx_packets)" ] && break
		sleep 0.1
	done
	kill -INT "$tap"
	wait "$tap"
	expect "frames over $1" "$(of_writer tx_packets)" "$all"
	[ "$all" -gt 0 ] || fail "no frame was seen: $(cat tap.txt)"
	bad=$(read_frames -Y '_ws.malformed || udp.checksum.status == 0 || ip.checksum.status == 0' | wc -l)
	expect 'malformed frames, wrong checksums' 0 "$bad"
	expect 'right UDP checksums' "$all" "$(read_frames -Y 'udp.checksum.status == 1 && udp.length == 1508' | wc -l)"
	expect 'frames with nothing but bytes in UDP' "$all" "$(read_frames -T fields -e frame.protocols | grep -c ':udp:data$')"
	expect 'ports of readers' 50 "$(read_frames -T fields -e udp.dstport | sort -u | wc -l)"
}

frames() {
	command -v tshark >/dev/null && command -v dumpcap >/dev/null || exit 77
	if [ "${INSIDE:-}" != 1 ]; then
		unshare -rn true 2>/dev/null || exit 77
		INSIDE=1 unshare -rn bash "$script" "$program" frames
		return $?
	fi
	ip link set lo up || exit 77
	frames_here ::1
	echo 1 >/proc/sys/net/ipv4/conf/lo/accept_local
	echo 1 >/proc/sys/net/ipv4/conf/lo/route_localnet
	frames_here 127.0.0.1
}

"$group"
status=$?
[ "$group" = frames ] && [ "${INSIDE:-}" != 1 ] && exit $status
exit $((failures > 0))
