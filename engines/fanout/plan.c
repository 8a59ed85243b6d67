/* Mode fanout: the plan of a run.  Main thread. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/file.h"
#include "base/procnet.h"
#include "base/rng.h"
#include "engines/fanout/fanout.h"
#include "engines/fanout/multicast.h"
#include "engines/udp/joined.h"
#include "engines/fanout/shared.h"

enum { FIRST_PORT = 1024, LAST_PORT = 65535 };

/* ---- workers ---- */

static void fanout_count_roles(const struct plan *plan, struct fanout_shared *s)
{
	s->reader_workers = s->writers = 0;
	for (unsigned i = 0; i < plan->workers; i++) {
		s->reader_workers += plan->worker[i].role == ROLE_SERVER;
		s->writers += plan->worker[i].role == ROLE_CLIENT;
	}
}

/* One writer unless more are asked for; no worker without a reader. */
static int fanout_plan_workers(const struct options *o, struct plan *plan, struct fanout_shared *s, struct err *err)
{
	bool several = options_is_set(o, "cores") || *options_text(o, "client-cpus");
	int rc = plan_place(o, false, plan, err);

	if (rc < 0)
		return rc;
	fanout_count_roles(plan, s);
	unsigned writers = several ? s->writers : 1, readers = s->reader_workers;
	writers = writers < s->readers || !s->readers ? writers : s->readers;
	readers = readers < s->readers ? readers : s->readers;
	return plan_spread(plan, readers, writers, err);
}

/* The writers' method is the run's; readers all receive alike, and only join a group or not. */
static int fanout_plan_the_method(const struct options *o, struct plan *plan, struct fanout_shared *s, struct err *err)
{
	enum role here = plan_role(o), role = here & ROLE_CLIENT ? ROLE_CLIENT : ROLE_SERVER;
	const struct method *method;
	int rc;

	if (here == ROLE_BOTH && *options_text(o, "server-method"))
		return err_say(err, EINVAL,
			"--server-method %s: readers all receive alike, only the writer has a method (--method)",
			options_text(o, "server-method"));
	rc = plan_method(&engine_fanout, o, role, &method, err);
	if (rc < 0)
		return rc;
	s->method = fanout_method_of(method);
	for (unsigned i = 0; i < plan->workers; i++)
		plan->worker[i].method = here & ROLE_CLIENT ? method : NULL;
	snprintf(plan->ran, sizeof(plan->ran), "%s", here & ROLE_CLIENT ? method->name : "read");
	return 0;
}

/* ---- addresses ---- */

static bool lo_switch(const char *name)
{
	static const char *const where[] = { "lo", "all" };
	char path[80], text[8] = "";

	for (unsigned i = 0; i < 2 && text[0] != '1'; i++) {
		snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/%s", where[i], name);
		file_read_line(path, text, sizeof(text));
	}
	return text[0] == '1';
}

/* Frames that come in over lo are thrown away where they are IPv4 and nobody has told the kernel
 * otherwise (engines/packet/route.h): where the user does not say where readers are, they are at
 * ::1 then. */
static bool prefers_six(const struct options *o, const struct plan *plan, const struct fanout_shared *s)
{
	bool anywhere = !*options_text(o, "host") && !options_is_given(o, "listen");

	return s->method->frames && s->both && anywhere && !plan->path->address &&
	       !(lo_switch("accept_local") && lo_switch("route_localnet"));
}

static int fanout_plan_endpoints(const struct options *o, struct plan *plan, struct fanout_shared *s, struct err *err)
{
	struct options six;
	int rc;

	if (!prefers_six(o, plan, s))
		return endpoints_plan(o, SOCK_DGRAM, plan, &s->at, err);
	if ((rc = options_copy(&six, o, err)) < 0)
		return rc;
	rc = options_set_default(&six, "host", "::1", err);
	if (rc >= 0)
		rc = endpoints_plan(&six, SOCK_DGRAM, plan, &s->at, err);
	options_free(&six);
	return rc;
}

static int fanout_plan_addresses(const struct options *o, struct plan *plan, struct fanout_shared *s, struct err *err)
{
	int rc = fanout_plan_endpoints(o, plan, s, err);

	if (rc < 0)
		return rc;
	if (!s->both && s->at.listens > 1 && options_is_given(o, "listen"))
		return err_say(err, EINVAL, "--listen %s: readers have one address", options_text(o, "listen"));
	plan->wire_overhead_bytes = plan->address_family == AF_INET6 ? 62 : 42;
	/* The hello's port, where there is one, and the readers' behind it. */
	if (s->at.listens && net_port(&s->at.listen[0]))
		s->next_port = net_port(&s->at.listen[0]) + 1;
	return s->method->multicast ? fanout_plan_group(o, plan, s, err) : 0;
}

static int fanout_plan_descriptors(const struct fanout_shared *s, struct err *err)
{
	unsigned first = s->next_port ? s->next_port : FIRST_PORT;
	int rc = net_allow_descriptors(s->readers * (s->method->connected ? 2 : 1), "readers", s->readers, err);

	if (rc >= 0 && !s->method->multicast && s->readers && s->readers > LAST_PORT + 1 - first)
		rc = err_say(err, EINVAL, "--readers %u: each needs a port, and there are %u from %u on", s->readers,
			LAST_PORT + 1 - first, first);
	return rc;
}

/* ---- traffic ---- */

static unsigned pool_threads(const struct options *o)
{
	struct cpu_list allowed;

	if (options_is_set(o, "pool"))
		return (unsigned)options_number(o, "pool");
	cpu_allowed(&allowed);
	return allowed.count < 2 ? 2 : allowed.count < UDP_THREADS_MAX ? allowed.count : UDP_THREADS_MAX;
}

static void fanout_plan_traffic(const struct options *o, struct plan *plan, struct fanout_shared *s)
{
	s->bytes = (uint32_t)options_number(o, "size");
	s->each = (unsigned)options_number(o, "datagrams");
	s->rounds = options_number(o, "sync") == 0;
	s->unique = options_number(o, "payload") == 0;
	s->paced = options_is_set(o, "rate");
	s->deadline_ns = options_number(o, "deadline");
	s->batch = (unsigned)options_number(o, "batch");
	s->threads = pool_threads(o);
	s->seed = (uint64_t)options_number(o, "seed");
	s->rcvbuf_bytes = options_is_set(o, "rcvbuf") ? (int)options_number(o, "rcvbuf") : 0;
	s->sndbuf_bytes = options_is_set(o, "sndbuf") ? (int)options_number(o, "sndbuf") : 0;
	plan->closed_loop = s->rounds && !s->paced && plan_role(o) & ROLE_CLIENT;
	s->paced &= plan_role(o) == ROLE_BOTH || plan_role(o) == ROLE_CLIENT;
	if (!s->paced)
		return;
	plan->load_name = "rate";
	plan->load = (uint64_t)options_number(o, "rate");
	plan->load_min = 1;
	plan->load_max = 100000000;
}

static void fanout_plan_ledger(struct plan *plan, const struct fanout_shared *s, unsigned here)
{
	/* One end here counts what the other one tells it. */
	plan->tx_roles = here & ROLE_CLIENT ? ROLE_CLIENT : ROLE_SERVER;
	plan->rx_roles = here & ROLE_SERVER ? ROLE_SERVER : ROLE_CLIENT;
	/* A multicast datagram is sent once: copies are counted apart. */
	plan->tx_ledger = LEDGER_NONE;
	plan->rx_ledger = LEDGER_RECEIVED;
	plan->quiet_first = plan->flying = here & ROLE_CLIENT;
	plan->expects_answers = here & ROLE_CLIENT;
	plan->told = here == ROLE_CLIENT;
	plan->rest = here == ROLE_CLIENT ? REST_ON_THE_PATH : REST_UNEXPLAINED;
	plan->host_places = 1u << PROCNET_SOFTNET_DROPPED | 1u << PROCNET_UDP_SNDBUF_ERRORS;
	plan->packet_copies = s->method && s->method->multicast ? s->readers : 1;
	plan->packet_joins = s->method && s->method->segments ? UDP_JOINED_MAX : 1;
}

static void fanout_plan_latencies(struct plan *plan, const struct fanout_shared *s, unsigned here)
{
	if (!s->rounds)
		plan->unrecorded[FANOUT_L_SPREAD] = ROLE_BOTH;
	if (s->bytes >= FANOUT_HEADER_BYTES || !(here & ROLE_CLIENT))
		return;
	plan->unrecorded[FANOUT_L_DELIVERY] = ROLE_BOTH;
	plan_note(plan, "the time from send to receive is unknown: datagrams of %u bytes have no room for it (from %d bytes on)",
		s->bytes, FANOUT_HEADER_BYTES);
}

static int fanout_plan_memory(struct fanout_shared *s, struct err *err)
{
	s->to = calloc(s->readers + 1, sizeof(*s->to));
	s->share = aligned_alloc(alignof(struct fanout_share), (s->reader_workers + 1) * sizeof(*s->share));
	s->desk = aligned_alloc(alignof(struct fanout_desk), (s->writers + 1) * sizeof(*s->desk));
	if (!s->to || !s->share || !s->desk)
		return err_sys(err, ENOMEM, "plan %u readers", s->readers);
	memset(s->share, 0, (s->reader_workers + 1) * sizeof(*s->share));
	memset(s->desk, 0, (s->writers + 1) * sizeof(*s->desk));
	for (unsigned i = 0; i < s->writers; i++)
		s->desk[i].bell = -1;
	if (getrandom(&s->token, sizeof(s->token), 0) != sizeof(s->token))
		s->token = (uint32_t)rng_mix((uint64_t)clock_now_ns() ^ (uint64_t)getpid());
	return 0;
}

static int fanout_plan_limits(const struct options *o, struct plan *plan, const struct fanout_shared *s, struct err *err)
{
	struct plan_demand demand = { .bytes_option = "size", .datagram_bytes = s->bytes };

	return plan_limit(o, &demand, plan, err);
}

int fanout_plan(const struct options *o, struct plan *plan, struct err *err)
{
	struct fanout_shared *s = aligned_alloc(alignof(struct fanout_shared), sizeof(*s));
	int rc;

	if (!s)
		return err_sys(err, ENOMEM, "plan fanout");
	memset(s, 0, sizeof(*s));
	plan->shared = s;
	s->both = plan_role(o) == ROLE_BOTH;
	/* Readers elsewhere say how many they are. */
	s->readers = plan_role(o) & ROLE_SERVER ? (unsigned)options_number(o, "readers") : 0;
	if (!s->readers && options_is_given(o, "readers"))
		return err_say(
			err, EINVAL, "--readers %s: the readers' own end says how many there are", options_text(o, "readers"));
	if (options_is_set(o, "duplicate"))
		return err_say(err, EINVAL, "--duplicate: readers of mode fanout could not tell a copy from another datagram");
	fanout_plan_traffic(o, plan, s);
	if ((rc = fanout_plan_workers(o, plan, s, err)) < 0 || (rc = fanout_plan_the_method(o, plan, s, err)) < 0)
		return rc;
	if ((rc = fanout_plan_addresses(o, plan, s, err)) < 0 || (rc = fanout_plan_limits(o, plan, s, err)) < 0)
		return rc;
	fanout_count_roles(plan, s);
	if ((rc = fanout_plan_descriptors(s, err)) < 0 || (rc = fanout_plan_memory(s, err)) < 0)
		return rc;
	fanout_plan_ledger(plan, s, plan_role(o));
	fanout_plan_latencies(plan, s, plan_role(o));
	return 0;
}

void fanout_release(struct plan *plan)
{
	struct fanout_shared *s = plan->shared;

	if (!s)
		return;
	fanout_gate_close(&s->gate);
	for (unsigned i = 0; s->desk && i < s->writers; i++)
		if (s->desk[i].bell >= 0)
			close(s->desk[i].bell);
	free(s->to);
	free(s->share);
	free(s->desk);
	free(s);
	plan->shared = NULL;
}
