/* Mode echo: scalable UDP echo.  What it counts and its options; the plan of a run is
 * plan.c, the two sides are server.c and client.c. */
#include "engines/echo/echo.h"

#include <string.h>

#include "engines/echo/client.h"
#include "engines/echo/plan.h"
#include "engines/echo/server.h"
#include "engines/echo/stages/stages.h"
#include "engines/udp/counters.h"
#include "engines/udp/xdp.h"
#include "mode/in_force.h"

/* ---- tables ---- */

static const char *const steers[] = { [STEER_FLOW] = "flow", [STEER_HASH] = "hash", [STEER_CPU] = "cpu", NULL };

enum { FORM = OPTION_RESTART | OPTION_FORM | OPTION_RESULT };

static const struct option_def echo_options[] = {
	{ .name = "payload",
		.type = OPTION_SIZE,
		.flags = FORM,
		.key = "payload_bytes",
		.value_name = "BYTES",
		.default_text = "64",
		.min = 0,
		.max = ECHO_PAYLOAD_MAX,
		.help = "bytes after the 16 bytes of header" },
	{ .name = "flows",
		.type = OPTION_COUNT,
		.flags = FORM,
		.value_name = "N",
		.default_text = "1",
		.min = 1,
		.max = ECHO_FLOWS_MAX,
		.help = "flows per client socket; all clients together have at most 32767" },
	{ .name = "sockets",
		.type = OPTION_COUNT,
		.flags = FORM,
		.value_name = "N",
		.default_text = "1",
		.min = 1,
		.max = ECHO_FLOWS_MAX,
		.help = "sockets per client worker, each with a source port of its own" },
	{ .name = "window",
		.type = OPTION_COUNT,
		.flags = FORM,
		.key = "window_packets",
		.value_name = "W",
		.default_text = "64",
		.min = 1,
		.max = 65535,
		.help = "closed loop: datagrams outstanding per flow" },
	{ .name = "rate",
		.type = OPTION_COUNT,
		.flags = FORM | OPTION_RATE,
		.key = "rate_pps",
		.value_name = "PPS",
		.default_text = "",
		.min = 1,
		.max = 100000000,
		.unset_ok = true,
		.help = "open loop: packets/s of all clients together, on an exact schedule (default: closed loop)" },
	{ .name = "steer",
		.type = OPTION_CHOICE,
		.flags = FORM,
		.value_name = "HOW",
		.choices = steers,
		.default_text = "flow",
		.help = "which server gets a datagram: by flow id, the kernel's hash, or the CPU it arrives on" },
	{ .name = "verbatim",
		.type = OPTION_BOOL,
		.flags = FORM,
		.default_text = "no",
		.help = "servers answer everything unchanged (RFC 862), for foreign clients; no protection against loops",
		.caution = "--verbatim: servers answer everything, and two of them that hear of each other answer for ever" },
	{ .name = "verify",
		.type = OPTION_BOOL,
		.flags = FORM,
		.default_text = "no",
		.help = "clients check every byte of an answer, and take the time of its send from their own memory" },
	{ .name = "batch",
		.type = OPTION_COUNT,
		.flags = FORM,
		.value_name = "N",
		.default_text = "",
		.min = 1,
		.max = UDP_BATCH_MAX,
		.unset_ok = true,
		.help = "datagrams per burst, fewer where N take more than 4 MiB (default: 32, 256 where they are joined)" },
	{ .name = "gso",
		.type = OPTION_CHOICE,
		.flags = FORM,
		.value_name = "HOW",
		.choices = udp_joining_choices,
		.default_text = "auto",
		.help = "join what is sent, many datagrams a packet; auto: method gso does" },
	{ .name = "gro",
		.type = OPTION_CHOICE,
		.flags = FORM,
		.value_name = "HOW",
		.choices = udp_joining_choices,
		.default_text = "auto",
		.help = "receive joined what arrives together; auto: method gso does" },
	{ .name = "sqpoll",
		.type = OPTION_BOOL,
		.flags = FORM,
		.default_text = "no",
		.help = "method uring: a thread of the kernel's takes what is sent without a call; its CPU time is counted" },
	UDP_XDP_MODE_OPTION,
	{ .name = "stages",
		.type = OPTION_COUNT,
		.flags = FORM,
		.key = "stages_one_in",
		.value_name = "N",
		.default_text = "",
		.min = 0,
		.max = 1000000,
		.unset_ok = true,
		.help = "latency by stage of one packet in N, by the kernel's times; costs a little of the rate (0: off; "
			"default: off)",
		.caution = "--stages: the kernel stamps all packets that arrive, and reports one in N that is sent: "
			   "the rate is lower than without" },
	{ 0 },
};

static bool echo_is_open_loop(const struct options *o)
{
	return options_is_set(o, "rate");
}

/* The methods, of the roles that run here, of which this does not hold; -1: one does not run here,
 * which is an error of its own. */
static int echo_methods_without(const struct options *o, bool (*holds)(const struct udp_method *m))
{
	const enum role roles[] = { ROLE_SERVER, ROLE_CLIENT };
	int without = 0;

	for (unsigned i = 0; i < 2; i++) {
		const struct method *m = NULL;
		struct err ignored = ERR_NONE;

		if (!(plan_role(o) & roles[i]))
			continue;
		if (plan_method(o->engine, o, roles[i], &m, &ignored) < 0)
			return -1;
		without += !holds(udp_method_of(m));
	}
	return without;
}

static bool method_joins_nothing(const struct udp_method *m)
{
	return m->joining == UDP_JOINS_NEVER;
}

/* Can no method of a role that runs here join datagrams? */
static bool echo_joins_nothing(const struct options *o)
{
	return echo_methods_without(o, method_joins_nothing) == 0;
}

static bool method_stamps(const struct udp_method *m)
{
	return m->stamps;
}

/* Both ends need the kernel's times, where both are here. */
static bool echo_stamps_nothing(const struct options *o)
{
	return echo_methods_without(o, method_stamps) > 0;
}

static const char joins_nothing[] = "the method sends and receives each datagram by itself";

/* Has no end that runs here this method? */
static bool echo_lacks_method(const struct options *o, const char *method)
{
	static const struct {
		enum role role;
		const char *method;
	} ends[] = { { ROLE_SERVER, "server-method" }, { ROLE_CLIENT, "client-method" } };

	for (unsigned i = 0; i < 2; i++) {
		const char *own = options_text(o, ends[i].method);

		if (plan_role(o) & ends[i].role && !strcmp(*own ? own : options_text(o, "method"), method))
			return false;
	}
	return true;
}

static bool echo_has_no_ring(const struct options *o)
{
	return echo_lacks_method(o, "uring");
}

static bool echo_has_no_frames(const struct options *o)
{
	return option_without_servers(o) || echo_lacks_method(o, "xdp");
}

static const struct option_rule echo_rules[] = {
	{ "stages", echo_stamps_nothing, "methods mmsg and single alone can ask for the kernel's times, at both ends" },
	{ "sqpoll", echo_has_no_ring, "only method uring has a ring" },
	{ "xdp-mode", echo_has_no_frames, "only a server of method xdp has frames" },
	{ "gso", echo_joins_nothing, joins_nothing },
	{ "gro", echo_joins_nothing, joins_nothing },
	{ "payload", option_without_clients, "it is the client's, and none runs here" },
	{ "flows", option_without_clients, "it is the client's, and none runs here" },
	{ "sockets", option_without_clients, "it is the client's, and none runs here" },
	{ "window", option_without_clients, "it is the client's, and none runs here" },
	{ "window", echo_is_open_loop, "--rate sends by a schedule, whatever is outstanding" },
	{ "rate", option_without_clients, "it is the client's, and none runs here" },
	{ "verify", option_without_clients, "it is the client's, and none runs here" },
	{ "steer", option_without_servers, "it is the server's, and none runs here" },
	{ "verbatim", option_without_servers, "it is the server's, and none runs here" },
	{ 0 },
};

enum {
	WIDE = SHOW_DRILL | SHOW_SUM | SHOW_CORE,
	EACH = SHOW_DRILL | SHOW_CORE,
	/* Servers count it; clients stand in the row to say that it is unknown where the servers
	 * are another process. */
	AT_SERVERS = ROLE_BOTH,
};

#define COUNTER(index) [index - COUNTER_OWN]

static const struct counter_def echo_counters[] = {
	COUNTER(ECHO_C_TX_ERRORS) = UDP_TX_ERRORS("datagrams"),
	COUNTER(ECHO_C_SERVER_SOCKET_DROPS) = UDP_SOCKET_DROPS("server", "srv buf", AT_SERVERS, LEDGER_LOST_ARRIVING),
	COUNTER(ECHO_C_REPLY_ERRORS) = { .name = "reply_errors",
		.title = "rep err",
		.unit = "packets",
		.roles = AT_SERVERS,
		.ledger = LEDGER_LOST,
		.server_ledger = LEDGER_LOST,
		.place = "server_reply_error",
		.place_title = "server reply error",
		.remedy = "full at sndbuf {sndbuf} · F2 raises it, wmem_max {wmem_max}",
		.show = WIDE,
		.help = "answers that the kernel refused to send for good, or had no room for until nobody waited for them any "
			"more" },
	COUNTER(ECHO_C_CLIENT_SOCKET_DROPS) = UDP_SOCKET_DROPS("client", "cli buf", ROLE_CLIENT, LEDGER_NONE),
	COUNTER(ECHO_C_LATE) = { .name = "late",
		.title = "late",
		.unit = "packets",
		.roles = ROLE_CLIENT,
		.ledger = LEDGER_LOST,
		.place = "late",
		.place_title = "late, after 1 s",
		.remedy = "answered too late · [ lowers the load",
		.show = WIDE,
		.help = "answers later than 1 s after the send" },
	COUNTER(ECHO_C_REFUSED) = UDP_REFUSED("nobody listens"),
	COUNTER(ECHO_C_CARRIED) = { .name = "carried",
		.title = "carried",
		.unit = "packets",
		.roles = ROLE_CLIENT,
		.ledger = LEDGER_CARRIED,
		.show = EACH,
		.help = "answers to datagrams sent before this phase, also among rx_packets" },
	COUNTER(ECHO_C_DUPLICATES) = { .name = "duplicates",
		.title = "dup",
		.unit = "packets",
		.roles = ROLE_CLIENT,
		.show = WIDE,
		.help = "answers to what had been answered" },
	COUNTER(ECHO_C_REORDERED) = { .name = "reordered",
		.title = "reorder",
		.unit = "packets",
		.roles = ROLE_CLIENT,
		.show = WIDE,
		.help = "answers that came after one to a newer datagram of the flow, also among rx_packets" },
	COUNTER(ECHO_C_STRAY) = { .name = "stray",
		.title = "stray",
		.unit = "packets",
		.roles = ROLE_CLIENT,
		.show = WIDE,
		.help = "datagrams that answer nothing we sent: unknown flow or counter, wrong length or time" },
	COUNTER(ECHO_C_DAMAGED) = { .name = "damaged",
		.title = "damaged",
		.unit = "packets",
		.roles = ROLE_CLIENT,
		.show = WIDE | SHOW_IF_ANY,
		.help = "answers whose time or payload is not what was sent (--verify), also among rx_packets",
		.judgement = { .reason = "{} answers were damaged on the way" } },
	COUNTER(ECHO_C_GIVEN_UP) = { .name = "given_up",
		.title = "gave up",
		.unit = "packets",
		.roles = ROLE_CLIENT,
		.show = EACH,
		.help = "taken for lost after 1 s without an answer; may still arrive, and is late then" },
	COUNTER(ECHO_C_TX_RETRIES) = UDP_TX_RETRIES,
	COUNTER(ECHO_C_REPLY_RETRIES) = { .name = "reply_retries",
		.title = "re again",
		.unit = "times",
		.retried = true,
		.roles = ROLE_SERVER,
		.show = EACH,
		.help = "times that the kernel had no room for an answer: kept and sent later, not lost" },
	COUNTER(ECHO_C_DROPPED_SHORT) = { .name = "dropped_short",
		.title = "short",
		.unit = "packets",
		.roles = ROLE_SERVER,
		.show = EACH,
		.help = "datagrams of less than 16 bytes: not answered" },
	COUNTER(ECHO_C_DROPPED_LONG) = { .name = "dropped_long",
		.title = "long",
		.unit = "packets",
		.roles = ROLE_SERVER,
		.show = EACH,
		.help = "datagrams longer than the server takes: not answered" },
	COUNTER(ECHO_C_DROPPED_REPLY) = { .name = "dropped_reply_bit",
		.title = "re bit",
		.unit = "packets",
		.roles = ROLE_SERVER,
		.show = EACH,
		.help = "datagrams whose reply bit is set: answering an answer could loop" },
	COUNTER(ECHO_C_DROPPED_PORT) = { .name = "dropped_low_port",
		.title = "low port",
		.unit = "packets",
		.roles = ROLE_SERVER,
		.show = EACH,
		.help = "datagrams from a source port below 1024 (verbatim: or the server's own): not answered" },
	COUNTER(ECHO_C_DROPPED_GROUP) = { .name = "dropped_group",
		.title = "group",
		.unit = "packets",
		.roles = ROLE_SERVER,
		.show = EACH,
		.help = "datagrams from a multicast, broadcast or unspecified address: not answered" },
	COUNTER(ECHO_C_TX_SKBS) = { .name = "tx_skbs",
		.title = "tx skb",
		.unit = "skbs",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "packets that the kernel was given: several datagrams each where they are joined (GSO)" },
	COUNTER(ECHO_C_RX_SKBS) = { .name = "rx_skbs",
		.title = "rx skb",
		.unit = "skbs",
		.roles = ROLE_BOTH,
		.show = WIDE,
		.help = "packets that the kernel handed over: several datagrams each where they are joined (GRO)" },
	COUNTER(ECHO_C_UNCUT) = { .name = "gso_refused",
		.title = "uncut",
		.unit = "times",
		.roles = ROLE_BOTH,
		.show = WIDE | SHOW_IF_ANY,
		.help = "sends of joined datagrams that the kernel would not cut: each goes by itself from then on",
		.judgement = { .caution = "the device would not cut joined datagrams (its MTU, or no checksum offload): "
					  "they were sent one by one" } },
	COUNTER(ECHO_C_SERVER_MORE_DROPS) = UDP_MORE_DROPS("server", "srv buf+", AT_SERVERS),
	COUNTER(ECHO_C_CLIENT_MORE_DROPS) = UDP_MORE_DROPS("client", "cli buf+", ROLE_CLIENT),
	COUNTER(ECHO_C_STARVED) = UDP_STARVED(ROLE_BOTH),
	COUNTER(ECHO_C_RECEIVES) = UDP_FILLED(WIDE),
	COUNTER(ECHO_C_REPORTS) = { .name = "reports",
		.title = "reports",
		.unit = "packets",
		.roles = ROLE_SERVER,
		.show = SHOW_DRILL | SHOW_CORE | SHOW_IF_ANY,
		.help = "questions of clients elsewhere for the server's counts, also among rx_packets" },
	COUNTER(ECHO_C_FAR_ARRIVED) = { .name = "far_arrived",
		.title = "far in",
		.unit = "packets",
		.roles = ROLE_CLIENT,
		.ledger = LEDGER_ARRIVED_THERE,
		.show = SHOW_DRILL | SHOW_CORE | SHOW_IF_ANY,
		.help = "datagrams that came to the server elsewhere, as it told after the run, those that its sockets dropped "
			"included" },
	COUNTER(ECHO_C_FAR_TOLD) = { .name = "far_told",
		.title = "far told",
		.unit = "",
		.kind = COUNTER_GAUGE,
		.roles = ROLE_CLIENT,
		.ledger = LEDGER_TOLD,
		.help = "1: the server elsewhere has told all that it counted" },
	COUNTER(ECHO_C_XDP_DROPS) = UDP_XDP_DROPS,
	UDP_FILL_COUNTERS(ECHO_C_FILL - COUNTER_OWN),
	COUNTER(ECHO_C_END) = { 0 },
};
_Static_assert((int)ECHO_C_END < (int)COUNTERS_MAX, "the counters fit");

/* The same figure of the clients, for each answer that they take, and of the servers, for each that
 * they send.  of: counters, ended by COUNTER_NONE. */
#define EACH_SIDE_SHOWN(shown, figure, head, in, line, words, ...)                                                               \
	{ .name = figure,                                                                                                        \
		.title = head,                                                                                                   \
		.unit = in,                                                                                                      \
		.numerator = { __VA_ARGS__ },                                                                                    \
		.denominator = COUNTER_RX_PACKETS,                                                                               \
		.scale = 1,                                                                                                      \
		.numerator_roles = ROLE_CLIENT,                                                                                  \
		.denominator_roles = ROLE_CLIENT,                                                                                \
		.show = shown,                                                                                                   \
		.why = line,                                                                                                     \
		.help = words " of the clients for each answer" },                                                               \
	{                                                                                                                        \
		.name = "server_" figure, .title = "s" head, .unit = in, .numerator = { __VA_ARGS__ },                           \
		.denominator = COUNTER_TX_PACKETS, .scale = 1, .numerator_roles = ROLE_SERVER, .denominator_roles = ROLE_SERVER, \
		.show = shown, .why = line, .help = words " of the servers for each answer"                                      \
	}
#define EACH_SIDE(...) EACH_SIDE_SHOWN(WIDE, __VA_ARGS__)

/* Datagrams of a packet, sent or received, or of a call. */
#define PER(figure, head, packets, below, workers, line, words)                                                           \
	{                                                                                                                 \
		.name = figure, .title = head, .unit = "datagrams", .numerator = { packets, COUNTER_NONE },               \
		.denominator = below, .scale = 1, .numerator_roles = workers, .denominator_roles = workers, .show = WIDE, \
		.why = line, .help = words                                                                                \
	}
#define PER_SKB(figure, head, packets, skbs, workers, line, words) \
	PER(figure, head, packets, skbs, workers, line, "datagrams of a packet that " words)

#define SENT_TOGETHER     "datagrams/skb sent"
#define RECEIVED_TOGETHER "datagrams/skb received"
#define BROUGHT           "datagrams/receive call"

static const struct figure_def echo_figures[] = {
	EACH_SIDE("syscalls_per_answer", "sys/ans", "calls", "system calls", "system calls", COUNTER_SYSCALLS, COUNTER_NONE),
	{ .name = "answers_per_wakeup",
		.title = "ans/wake",
		.unit = "packets",
		.numerator = { COUNTER_RX_PACKETS, COUNTER_NONE },
		.denominator = COUNTER_WAITS,
		.scale = 1,
		.numerator_roles = ROLE_CLIENT,
		.denominator_roles = ROLE_CLIENT,
		.show = WIDE,
		.help = "answers that a client takes for each time it slept" },
	{ .name = "questions_per_wakeup",
		.title = "qu/wake",
		.unit = "packets",
		.numerator = { COUNTER_RX_PACKETS, COUNTER_NONE },
		.denominator = COUNTER_WAITS,
		.scale = 1,
		.numerator_roles = ROLE_SERVER,
		.denominator_roles = ROLE_SERVER,
		.show = WIDE,
		.help = "datagrams that a server takes for each time it slept" },
	{ .name = "cpu_ns_per_answer",
		.title = "ns/ans",
		.unit = "ns",
		.numerator = { COUNTER_CPU_USER_NS, COUNTER_CPU_SYSTEM_NS, COUNTER_HELPER_CPU_NS },
		.denominator = COUNTER_RX_PACKETS,
		.scale = 1,
		.numerator_roles = ROLE_BOTH,
		.denominator_roles = ROLE_CLIENT,
		.show = SHOW_SUM | SHOW_DRILL,
		.help = "CPU time of the workers in this process for each answer" },
	{ .name = "tx_datagrams_per_skb",
		.title = "dg/tx",
		.unit = "datagrams",
		.numerator = { COUNTER_TX_PACKETS, COUNTER_NONE },
		.denominator = ECHO_C_TX_SKBS,
		.scale = 1,
		.numerator_roles = ROLE_CLIENT,
		.denominator_roles = ROLE_CLIENT,
		.show = WIDE,
		.why = SENT_TOGETHER,
		.help = "datagrams of a packet that the clients sent",
		.judgement = { .over = 1.05,
			.caution = "packets are application datagrams: {} per skb went through the kernel as one; "
				   "a wire would carry each as a packet of its own",
			.label = "datagrams, not wire packets" } },
	PER_SKB("server_tx_datagrams_per_skb", "sdg/tx", COUNTER_TX_PACKETS, ECHO_C_TX_SKBS, ROLE_SERVER, SENT_TOGETHER,
		"the servers sent"),
	PER_SKB("rx_datagrams_per_skb", "dg/rx", COUNTER_RX_PACKETS, ECHO_C_RX_SKBS, ROLE_CLIENT, RECEIVED_TOGETHER,
		"the clients received"),
	PER_SKB("server_rx_datagrams_per_skb", "sdg/rx", COUNTER_RX_PACKETS, ECHO_C_RX_SKBS, ROLE_SERVER, RECEIVED_TOGETHER,
		"the servers received"),
	PER("rx_datagrams_per_call", "dg/call", COUNTER_RX_PACKETS, ECHO_C_RECEIVES, ROLE_CLIENT, BROUGHT,
		"datagrams that a receive call of the clients brings, if it brings any"),
	PER("server_rx_datagrams_per_call", "sdg/call", COUNTER_RX_PACKETS, ECHO_C_RECEIVES, ROLE_SERVER, BROUGHT,
		"datagrams that a receive call of the servers brings, if it brings any"),
	EACH_SIDE_SHOWN(WIDE | SHOW_IF_ANY, "starved_per_answer", "star/ans", "times", "no buffer left",
		"times that the kernel had no buffer", ECHO_C_STARVED, COUNTER_NONE),
	EACH_SIDE("wakeups_per_answer", "wk/ans", "times", "wake-ups", "times that a worker slept", COUNTER_WAITS, COUNTER_NONE),
	EACH_SIDE("cpu_user_ns_per_answer", "usr/ans", "ns", "CPU ns, user", "CPU time in user space", COUNTER_CPU_USER_NS,
		COUNTER_NONE),
	EACH_SIDE("cpu_kernel_ns_per_answer", "ker/ans", "ns", "CPU ns, kernel", "CPU time in the kernel, and of helper threads,",
		COUNTER_CPU_SYSTEM_NS, COUNTER_HELPER_CPU_NS, COUNTER_NONE),
	EACH_SIDE("cycles_per_answer", "cyc/ans", "cycles", "cycles", "CPU cycles", COUNTER_CYCLES, COUNTER_NONE),
	EACH_SIDE("instructions_per_answer", "ins/ans", "instructions", "instructions", "instructions", COUNTER_INSTRUCTIONS,
		COUNTER_NONE),
	{ 0 },
};

static const struct latency_def echo_latencies[] = {
	[ECHO_L_RTT] = { .name = "rtt",
		.title = "RTT",
		.each_packet = true,
		.since = "schedule or send",
		.roles = ROLE_CLIENT,
		.help = "round trip, from when the datagram was due (open loop) or sent (closed loop)" },
	[ECHO_L_RTT_SEND] = { .name = "rtt_send",
		.title = "RTT from send",
		.since = "send",
		.roles = ROLE_CLIENT,
		.help = "round trip from the actual send; open loop only" },
	[ECHO_L_LATENESS] = { .name = "lateness",
		.title = "lateness",
		.since = "schedule",
		.roles = ROLE_CLIENT,
		.of_generator = true,
		.help = "how late the generator sent; open loop only" },
	{ 0 },
};

/* ---- the two sides ---- */

static bool is_server(const struct worker *w)
{
	return w->self->role == ROLE_SERVER;
}

static int echo_open(struct worker *w, struct err *err)
{
	return is_server(w) ? echo_server_open(w, err) : echo_client_open(w, err);
}

static int echo_poll(struct worker *w, struct err *err)
{
	return is_server(w) ? echo_server_poll(w, err) : echo_client_poll(w, err);
}

static int echo_wait(struct worker *w, int64_t until_ns, struct err *err)
{
	return is_server(w) ? echo_server_wait(w, until_ns, err) : echo_client_wait(w, until_ns, err);
}

static int echo_enter(struct worker *w, enum phase phase, struct err *err)
{
	return is_server(w) ? 0 : echo_client_enter(w, phase, err);
}

static int echo_observe(struct worker *w, struct err *err)
{
	return is_server(w) ? echo_server_observe(w, err) : echo_client_observe(w, err);
}

static void echo_close(struct worker *w)
{
	if (is_server(w))
		echo_server_close(w);
	else
		echo_client_close(w);
}

const struct engine engine_echo = {
	.name = "echo",
	.title = "UDP echo",
	.summary = "scalable UDP echo: a pinned worker and socket per core on each side",
	.built = true,
	.packets = "answers",
	.protocol = IPPROTO_UDP,
	.echo_header = true,
	.options = echo_options,
	.rules = echo_rules,
	.counters = echo_counters,
	.figures = echo_figures,
	.fill = ECHO_C_FILL,
	.fills = UDP_FILLS,
	.latencies = echo_latencies,
	.stages = echo_stages,
	.methods = udp_methods,
	.plan = echo_plan,
	.release = echo_release,
	.open = echo_open,
	.poll = echo_poll,
	.drain = echo_client_drain,
	.wait = echo_wait,
	.enter = echo_enter,
	.observe = echo_observe,
	.close = echo_close,
};
