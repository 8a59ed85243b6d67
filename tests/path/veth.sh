#!/bin/bash
# Path veth as people without rights use it: veth.sh PROGRAM GROUP.
# A check prints what it expected and what came; the exit status is 1 if one failed, 77 if it cannot be made here.
set -u
program=$(realpath "$1") group=$2
work=$(mktemp -d "${TMPDIR:-/tmp}/netdyno-veth-XXXXXX") || exit 1
trap 'end_all; rm -rf "$work"' EXIT
chmod 711 "$work"
mkdir -m 777 "$work/files"
cp "$program" "$work/netdyno"
chmod 755 "$work/netdyno"
program=$work/netdyno
cd "$work/files" || exit 1
# By the name of this directory in their environment the processes of this test are found.
export XDG_CONFIG_HOME=$work/config XDG_DATA_HOME=$work/files/data LC_ALL=C.UTF-8 TERM=dumb
failures=0

fail() { failures=$((failures + 1)); printf 'FAIL %s\n' "$*"; }

expect() { # WHAT WANTED CAME
	[ "$2" = "$3" ] || fail "$1: expected $2, came $3"
}

says() { # FILE TEXT
	grep -qF -- "$2" "$1" || fail "$1 does not say '$2': $(cat "$1")"
}

# Everything here runs as somebody without rights.
as_nobody() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		"$@"
	fi
}

# Prints the processes of this test that have this name.
processes() { # NAME
	local pid
	for pid in $(pgrep -x "$1"); do
		grep -qszF "XDG_CONFIG_HOME=$work/config" "/proc/$pid/environ" && echo "$pid"
	done
}

end_all() {
	local pid
	for pid in $(processes netdyno) $(processes nd-veth) $(processes nd-veth-pcap); do
		kill -9 "$pid" 2>/dev/null
	done
}

# Until no process of this test has this name.
await_none() { # NAME
	for ((i = 0; i < 600; i++)); do
		[ -z "$(processes "$1")" ] && return
		sleep 0.05
	done
	fail "still there: $1 $(processes "$1")"
}

# The first process of this test with this name; nothing after half a minute.
await_one() { # NAME
	local pid
	for ((i = 0; i < 600; i++)); do
		pid=$(processes "$1" | head -n 1)
		[ -n "$pid" ] && echo "$pid" && return
		sleep 0.05
	done
}

# Until out.txt says it; half a minute.  Whoever starts what writes there has removed it.
await_said() { # TEXT
	for ((i = 0; i < 600; i++)); do
		grep -qF -- "$1" out.txt 2>/dev/null && return
		sleep 0.05
	done
	fail "\"$1\" is not said: $(cat out.txt)"
}

# "key": value of the newest result.
of_result() { tr -d ' \n' <result.json | grep -o "\"$1\":[^,}]*" | tail -n 1 | cut -d: -f2; }

# A run that must go well, and whose ledger must balance; as somebody without rights, or as root.
who=as_nobody
# A burst that the device drops as a whole is waited for for a second: one longer run may follow.
run() { # MODE OPTIONS...
	run_once "$@"
	[ "$(of_result received)" -gt 0 ] || run_once "$@" --duration 1500ms
	[ "$(of_result received)" -gt 0 ] || fail "$*: nothing was received: $(cat out.txt)"
}

run_once() { # MODE OPTIONS...
	$who "$program" run "$@" --path veth --warmup 0 --json result.json --force >out.txt 2>&1 </dev/null
	local status=$?
	case $status in 0 | 3) ;; *) fail "$* ends with $status: $(cat out.txt)" && return ;; esac
	expect "path of $*" '"veth"' "$(of_result path)"
	expect "unexplained of $*" 0 "$(of_result unexplained)"
	expect "balanced of $*" true "$(of_result balanced)"
}

need() {
	command -v setpriv >/dev/null && command -v pgrep >/dev/null || exit 77
	as_nobody "$program" list >list.txt 2>&1
	grep -q 'veth *runs here' list.txt && return
	grep 'veth' list.txt
	exit 77
}

# Every mode, over both families, and the methods that a packet of their own kind takes.
modes() {
	need
	run echo --duration 300ms
	run echo --duration 300ms --method single
	run echo --duration 300ms --ipv6
	run stream --duration 300ms --method one-copy
	run stream --duration 300ms --method two-copy --ipv6
	run stream --duration 300ms --method zero-copy
	# Between two namespaces of one host the kernel copies, and says so.
	says out.txt 'copied'
	run chat --duration 300ms --conns 20
	run chat --duration 300ms --conns 20 --method et --ipv6
	run fanout --duration 300ms --readers 20
	run fanout --duration 300ms --readers 20 --method multicast
	run fanout --duration 300ms --readers 20 --method multicast --ipv6
	# Frames by a packet socket that nobody has a right to outside.
	run fanout --duration 300ms --readers 20 --size 1000 --method packet
	await_none nd-veth
}

# AF_XDP: who has no rights can only send; root's servers answer past the IP stack, and say how.
xdp() {
	need
	grep 'xdp  *this netdyno was built without' list.txt && exit 77
	run fanout --duration 200ms --readers 20 --size 1000 --method xdp
	run fanout --duration 200ms --readers 20 --size 1000 --method xdp --ipv6
	says result.json 'frames copied by the kernel on veth0'
	refused 2 '--xdp-mode maybe: ' --path veth --xdp-mode maybe
	refused 2 '--xdp-mode does nothing in this run: only a server of method xdp has frames' --xdp-mode copy
	[ "$(id -u)" -eq 0 ] || return 0
	refused 1 'method xdp does not run here: an XDP program needs CAP_BPF and CAP_NET_ADMIN: run it as root' --path veth --method xdp
	says list.txt 'CAP_BPF and CAP_NET_ADMIN'
	who=env
	"$program" list | grep -q 'xdp  *runs here' || exit 77
	run echo --duration 300ms --method xdp
	expect 'what ran' '"xdp/mmsg"' "$(of_result ran)"
	says result.json 'native XDP on veth0, frames copied by the kernel'
	says result.json 'it is for those who answer: client runs as mmsg'
	run echo --duration 200ms --server-method xdp --client-method gso --window 1024 --ipv6 --payload 1400
	run echo --duration 200ms --server-method xdp --server-cpus 0,1 --client-cpus 0 --sockets 8 --veth-queues 2
	run echo --duration 200ms --server-method xdp --mtu 9000 --wait poll
	says result.json 'generic XDP on veth0'
	# Datagrams without a frame or a place in the ring are lost where the ledger says.
	run echo --duration 300ms --server-method xdp --flows 200 --window 64 --client-method gso
	who=as_nobody
	root_is_refused 1 'veth0 cannot do zero-copy: --xdp-mode copy or auto' --path veth --server-method xdp --xdp-mode zero-copy
	root_is_refused 1 'method xdp does not answer over lo' --server-method xdp
	root_is_refused 2 'method xdp takes at most 1 of them (a queue each, and veth0 has 1)' --path veth --server-method xdp \
		--server-cpus 0,1
	root_is_refused 2 'method xdp takes datagrams of at most 1472 bytes' --path veth --server-method xdp --payload 1500
	its_device_goes
	await_none nd-veth
}

root_is_refused() { # STATUS TEXT OPTIONS...
	local status=$1 text=$2
	shift 2
	"$program" run echo --duration 100ms "$@" >out.txt 2>&1 </dev/null
	expect "exit status of root, $*" "$status" $?
	says out.txt "$text"
}

# The run ends by itself, and says why.
its_device_goes() {
	local pid job
	rm -f out.txt
	"$program" run echo --path veth --server-method xdp --duration 60s --warmup 0 --json gone.json --force >out.txt 2>&1 </dev/null &
	job=$!
	await_said answers
	pid=$(await_one nd-veth)
	nsenter --net="/proc/$pid/ns/net" ip link del veth0 || fail "veth0 could not be deleted"
	wait $job
	expect 'exit status without a device' 1 $?
	says out.txt 'veth0 is gone or down: method xdp has no queue any more'
}

# What the devices are made like.
shapes() {
	need
	run echo --duration 200ms --mtu 9000 --payload 8000
	run echo --duration 200ms --mtu 576 --payload 1400
	run stream --duration 200ms --veth-offload on
	run stream --duration 200ms --veth-offload off
	run echo --duration 200ms --veth-queues 4
	says result.json '"veth_queues": 4'
	says result.json '"mtu_bytes": 1500'
	# A right that root has outside, and nobody in a user namespace: said, not lost in silence.
	[ "$(cat /proc/sys/net/core/rmem_max)" -ge 1073741824 ] || {
		run echo --duration 100ms --rcvbuf 1G
		says out.txt '--rcvbuf 1G: path veth gives a user no right to force it, as root has: net.core.rmem_max'
	}
	# The kernel's times of a device, and of one with a queue, which are there later than the send.
	run echo --duration 300ms --stages 4 --rate 5000
	stages
	run echo --duration 300ms --stages 4 --rate 5000 --method single --rate-limit 100M
	stages
	await_none nd-veth
}

# Most of the stamped packets have all of their times.
stages() {
	local complete stamped
	complete=$(of_result complete) stamped=$(of_result stamped)
	[ "${complete:-0}" -gt 0 ] && [ "$((complete * 10))" -ge "$((stamped * 9))" ] ||
		fail "stages: $complete of $stamped are complete: $(cat out.txt)"
	says result.json '"server_queue_us"'
	# They add up to the round trip, at the median within 1 us and 2 %.
	jq -e '.end.stages | .sum_us.p50 as $whole | .at.p50.sum_us - $whole | fabs <= 1 + 0.02 * $whole' result.json >/dev/null ||
		fail "stages do not add up: $(jq -c '[.end.rtt_us.p50, .end.stages.sum_us.p50, .end.stages.at.p50]' result.json)"
}

# Frames of both directions, opened and read without any right here.
captures() {
	need
	local mode
	for mode in echo stream chat fanout; do
		run $mode --duration 300ms --capture $mode.pcap
		[ -s $mode.pcap ] || { fail "$mode: no capture: $(cat out.txt)"; continue; }
		[ "$(tr -d ' \n' <result.json | grep -o '"capture":{[^}]*' | grep -o '"packets":[0-9]*' | cut -d: -f2)" -gt 10 ] ||
			fail "$mode: few packets were captured: $(grep -A9 '"capture"' result.json)"
		command -v tcpdump >/dev/null || continue
		tcpdump -n -r $mode.pcap 2>/dev/null >frames.txt
		grep -q '198.18.0.1' frames.txt || fail "$mode: the capture has no packet of the pair: $(head -n 3 frames.txt)"
	done
	await_none nd-veth
	await_none nd-veth-pcap
}

# Where the kernel has the emulator, a round trip takes twice the delay; where not, everybody says the same.
emulated() {
	if grep -q -- '--delay *runs here' list.txt; then
		run echo --duration 300ms --rate 500 --delay 5ms
		awk -v us="$(tr -d ' \n' <result.json | grep -o '"rtt_us":{[^}]*' | tail -n 1 | grep -o '"min":[0-9.]*' | cut -d: -f2)" \
			'BEGIN { exit !(us >= 10000) }' || fail "--delay 5ms: $(grep -A9 rtt_us result.json)"
		return
	fi
	says list.txt '--delay      does not run here: this kernel has no network emulator netem (CONFIG_NET_SCH_NETEM)'
	as_nobody "$program" doctor >doctor.txt 2>&1
	says doctor.txt '--path veth --delay: this kernel has no network emulator netem'
	refused 2 '--delay does not run here: this kernel has no network emulator netem' --path veth --delay 5ms
}

# What the ledger of the newest result has lost there.
lost_at() { tr -d ' \n' <result.json | grep -o '"places":{[^}]*' | grep -o "\"$1\":[0-9]*" | head -n 1 | cut -d: -f2; }

# In each network namespace that the helper of this test holds.
in_spaces() { # COMMAND...
	local pid fd
	pid=$(await_one nd-veth)
	for fd in /proc/"$pid"/fd/*; do
		case $(readlink "$fd") in net:*) nsenter --net="$fd" "$@" ;; esac
	done
}

# Bytes that wait in the server's socket.
unread() { in_spaces ss -Hunl 2>/dev/null | awk '{ n += $2 } END { print n + 0 }'; }

# A server whose answers find no room: what it could not answer while somebody waited has its place.
slow_way_back() {
	command -v nsenter >/dev/null && command -v tc >/dev/null && command -v ss >/dev/null && [ "$(id -u)" -eq 0 ] || return 0
	local job at
	"$program" run echo --path veth --rate 2000 --payload 1000 --duration 60s --warmup 0 --json result.json --force \
		>out.txt 2>&1 </dev/null &
	job=$!
	for ((i = 0; i < 600; i++)); do
		grep -q answers out.txt && break
		sleep 0.05
	done
	in_spaces sh -c 'ip -br address | grep -q 198.18.0.1 && tc qdisc add dev veth0 root tbf rate 1mbit burst 4000 limit 300000'
	for ((i = 0; i < 600; i++)); do
		[ "$(unread)" -gt 250000 ] && break
		sleep 0.05
	done
	kill -INT $job
	wait $job
	expect 'exit status behind a slow queue' 130 $?
	expect 'unexplained behind a slow queue' 0 "$(of_result unexplained)"
	at=$(lost_at server_reply_error)
	[ "${at:-0}" -gt 0 ] || fail "no question is left unanswered: $(cat out.txt)"
}

# Loss that is made on purpose has its place, which has all of it and no more.
impaired() {
	need
	within_share() { # PERCENT SENT LOST
		awk -v p="$1" -v sent="$2" -v lost="$3" 'BEGIN { q = 1 - p / 100; d = lost - sent * (1 - q * q); exit !(d < 4 && d > -4) }' ||
			fail "--loss $1 loses $3 of $2"
	}
	local at share
	run echo --duration 500ms --rate 5000 --loss 10
	at=$(lost_at impairment)
	[ "${at:-0}" -gt 0 ] || fail "--loss 10 loses nothing: $(cat out.txt)"
	expect 'lost, all told' "$(($(of_result sent) - $(of_result received)))" "$at"
	expect 'lost on purpose' "$at" "$(tr -d ' \n' <result.json | grep -o '"impairments":{"lost":[0-9]*' | grep -o '[0-9]*$')"
	# Each side loses its share of what comes there to less than two packets: 19 % of the two ways.
	for share in 0.1 10 50; do
		run echo --duration 200ms --rate 5000 --loss $share --seed 7
		within_share $share "$(of_result sent)" "$(lost_at impairment)"
	done
	# A closed loop whose whole window is lost waits, and nobody was away.
	for share in '1 mmsg' '50 gso'; do
		run echo --duration 1300ms --loss "${share% *}" --method "${share#* }"
		! grep -q 'was away' out.txt || fail "--loss $share: $(grep 'was away' out.txt)"
	done
	run stream --duration 1s --rate-limit 20M
	at=$(of_result rx_mbps)
	[ "${at%.*}" -lt 25 ] || fail "--rate-limit 20M lets $at Mbit/s through"
	run stream --duration 300ms --loss 1 --rate-limit 500M
	# Joined datagrams that the bucket cuts are lost one by one, and no sender hears of it.
	run echo --duration 300ms --rate-limit 5M --method gso --rate 20000 --payload 1000
	at=$(lost_at device_queue)
	[ "${at:-0}" -gt 0 ] || fail "--rate-limit 5M throws no joined datagram away: $(cat out.txt)"
	emulated
	slow_way_back
	await_none nd-veth
}

refused() { # STATUS TEXT OPTIONS...
	local status=$1 text=$2
	shift 2
	as_nobody "$program" run echo --duration 100ms "$@" >out.txt 2>&1 </dev/null
	expect "exit status, $*" "$status" $?
	says out.txt "$text"
}

usage() {
	need
	refused 2 '--mtu 67: out of range 68..65535 bytes' --path veth --mtu 67
	refused 2 '--mtu 65536: out of range 68..65535 bytes' --path veth --mtu 65536
	refused 2 '--veth-queues 0: out of range 1..256' --path veth --veth-queues 0
	refused 2 '--loss 101: out of range' --path veth --loss 101
	refused 2 '--rate-limit 1: out of range' --path veth --rate-limit 1
	refused 2 '--delay 11s: out of range' --path veth --delay 11s
	refused 2 '--reorder 101: out of range' --path veth --delay 1ms --reorder 101
	refused 2 '--reorder 5: needs --delay' --path veth --reorder 5
	refused 2 '--duplicate 0: out of range' --path veth --duplicate 0
	refused 2 '--delay does nothing in this run: it is of the devices of --path veth' --delay 1ms
	refused 2 '--veth-offload maybe: ' --path veth --veth-offload maybe
	refused 2 '--mtu does nothing in this run: it is of the devices of --path veth' --mtu 9000
	refused 2 '--path veth: needs both ends here' --path veth --role server
	refused 2 '--path veth: has addresses of its own' --path veth --host 127.0.0.1
	refused 2 '--mtu 1000: IPv6 (--ipv6) needs at least 1280 bytes' --path veth --mtu 1000 --ipv6
	"$program" __veth >out.txt 2>&1 </dev/null
	expect 'exit status of the helper by hand' 2 $?
	says out.txt 'is started by netdyno itself'
	await_none nd-veth
}

# In a user namespace whose own user namespaces are limited to none: as on a host that forbids them.
forbidden() {
	need
	cat >inside.sh <<-'END'
		echo 0 >/proc/sys/user/max_user_namespaces && echo 0 >/proc/sys/user/max_net_namespaces || exit 77
		"$1" list >denied.txt 2>&1
		"$1" run echo --path veth --duration 100ms >refused.txt 2>&1
		echo $? >status.txt
		"$1" run echo --duration 100ms >loopback.txt 2>&1
		# Both are allowed, but the pair needs one more than there may be.
		echo 9 >/proc/sys/user/max_user_namespaces && echo 1 >/proc/sys/user/max_net_namespaces
		"$1" run echo --path veth --duration 100ms >exhausted.txt 2>&1
		echo $? >exhausted-status.txt
		# Whoever has the pair's addresses already is in another namespace.
		echo 99 >/proc/sys/user/max_net_namespaces
		ip address add 198.18.0.1/24 dev lo && ip address add 198.18.0.2/24 dev lo
		"$1" run echo --path veth --duration 100ms >clash.txt 2>&1
	END
	as_nobody unshare --user --map-root-user --net sh -c 'ip link set lo up; . ./inside.sh' sh "$program" || exit 77
	says denied.txt 'veth       does not run here: no more user or network namespaces are allowed (sysctl user.max_user_namespaces = 0, user.max_net_namespaces = 0)'
	says refused.txt '--path veth does not run here: no more user or network namespaces are allowed'
	expect 'exit status where namespaces are forbidden' 1 "$(cat status.txt)"
	says loopback.txt 'answers/s'
	expect 'exit status where namespaces are exhausted' 1 "$(cat exhausted-status.txt)"
	says exhausted.txt '--path veth does not run here: no more user or network namespaces are allowed (sysctl user.max_user_namespaces = 9, user.max_net_namespaces = 1)'
	says clash.txt 'answers/s'
	await_none nd-veth
}

# One life of a run: to its end, or netdyno or its helper killed in the middle.  A helper that only tries whether there can
# be one has gone when the run starts.
cycle() { # HOW
	local pid
	rm -f out.txt
	as_nobody "$program" run echo --path veth --duration "$([ "$1" = ends ] && echo 50ms || echo 60s)" --warmup 0 >out.txt 2>&1 </dev/null &
	local job=$!
	await_said 'start: echo'
	case $1 in
	netdyno) pid=$(await_one nd-veth) && kill -9 "$(awk '/^PPid/ { print $2 }' "/proc/$pid/status")" ;;
	helper)
		# The run goes on without it; the next socket is what it would be missed for.
		pid=$(await_one nd-veth) && kill -9 "$pid"
		await_none nd-veth
		kill -INT "$(processes netdyno | head -n 1)" 2>/dev/null
		;;
	esac
	wait $job
	local status=$?
	if [ "$1" = helper ]; then
		expect 'exit status of a run that lost its helper' 130 $status
		says out.txt 'answers/s'
	fi
	await_none nd-veth
	await_none netdyno
}

# The mounts that this shell and each process above it sees, and in which namespace.
mounts() {
	local pid=$$
	while [ "${pid:-0}" -gt 0 ]; do
		echo "$pid $(readlink "/proc/$pid/ns/mnt" 2>/dev/null) $(sort "/proc/$pid/mountinfo" 2>/dev/null | cksum)"
		pid=$(awk '/^PPid/ { print $2 }' "/proc/$pid/status")
	done
}

# 50 lives where there may be few namespaces at a time: none is left behind, or there would soon be none for the next.
kills() {
	need
	local links mounted
	links=$(ls /sys/class/net)
	mounted=$(mounts)
	cat >lives.sh <<-'END'
		echo 12 >/proc/sys/user/max_user_namespaces && echo 12 >/proc/sys/user/max_net_namespaces || exit 77
		i=0
		while [ $i -lt 50 ]; do
			tries=0
			until "$1" run echo --path veth --duration 20ms --warmup 0 >life.txt 2>&1 || [ $? -eq 3 ]; do
				# The kernel takes namespaces apart a little after their end.
				tries=$((tries + 1))
				[ $tries -lt 300 ] || exit 1
				sleep 0.1
			done
			i=$((i + 1))
		done
	END
	as_nobody unshare --user --map-root-user sh ./lives.sh "$program"
	local status=$?
	[ $status -eq 77 ] || expect 'exit status of 50 lives' 0 $status
	[ $status -eq 0 ] || cat life.txt
	for ((n = 0; n < 4; n++)); do
		cycle netdyno
		cycle helper
		cycle ends
	done
	expect 'interfaces afterwards' "$links" "$(ls /sys/class/net)"
	expect 'mounts afterwards' "$mounted" "$(mounts)"
}

case $group in
modes | xdp | shapes | captures | impaired | usage | forbidden | kills) "$group" ;;
*) echo "unknown group $group" && exit 1 ;;
esac
[ $failures -eq 0 ]
