/* Mode stream: the plan of a run.  Main thread. */
#include "engines/stream/plan.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/file.h"
#include "base/rng.h"
#include "engines/stream/uring_receive.h"
#include "engines/stream/worker.h"
#include "mode/path.h"

/* ---- options that do nothing ---- */

static bool stream_has_sender(const struct options *o)
{
	return plan_role(o) & (options_number(o, "reverse") ? ROLE_CLIENT : ROLE_SERVER);
}

static bool stream_is_without_sender(const struct options *o)
{
	return !stream_has_sender(o);
}

static bool stream_is_without_receiver(const struct options *o)
{
	return plan_role(o) != ROLE_BOTH && stream_has_sender(o);
}

static bool stream_is_reversed(const struct options *o)
{
	return options_number(o, "reverse");
}

static bool stream_is_not_reversed(const struct options *o)
{
	return !options_number(o, "reverse");
}

static const char to_the_sender[] = "the other end sends: give it there";

const struct option_rule stream_rules[] = {
	{ "rate", stream_is_without_sender, to_the_sender },
	{ "method", stream_is_without_sender, to_the_sender },
	{ "server-method", stream_is_reversed, "with --reverse clients send" },
	{ "client-method", stream_is_not_reversed, "servers send (--reverse turns it round)" },
	{ "receive", stream_is_without_receiver, "the other end receives: give it there" },
	{ 0 },
};

/* ---- workers ---- */

/* A connection has a worker at each end: as many of one role as of the other. */
static int plan_threads(const struct options *o, struct plan *plan, struct stream_shared *s, struct err *err)
{
	unsigned servers, clients;
	int rc = plan_place(o, false, plan, err);

	if (rc < 0)
		return rc;
	plan_count_roles(plan, &servers, &clients);
	if (options_is_set(o, "threads"))
		s->threads = (unsigned)options_number(o, "threads");
	else if (!servers || !clients)
		s->threads = servers + clients;
	else if (*options_text(o, "server-cpus") || *options_text(o, "client-cpus"))
		s->threads = servers > clients ? servers : clients;
	else
		s->threads = servers < clients ? servers : clients;
	if (s->threads > STREAM_THREADS_MAX)
		s->threads = STREAM_THREADS_MAX;
	return plan_spread(plan, s->threads, s->threads, err);
}

/* The sender's method is the run's; receivers all do the same. */
static int plan_sender(const struct options *o, struct plan *plan, struct stream_shared *s, struct err *err)
{
	enum role sender = s->server_sends ? ROLE_SERVER : ROLE_CLIENT;
	const struct method *method;
	int rc = plan_method(o->engine, o, sender, &method, err);

	if (rc < 0)
		return rc;
	s->method = tcp_sender_method_of(method);
	for (unsigned i = 0; i < plan->workers; i++)
		plan->worker[i].method = plan_role(o) & sender ? method : NULL;
	if (plan_role(o) & sender)
		snprintf(plan->ran, sizeof(plan->ran), "%s", method->name);
	else
		snprintf(plan->ran, sizeof(plan->ran), "receive %s", options_text(o, "receive"));
	return 0;
}

/* ---- congestion control ---- */

static int plan_congestion(const struct options *o, struct plan *plan, struct stream_shared *s, struct err *err)
{
	const char *name = options_text(o, "congestion");
	char available[200];
	int fd, rc = 0;

	if (!*name)
		return 0;
	fd = path_socket(plan, ROLE_SERVER, plan->address_family, SOCK_STREAM, IPPROTO_TCP, err);
	if (fd < 0)
		return fd;
	if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, (socklen_t)strlen(name)) < 0)
		rc = -errno;
	close(fd);
	if (!rc && strlen(name) < sizeof(s->congestion)) {
		snprintf(s->congestion, sizeof(s->congestion), "%s", name);
		return 0;
	}
	if (rc == -EPERM) {
		file_read_line("/proc/sys/net/ipv4/tcp_allowed_congestion_control", available, sizeof(available));
		return err_say(err, EINVAL, "--congestion %s: only with CAP_NET_ADMIN; allowed to all: %s", name, available);
	}
	file_read_line("/proc/sys/net/ipv4/tcp_available_congestion_control", available, sizeof(available));
	return err_say(
		err, EINVAL, "--congestion %s: not available here; available: %s", name, *available ? available : "unknown");
}

/* ---- the rest ---- */

static int stream_plan_load(const struct options *o, struct plan *plan, struct stream_shared *s, struct err *err)
{
	char why[160];

	s->size = (uint64_t)options_number(o, "size");
	s->seed = (uint64_t)options_number(o, "seed");
	s->verify = options_number(o, "verify");
	s->discard = options_number(o, "receive") == STREAM_DISCARD;
	s->ring = options_number(o, "receive") == STREAM_URING;
	s->server_sends = !options_number(o, "reverse");
	s->open_loop = options_is_set(o, "rate") && plan_role(o) & (s->server_sends ? ROLE_SERVER : ROLE_CLIENT);
	s->both = plan_role(o) == ROLE_BOTH;
	s->rcvbuf_bytes = options_is_set(o, "rcvbuf") ? (int)options_number(o, "rcvbuf") : 0;
	s->sndbuf_bytes = options_is_set(o, "sndbuf") ? (int)options_number(o, "sndbuf") : 0;
	if (s->verify && s->discard)
		return err_say(err, EINVAL, "--verify: needs the bytes that --receive discard throws away");
	if (s->ring && !stream_is_without_receiver(o) && !stream_uring.runs(why, sizeof(why)))
		return err_say(err, EINVAL, "--receive uring does not run here: %s", why);
	plan->closed_loop = !s->open_loop;
	if (!s->open_loop)
		return 0;
	plan->load_name = "rate";
	plan->load = (uint64_t)options_number(o, "rate");
	plan->load_min = 1;
	plan->load_max = 100000000;
	return 0;
}

/* With one role the sender's headline is what the other end's kernel has acknowledged. */
static void stream_plan_ledger(const struct options *o, struct plan *plan, const struct stream_shared *s)
{
	enum role sender = s->server_sends ? ROLE_SERVER : ROLE_CLIENT, here = plan_role(o);
	bool client_sends = here == ROLE_CLIENT && here == sender, client_receives = here == ROLE_CLIENT && here != sender;

	plan->tx_roles = sender;
	plan->rx_roles = here == sender ? sender : ROLE_BOTH & ~(unsigned)sender;
	plan->tx_ledger = s->both || client_sends ? LEDGER_SENT : LEDGER_NONE;
	plan->rx_ledger = s->both || client_receives ? LEDGER_RECEIVED : LEDGER_NONE;
	plan->needs_word = here == ROLE_CLIENT;
	plan->quiet_first = plan->flying = sender & (unsigned)here;
	plan->flying |= here == ROLE_CLIENT ? ROLE_CLIENT : 0; /* the server's word */
	plan->expects_answers = here & ROLE_CLIENT;
	plan->told = here == sender;
}

static void plan_latencies(struct plan *plan, const struct stream_shared *s)
{
	unsigned senders = s->server_sends ? ROLE_SERVER : ROLE_CLIENT;

	plan->unrecorded[STREAM_L_DELIVERY] = plan->unrecorded[STREAM_L_MESSAGE] = senders;
	plan->unrecorded[STREAM_L_LATENESS] = s->open_loop ? ROLE_BOTH & ~senders : ROLE_BOTH;
}

/* Tokens by which the run knows its own other end, and another process knows whether it shares this
 * kernel's clock. */
static void plan_identity(const struct options *o, struct stream_shared *s)
{
	if (plan_role(o) & ROLE_CLIENT && getrandom(&s->token, sizeof(s->token), 0) != sizeof(s->token))
		s->token = rng_mix((uint64_t)clock_now_ns() ^ (uint64_t)getpid());
	s->boot = net_clock_identity();
}

static void note_unknowns(const struct options *o, struct plan *plan, const struct stream_shared *s)
{
	if (s->size < STREAM_TIMED_BYTES)
		plan_note(plan, "delivery latency is unknown: messages of %llu bytes have no room for a time (from %d bytes on)",
			(unsigned long long)s->size, STREAM_TIMED_BYTES);
	if (plan_role(o) == ROLE_BOTH)
		return;
	if (plan_role(o) == (s->server_sends ? ROLE_SERVER : ROLE_CLIENT))
		plan_note(plan, "the receiver is another process: it measures the latencies; received is what its kernel has "
				"acknowledged");
	else
		plan_note(plan, "the sender is another process: what was sent, and lost, is told by it at the end");
}

/* Memory to be had without swapping; 0: unknown.  proc(5), Linux >= 3.14. */
static uint64_t memory_available(void)
{
	static const char key[] = "MemAvailable:";
	FILE *in = fopen("/proc/meminfo", "re");
	char line[128];
	uint64_t bytes = 0;

	while (in && !bytes && fgets(line, sizeof(line), in))
		if (!strncmp(line, key, sizeof(key) - 1))
			bytes = strtoull(line + sizeof(key) - 1, NULL, 10) * 1024;
	if (in)
		fclose(in);
	return bytes;
}

/* The kernel promises more memory than there is, and ends somebody when it is used: better to
 * say it before. */
static int plan_memory(const struct options *o, const struct stream_shared *s, struct err *err)
{
	uint64_t available = memory_available(), wanted = s->threads * (uint64_t)s->method->bytes(s->size);

	if (!(plan_role(o) & (s->server_sends ? ROLE_SERVER : ROLE_CLIENT)) || !available || wanted <= available)
		return 0;
	return err_say(err, ENOMEM, "--size %s, --threads %u: %s messages take %llu MiB, and %llu MiB are available here",
		options_text(o, "size"), s->threads, s->method->method.name, (unsigned long long)(wanted >> 20),
		(unsigned long long)(available >> 20));
}

static int plan_flows(struct stream_shared *s, struct err *err)
{
	s->flow = aligned_alloc(alignof(struct stream_flow), s->threads * sizeof(*s->flow));
	if (!s->flow)
		return err_sys(err, ENOMEM, "plan stream");
	memset(s->flow, 0, s->threads * sizeof(*s->flow));
	for (unsigned i = 0; i < s->threads; i++)
		atomic_init(&s->flow[i].measure_from, UINT64_MAX);
	return 0;
}

int stream_plan(const struct options *o, struct plan *plan, struct err *err)
{
	struct stream_shared *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return err_sys(err, ENOMEM, "plan stream");
	plan->shared = s;
	if ((rc = stream_plan_load(o, plan, s, err)) < 0 || (rc = plan_threads(o, plan, s, err)) < 0 ||
		(rc = plan_sender(o, plan, s, err)) < 0 || (rc = plan_memory(o, s, err)) < 0 || (rc = plan_flows(s, err)) < 0 ||
		(rc = endpoints_plan(o, SOCK_STREAM, plan, &s->at, err)) < 0 || (rc = plan_congestion(o, plan, s, err)) < 0)
		return rc;
	stream_plan_ledger(o, plan, s);
	plan_latencies(plan, s);
	plan_identity(o, s);
	note_unknowns(o, plan, s);
	return 0;
}

void stream_release(struct plan *plan)
{
	struct stream_shared *s = plan->shared;

	if (!s)
		return;
	for (unsigned i = 0; i < s->listeners; i++)
		net_close(s->listener[i]);
	free(s->flow);
	free(s);
	plan->shared = NULL;
}
