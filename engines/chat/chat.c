/* Mode chat: its options, methods and operations.  See engines/chat/shared.h; the counters are
 * counters.c. */
#include "engines/chat/chat.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "engines/chat/shared.h"
#include "mode/in_force.h"

/* ---- tables ---- */

enum { FORM = OPTION_RESTART | OPTION_FORM | OPTION_RESULT };

static const char *const no_or_yes[] = { "no", "yes", NULL };
static const char *const deliveries[] = { "direct", "log", NULL };
static const char *const slow_policies[] = {
	[SLOW_NEWEST] = "drop-newest", [SLOW_OLDEST] = "drop-oldest", [SLOW_DISCONNECT] = "disconnect", NULL
};

static const struct option_def chat_options[] = {
	{ .name = "conns",
		.type = OPTION_COUNT,
		.flags = FORM,
		.value_name = "N",
		.default_text = "100",
		.min = 2,
		.max = CHAT_CONNECTIONS_MAX,
		.help = "connections of the load client" },
	{ .name = "rate",
		.type = OPTION_DECIMAL,
		.flags = FORM | OPTION_RATE,
		.key = "rate_per_conn",
		.value_name = "MSGPS",
		.default_text = "",
		.min = 1,
		.max = 1000000ll * 1000,
		.unset_ok = true,
		.help = "open loop: messages/s of each connection, on an exact schedule (default: closed loop)" },
	{ .name = "window",
		.type = OPTION_COUNT,
		.flags = FORM,
		.value_name = "N",
		.default_text = "1",
		.min = 1,
		.max = 1000000,
		.help = "closed loop: messages of a connection that another one has not received yet" },
	{ .name = "msg-bytes",
		.type = OPTION_SIZE,
		.flags = FORM,
		.key = "message_bytes",
		.value_name = "BYTES",
		.default_text = "64",
		.min = CHAT_MESSAGE_MIN,
		.max = CHAT_LINE_MAX,
		.help = "bytes of a message, its line end included" },
	{ .name = "recv",
		.type = OPTION_CHOICE,
		.flags = FORM,
		.value_name = "yes|no",
		.choices = no_or_yes,
		.default_text = "yes",
		.help = "connections read what is sent to them" },
	{ .name = "readers",
		.type = OPTION_COUNT,
		.flags = FORM,
		.value_name = "K",
		.default_text = "",
		.min = 1,
		.max = CHAT_CONNECTIONS_MAX,
		.unset_ok = true,
		.help = "only so many of the connections read (default: all)" },
	{ .name = "burst",
		.type = OPTION_BOOL,
		.flags = FORM,
		.default_text = "no",
		.help = "all connections send at the same moment, not evenly spread (with --rate)" },
	{ .name = "messages",
		.type = OPTION_COUNT,
		.flags = FORM,
		.value_name = "N",
		.default_text = "",
		.min = 1,
		.max = 1ll << 30,
		.unset_ok = true,
		.help = "each connection sends so many messages, none of them in the warm-up (default: no end)" },
	{ .name = "ramp",
		.type = OPTION_COUNT,
		.flags = FORM,
		.value_name = "N",
		.default_text = "128",
		.min = 1,
		.max = 4096,
		.help = "connects of a client worker on their way at once" },
	{ .name = "loops",
		.type = OPTION_COUNT,
		.flags = FORM,
		.value_name = "N",
		.default_text = "1",
		.min = 1,
		.max = CHAT_LOOPS_MAX,
		.help = "event loops of the server, each with an epoll and a listener of its own" },
	{ .name = "delivery",
		.type = OPTION_CHOICE,
		.flags = FORM,
		.value_name = "HOW",
		.choices = deliveries,
		.default_text = "direct",
		.help = "direct: a send per message and receiver; log: a writev per receiver and tick" },
	{ .name = "tick",
		.type = OPTION_DURATION,
		.flags = FORM,
		.key = "tick_s",
		.value_name = "TIME",
		.default_text = "1ms",
		.min = 0,
		.max = NS_PER_S,
		.help = "delivery log: how long messages are gathered; 0: one turn of the loop" },
	{ .name = "queue",
		.type = OPTION_SIZE,
		.flags = FORM,
		.key = "queue_bytes",
		.value_name = "BYTES",
		.default_text = "256K",
		.min = 64,
		.max = 1ll << 30,
		.help = "bytes that may wait for one client" },
	{ .name = "slow",
		.type = OPTION_CHOICE,
		.flags = FORM,
		.value_name = "HOW",
		.choices = slow_policies,
		.default_text = "drop-oldest",
		.help = "a client whose queue is full: drop its newest or its oldest messages, or the client" },
	{ .name = "log",
		.type = OPTION_SIZE,
		.flags = FORM,
		.key = "log_bytes",
		.value_name = "BYTES",
		.default_text = "8M",
		.min = 4096,
		.max = 1ll << 32,
		.help = "bytes of messages that a loop keeps for its clients: the limit of their memory" },
	{ .name = "line-max",
		.type = OPTION_SIZE,
		.flags = FORM,
		.key = "line_max_bytes",
		.value_name = "BYTES",
		.default_text = "8K",
		.min = 64,
		.max = CHAT_LINE_MAX,
		.help = "longest line; who sends a longer one is told so and closed" },
	{ .name = "busy-poll",
		.type = OPTION_COUNT,
		.flags = FORM,
		.key = "busy_poll_us",
		.value_name = "USECS",
		.default_text = "",
		.min = 1,
		.max = 1000000,
		.unset_ok = true,
		.help = "ask the devices for packets so long before a loop sleeps (Linux 6.9; nothing on loopback; default: "
			"off)" },
	{ 0 },
};

static bool runs_anywhere(char *why, size_t size)
{
	if (size)
		why[0] = '\0';
	return true;
}

const struct method chat_lt = {
	.name = "lt",
	.summary = "level-triggered epoll: one read for each event",
	.probe = runs_anywhere,
};

const struct method chat_et = {
	.name = "et",
	.summary = "edge-triggered epoll: each client is read until nothing is left, turn by turn",
	.probe = runs_anywhere,
};

static const struct role_words loop_words = { "loop", "loop" }, load_words = { "load", "load" };

static const struct method *const chat_methods[] = { &chat_lt, &chat_et, NULL };

static bool chat_is_open_loop(const struct options *o)
{
	return options_is_set(o, "rate");
}

static bool chat_is_direct(const struct options *o)
{
	return !strcmp(options_text(o, "delivery"), "direct");
}

static const struct option_rule chat_rules[] = {
	{ "conns", option_without_clients, "it is the client's, and none runs here" },
	{ "rate", option_without_clients, "it is the client's, and none runs here" },
	{ "window", option_without_clients, "it is the client's, and none runs here" },
	{ "window", chat_is_open_loop, "--rate sends by a schedule, whatever is outstanding" },
	{ "msg-bytes", option_without_clients, "it is the client's, and none runs here" },
	{ "recv", option_without_clients, "it is the client's, and none runs here" },
	{ "readers", option_without_clients, "it is the client's, and none runs here" },
	{ "burst", option_without_clients, "it is the client's, and none runs here" },
	{ "messages", option_without_clients, "it is the client's, and none runs here" },
	{ "ramp", option_without_clients, "it is the client's, and none runs here" },
	{ "method", option_without_servers, "it is the server's, and none runs here" },
	{ "client-method", NULL, "the server has the method" },
	{ "loops", option_without_servers, "it is the server's, and none runs here" },
	{ "delivery", option_without_servers, "it is the server's, and none runs here" },
	{ "tick", option_without_servers, "it is the server's, and none runs here" },
	{ "tick", chat_is_direct, "--delivery direct gathers nothing" },
	{ "queue", option_without_servers, "it is the server's, and none runs here" },
	{ "slow", option_without_servers, "it is the server's, and none runs here" },
	{ "log", option_without_servers, "it is the server's, and none runs here" },
	{ "busy-poll", option_without_servers, "it is the server's, and none runs here" },
	{ 0 },
};

/* ---- operations ---- */

static bool serves(const struct worker *w)
{
	return w->self->role == ROLE_SERVER;
}

/* Of the messages' ledger what a client alone cannot know. */
static void chat_mark_unknown(struct worker *w)
{
	if (serves(w) || chat_shared_of(w)->both || chat_shared_of(w)->told)
		return;
	w->unknown |= 1ull << CHAT_C_MESSAGES_READ | 1ull << CHAT_C_MESSAGES_BEFORE | 1ull << CHAT_C_MESSAGES_FLYING |
		      1ull << CHAT_C_MESSAGES_LOST;
	snprintf(w->unknown_why, sizeof(w->unknown_why), "the server is another process");
}

static int chat_open(struct worker *w, struct err *err)
{
	int rc = serves(w) ? chat_server_open(w, err) : chat_load_open(w, err);

	chat_mark_unknown(w);
	return rc;
}

static int chat_poll(struct worker *w, struct err *err)
{
	return serves(w) ? chat_server_poll(w, err) : chat_load_poll(w, err);
}

static int chat_wait(struct worker *w, int64_t until_ns, struct err *err)
{
	return serves(w) ? chat_server_wait(w, until_ns, err) : chat_load_wait(w, until_ns, err);
}

static int chat_enter(struct worker *w, enum phase phase, struct err *err)
{
	return serves(w) ? chat_server_enter(w, phase, err) : chat_load_enter(w, phase, err);
}

static int chat_observe(struct worker *w, struct err *err)
{
	return serves(w) ? chat_server_observe(w, err) : chat_load_observe(w, err);
}

static void chat_close(struct worker *w)
{
	if (serves(w))
		chat_server_close(w);
	else
		chat_load_close(w);
}

const struct engine engine_chat = {
	.name = "chat",
	.title = "epoll chat",
	.summary = "an epoll broadcast server and its load",
	.built = true,
	.reliable = true,
	.connections = CHAT_C_CONNECTIONS,
	.server = &loop_words,
	.client = &load_words,
	.missing = "connections",
	.packets = "messages",
	.protocol = IPPROTO_TCP,
	.packet_rate = "msg/s",
	.delivery = "dlv",
	.options = chat_options,
	.rules = chat_rules,
	.counters = chat_counters,
	.figures = chat_figures,
	.latencies = chat_latencies,
	.details = &chat_details,
	.second_ledger = &chat_messages,
	.methods = chat_methods,
	.plan = chat_plan,
	.release = chat_release,
	.inherit = chat_inherit,
	.open = chat_open,
	.poll = chat_poll,
	.drain = chat_poll,
	.wait = chat_wait,
	.enter = chat_enter,
	.observe = chat_observe,
	.close = chat_close,
};
