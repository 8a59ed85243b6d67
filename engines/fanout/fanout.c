/* Mode fanout: its options and operations.  See engines/fanout/shared.h; the counters are
 * counters.c, the methods methods.c. */
#include "engines/fanout/fanout.h"

#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "engines/fanout/shared.h"
#include "engines/udp/xdp.h"
#include "mode/in_force.h"

enum { FORM = OPTION_RESTART | OPTION_FORM | OPTION_RESULT, READERS_MAX = 1000000 };

static const char *const syncs[] = { "round", "free", NULL };
static const char *const payloads[] = { "unique", "shared", NULL };

static const struct option_def fanout_options[] = {
	{ .name = "readers",
		.type = OPTION_COUNT,
		.flags = FORM,
		.value_name = "N",
		.default_text = "100",
		.min = 1,
		.max = READERS_MAX,
		.help = "reader sockets, each on a port of its own" },
	{ .name = "size",
		.type = OPTION_SIZE,
		.flags = FORM,
		.key = "size_bytes",
		.value_name = "BYTES",
		.default_text = "1500",
		.min = 1,
		.max = FANOUT_BYTES_MAX,
		.help = "bytes of a datagram" },
	{ .name = "sync",
		.type = OPTION_CHOICE,
		.flags = FORM,
		.value_name = "HOW",
		.choices = syncs,
		.default_text = "round",
		.help = "round: the next one begins when every reader has its datagram; free: the writer does not look back" },
	{ .name = "rate",
		.type = OPTION_COUNT,
		.flags = FORM | OPTION_RATE,
		.key = "rate_rounds_per_s",
		.value_name = "RPS",
		.default_text = "",
		.min = 1,
		.max = 100000000,
		.unset_ok = true,
		.help = "rounds/s, on an exact schedule (default: one after the other)" },
	{ .name = "payload",
		.type = OPTION_CHOICE,
		.flags = FORM,
		.value_name = "HOW",
		.choices = payloads,
		.default_text = "unique",
		.help = "unique: fresh bytes in each datagram; shared: only the first 16 bytes differ" },
	{ .name = "datagrams",
		.type = OPTION_COUNT,
		.flags = FORM,
		.key = "datagrams_per_reader",
		.value_name = "N",
		.default_text = "1",
		.min = 1,
		.max = 1000,
		.help = "datagrams that each reader gets in a round" },
	{ .name = "deadline",
		.type = OPTION_DURATION,
		.flags = FORM,
		.key = "deadline_s",
		.value_name = "TIME",
		.default_text = "100ms",
		.min = NS_PER_MS / 10,
		.max = 10ll * NS_PER_S,
		.help = "a round is given up so long after its last send; what then is missing is lost" },
	{ .name = "batch",
		.type = OPTION_COUNT,
		.flags = FORM,
		.value_name = "N",
		.default_text = "64",
		.min = 1,
		.max = UDP_BATCH_MAX,
		.help = "datagrams per burst, fewer where they are so long that N take more than 4 MiB" },
	{ .name = "pool",
		.type = OPTION_COUNT,
		.flags = FORM,
		.key = "pool_threads",
		.value_name = "N",
		.default_text = "",
		.min = 1,
		.max = UDP_THREADS_MAX,
		.unset_ok = true,
		.help = "threads that send for a writer (method threads; default: as many as CPUs, at least 2)" },
	{ .name = "group",
		.type = OPTION_TEXT,
		.flags = FORM,
		.value_name = "ADDRESS",
		.default_text = "",
		.unset_ok = true,
		.help = "multicast group that the readers join (method multicast; default: 239.255.78.68, over IPv6 "
			"ff02::4e44)" },
	UDP_XDP_MODE_OPTION,
	{ 0 },
};

static const struct role_words reader_words = { "reader", "rd" }, writer_words = { "writer", "wr" };

static bool reads(const struct worker *w)
{
	return w->self->role == ROLE_SERVER;
}

static int fanout_open(struct worker *w, struct err *err)
{
	return reads(w) ? fanout_reader_open(w, err) : fanout_writer_open(w, err);
}

static int fanout_poll(struct worker *w, struct err *err)
{
	return reads(w) ? fanout_reader_poll(w, err) : fanout_writer_poll(w, err);
}

static int fanout_wait(struct worker *w, int64_t until_ns, struct err *err)
{
	return reads(w) ? fanout_reader_wait(w, until_ns, err) : worker_ppoll(w, until_ns, err);
}

static int fanout_enter(struct worker *w, enum phase phase, struct err *err)
{
	return reads(w) ? fanout_reader_enter(w, phase, err) : fanout_writer_enter(w, phase, err);
}

static int fanout_observe(struct worker *w, struct err *err)
{
	return reads(w) ? fanout_reader_observe(w, err) : fanout_writer_observe(w, err);
}

static void fanout_close(struct worker *w)
{
	if (reads(w))
		fanout_reader_close(w);
	else
		fanout_writer_close(w);
}

/* The method's name, where the user has chosen one. */
static bool fanout_method_is(const struct options *o, const char *name)
{
	const char *own = options_text(o, option_without_clients(o) ? "server-method" : "client-method");

	return !strcmp(*own ? own : options_text(o, "method"), name);
}

static bool fanout_is_without_pool(const struct options *o)
{
	return option_without_clients(o) || !fanout_method_is(o, "threads");
}

static bool fanout_is_without_frames(const struct options *o)
{
	return option_without_clients(o) || !fanout_method_is(o, "xdp");
}

static bool fanout_is_without_group(const struct options *o)
{
	return !fanout_method_is(o, "multicast");
}

static bool fanout_is_not_awaited(const struct options *o)
{
	return option_without_clients(o) || !strcmp(options_text(o, "sync"), "free");
}

static const struct option_rule fanout_rules[] = {
	{ "readers", option_without_servers, "the readers' own end says how many there are" },
	{ "size", option_without_clients, "it is the writer's, and none runs here" },
	{ "sync", option_without_clients, "it is the writer's, and none runs here" },
	{ "rate", option_without_clients, "it is the writer's, and none runs here" },
	{ "payload", option_without_clients, "it is the writer's, and none runs here" },
	{ "datagrams", option_without_clients, "it is the writer's, and none runs here" },
	{ "deadline", fanout_is_not_awaited, "no round is awaited here" },
	{ "pool", fanout_is_without_pool, "only a writer's method threads has a pool" },
	{ "xdp-mode", fanout_is_without_frames, "only a writer's method xdp has frames" },
	{ "group", option_without_servers, "the readers' own end names it" },
	{ "group", fanout_is_without_group, "only method multicast has a group" },
	{ 0 },
};

const struct engine engine_fanout = {
	.name = "fanout",
	.title = "fan-out",
	.summary = "one UDP writer, many reader sockets",
	.built = true,
	.server = &reader_words,
	.client = &writer_words,
	.packets = "copies",
	.protocol = IPPROTO_UDP,
	.options = fanout_options,
	.rules = fanout_rules,
	.counters = fanout_counters,
	.figures = fanout_figures,
	.fill = FANOUT_C_FILL,
	.fills = UDP_FILLS,
	.latencies = fanout_latencies,
	.details = &fanout_details,
	.yardstick = "single",
	.methods = fanout_methods,
	.plan = fanout_plan,
	.release = fanout_release,
	.open = fanout_open,
	.poll = fanout_poll,
	.drain = fanout_writer_drain,
	.wait = fanout_wait,
	.enter = fanout_enter,
	.observe = fanout_observe,
	.close = fanout_close,
};
