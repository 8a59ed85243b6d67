#!/bin/bash
# Mode chat as people run it: chat.sh PROGRAM GROUP.  Two processes, on loopback.
# A check prints what it expected and what came; the exit status is 1 if one failed.
set -u
program=$(realpath "$1") group=$2
work=$(mktemp -d "${TMPDIR:-/tmp}/netdyno-chat-XXXXXX") || exit 1
server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
export XDG_CONFIG_HOME=$work/config XDG_DATA_HOME=$work/data LC_ALL=C.UTF-8 TERM=dumb
unset NETDYNO_TEST_TICKS
failures=0

fail() { failures=$((failures + 1)); printf 'FAIL %s\n' "$*"; }

# Starts a server on a port that nobody has, below those that the kernel gives out; sets $server and $port.
serve() { # OPTIONS...
	for ((attempt = 0; attempt < 20; attempt++)); do
		port=$((20000 + RANDOM % 12000))
		# The words of the server before are not this one's.
		rm -f server.txt
		"$program" run chat --role server --listen 127.0.0.1 --port "$port" --duration 0 --warmup 0 "$@" --json server.json --force \
			>server.txt 2>&1 </dev/null &
		server=$!
		for ((i = 0; i < 2000; i++)); do
			grep -qs 'run #1 start' server.txt && return
			kill -0 "$server" 2>/dev/null || break
			sleep 0.01
		done
	done
	fail "the server does not start: $(cat server.txt)"
	exit 1
}

leave() {
	kill -INT "$server" 2>/dev/null
	wait "$server"
	server=
}

load() { # OPTIONS...
	timeout -k 5 90 "$program" run chat --role client --host 127.0.0.1 --port "$port" "$@" --json client.json --force \
		>client.txt 2>&1 </dev/null
}

# "connection digest" of every reader, in order.
digests() { tr -d '\n' <client.json | grep -o '"id": *[0-9]*,[^}]*"digest": *[0-9]*' | sed 's/"id": *\([0-9]*\).*"digest": */\1 /' | sort -n; }

all_have_all() { [ "$(grep -c '"deliveries": *580,\{0,1\}' client.json)" -ge 30 ]; }

# Nothing is slow: what each receiver gets, whatever the order in which it comes, is the same with both methods.
sets() {
	local method delivery seconds
	for delivery in direct log; do
		for method in lt et; do
			# On a busy machine it takes longer until all have all.
			for seconds in 1 4 16; do
				serve --method "$method" --delivery "$delivery"
				load --conns 30 --messages 20 --window 4 --duration "$seconds" --warmup 500ms --seed 7
				leave
				digests >"$delivery-$method"
				all_have_all && break
			done
			[ "$(wc -l <"$delivery-$method")" = 30 ] || fail "$delivery $method: not 30 digests: $(cat client.txt)"
			all_have_all || fail "$delivery $method: not all got 29 times 20 messages: $(cat client.txt)"
		done
		cmp "$delivery-lt" "$delivery-et" || fail "lt and et delivered different sets ($delivery)"
	done
	cmp direct-lt log-lt || fail "direct and log delivered different sets"
	[ "$(cut -d' ' -f2 direct-lt | sort -u | wc -l)" = 30 ] || fail "receivers have the same digest, and must not: each lacks its own messages"
}

# Waits until COMMAND... succeeds.
await() { # WHAT COMMAND...
	local what=$1
	shift
	for ((n = 0; n < 2000; n++)); do
		"$@" && return
		sleep 0.01
	done
	fail "$what: waited in vain"
}

people_count=100
hears_load() { grep -aq '^~m' "heard-$1"; }
hears_others() { [ "$(grep -ac 'said' "heard-$1")" = $((people_count - 1)) ]; }

# One more person: what is written to ${mouth[i]} is said, what is heard goes to heard-i.  By nc where that is here.
person() { # I
	if command -v nc >/dev/null; then
		mkfifo "mouth-$1"
		exec {mouth[$1]}<>"mouth-$1"
		nc 127.0.0.1 "$port" <"mouth-$1" >"heard-$1" &
	else
		exec {mouth[$1]}<>"/dev/tcp/127.0.0.1/$port"
		cat <&"${mouth[$1]}" >"heard-$1" &
	fi
	ears+=($!)
}

# A hundred people beside a load client: they hear each other and the load, and nobody's escape sequences.
people() {
	local i client ears=() mouth=()
	serve --method et --loops 2
	load --conns 20 --rate 1 --duration 80s --warmup 0 &
	client=$!
	for ((i = 0; i < people_count; i++)); do person "$i"; done
	for ((i = 0; i < people_count; i++)); do await "person $i hears the load" hears_load "$i"; done
	for ((i = 0; i < people_count; i++)); do printf '\033[2J\0\007 said %d\n' "$i" >&"${mouth[i]}"; done
	for ((i = 0; i < people_count; i++)); do await "person $i hears the $((people_count - 1)) others" hears_others "$i"; done
	kill "$client" "${ears[@]}"
	wait "$client" "${ears[@]}" 2>/dev/null
	leave
	for ((i = 0; i < people_count; i++)); do
		LC_ALL=C grep -aqP '[\x00-\x08\x0b-\x1f\x7f]' "heard-$i" && fail "control characters reached person $i"
	done
}

usage() {
	refuses() { # TEXT OPTIONS...
		local text=$1
		shift
		"$program" run chat --duration 100ms "$@" >out.txt 2>&1 </dev/null
		[ $? = 2 ] || fail "$*: not refused as wrong usage: $(cat out.txt)"
		grep -qF -- "$text" out.txt || fail "$*: does not say \"$text\" but: $(cat out.txt)"
	}
	refuses '--readers 11: more than --conns 10' --conns 10 --readers 11
	refuses '--queue 1K: smaller than the longest line' --queue 1K
	refuses '--msg-bytes 9000: longer than the longest line' --msg-bytes 9000
	refuses '--burst: needs --rate' --burst
	# More loops than CPUs: it runs, and says that they share.
	"$program" run chat --conns 10 --loops 5 --rate 50 --duration 300ms --warmup 50ms >out.txt 2>&1 </dev/null
	case $? in 0 | 3) ;; *) fail "five loops: $(cat out.txt)" ;; esac
	grep -q 'share a CPU' out.txt || fail "five loops do not say that they share CPUs: $(cat out.txt)"
	grep -q 'unexplained 0 (balanced)' out.txt || fail "five loops: $(cat out.txt)"
}

case $group in sets | people | usage) "$group" ;; *) fail "no group $group" ;; esac
[ "$failures" = 0 ]
