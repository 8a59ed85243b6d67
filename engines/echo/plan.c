/* Mode echo: the plan of a run.  Main thread.
 *
 * Receive buffers, where --rcvbuf does not say: as large as net.core.rmem_max allows, up to 4
 * MiB or what a full window needs, so that a closed loop loses nothing.  Buffers are a limit,
 * not memory set aside. */
#include "engines/echo/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/procnet.h"
#include "base/rng.h"
#include "engines/echo/stages/stages.h"
#include "engines/udp/joined.h"

enum {
	RCVBUF_BYTES = 4 << 20,
	RCVBUF_MAX_BYTES = 1 << 30,
	/* about what the kernel charges a small datagram beyond its length */
	SKB_OVERHEAD_BYTES = 1024,
	WINDOW_JOINED = 1024, /* lets some packets be on their way while others are answered */
};

static int plan_methods(const struct options *o, struct plan *plan, struct echo_shared *s, struct err *err)
{
	const struct method *server = NULL, *client = NULL;
	enum role role = plan_role(o);
	int rc = 0;

	if (role & ROLE_SERVER)
		rc = plan_method(o->engine, o, ROLE_SERVER, &server, err);
	if (rc >= 0 && (role & ROLE_CLIENT))
		rc = plan_method(o->engine, o, ROLE_CLIENT, &client, err);
	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < plan->workers; i++)
		plan->worker[i].method = plan->worker[i].role == ROLE_SERVER ? server : client;
	s->ran[ROLE_SERVER] = server ? server->name : NULL;
	s->ran[ROLE_CLIENT] = client ? client->name : NULL;
	echo_name_ran(s, plan);
	return 0;
}

/* Only clients know the length of the datagrams; servers alone take whatever fits. */
static int plan_limits(const struct options *o, struct plan *plan, struct err *err)
{
	struct plan_demand demand = {
		.bytes_option = plan_role(o) & ROLE_CLIENT ? "payload" : NULL,
		.datagram_bytes = ECHO_HEADER_BYTES + (uint32_t)options_number(o, "payload"),
	};

	return plan_limit(o, &demand, plan, err);
}

static void echo_count_roles(const struct plan *plan, struct echo_shared *s)
{
	for (unsigned i = 0; i < plan->workers; i++) {
		s->servers += plan->worker[i].role == ROLE_SERVER;
		s->clients += plan->worker[i].role == ROLE_CLIENT;
	}
}

static int plan_addresses(const struct options *o, struct plan *plan, struct echo_shared *s, struct err *err)
{
	struct endpoints e;
	int rc = endpoints_plan(o, SOCK_DGRAM, plan, &e, err);

	if (rc < 0)
		return rc;
	s->listens = e.listens;
	memcpy(s->listen, e.listen, sizeof(s->listen));
	s->host = e.host;
	s->host_is_ours = e.host_is_ours;
	plan->wire_overhead_bytes = plan->address_family == AF_INET6 ? 62 : 42;
	return 0;
}

/* Flow ids are 15 bits; the first of a client's ids is a multiple of its sockets. */
static int check_flows(const struct options *o, const struct echo_shared *s, struct err *err)
{
	unsigned flows = (unsigned)options_number(o, "flows"), sockets = s->sockets * s->clients;

	if (sockets > ECHO_FLOWS_MAX)
		return err_say(err, EINVAL, "--sockets %u: out of range 1..%u (%u clients share %d flow ids)", s->sockets,
			ECHO_FLOWS_MAX / s->clients, s->clients, ECHO_FLOWS_MAX);
	if (sockets && flows > ECHO_FLOWS_MAX / sockets)
		return err_say(err, EINVAL, "--flows %u: out of range 1..%u (%u client sockets share %d flow ids)", flows,
			ECHO_FLOWS_MAX / sockets, sockets, ECHO_FLOWS_MAX);
	return 0;
}

/* Several sockets of a worker take a method that can go from one to the other, and descriptors. */
static int check_sockets(const struct plan *plan, const struct echo_shared *s, struct err *err)
{
	const struct method *m = s->clients ? plan->worker[s->servers].method : NULL;

	if (!m || s->sockets == 1)
		return 0;
	if (!udp_method_of(m)->many)
		return err_say(
			err, EINVAL, "--sockets %u: out of range 1..1 (method %s has one socket a worker)", s->sockets, m->name);
	return net_allow_descriptors(s->sockets * s->clients, "sockets", s->sockets, err);
}

/* A closed loop that is short of datagrams to join. */
static void echo_advise_window(const struct options *o, struct plan *plan, const struct echo_shared *s)
{
	const struct method *m = s->clients ? plan->worker[s->servers].method : NULL;
	struct udp_config config = { 0 };
	uint64_t outstanding = (uint64_t)options_number(o, "window") * s->flows;

	if (!m || s->open_loop || options_is_given(o, "window"))
		return;
	udp_config_join(&config, udp_method_of(m), o);
	if (config.gso && outstanding < WINDOW_JOINED)
		plan_note(plan, "--window %" PRIu64 " keeps method %s short: one packet can join %d datagrams (try --window %d)",
			outstanding, m->name, UDP_JOINED_MAX, WINDOW_JOINED);
}

static void echo_plan_load(const struct options *o, struct plan *plan, struct echo_shared *s)
{
	s->payload_bytes = (uint32_t)options_number(o, "payload");
	s->sockets = (unsigned)options_number(o, "sockets");
	s->flows = (unsigned)options_number(o, "flows") * s->sockets;
	s->batch = options_is_set(o, "batch") ? (unsigned)options_number(o, "batch") : 0;
	s->seed = (uint64_t)options_number(o, "seed");
	s->verbatim = options_number(o, "verbatim");
	s->verify = options_number(o, "verify");
	s->steer = (enum steer)options_number(o, "steer");
	s->open_loop = options_is_set(o, "rate");
	/* Only where both ends are here is it known what questions look like. */
	if (s->verbatim)
		s->receive_bytes = ECHO_VERBATIM_MAX;
	else
		s->receive_bytes = s->clients ? (uint32_t)echo_datagram_bytes(s) : ECHO_DATAGRAM_MAX;
	if (!s->clients)
		return;
	plan->closed_loop = !s->open_loop;
	plan->load_name = s->open_loop ? "rate" : "window";
	plan->load = (uint64_t)options_number(o, plan->load_name);
	plan->load_min = 1;
	plan->load_max = s->open_loop ? 100000000 : 65535;
}

/* The default holds what can be outstanding at one socket, in the unit of SO_RCVBUF: the kernel
 * allows twice that, and charges each datagram its bookkeeping. */
static void plan_buffers(const struct options *o, struct echo_shared *s)
{
	uint64_t window = s->open_loop || !s->clients ? 0 : (uint64_t)options_number(o, "window");
	uint64_t outstanding = window * s->flows * s->clients;
	uint64_t need = outstanding * (echo_datagram_bytes(s) * 2 + SKB_OVERHEAD_BYTES);

	s->rcvbuf_given = options_is_set(o, "rcvbuf");
	if (s->rcvbuf_given)
		s->rcvbuf_bytes = (int)options_number(o, "rcvbuf");
	else
		s->rcvbuf_bytes = need < RCVBUF_BYTES ? RCVBUF_BYTES : need < RCVBUF_MAX_BYTES ? (int)need : RCVBUF_MAX_BYTES;
	s->sndbuf_bytes = options_is_set(o, "sndbuf") ? (int)options_number(o, "sndbuf") : 0;
}

/* Does an end here join datagrams? */
static bool echo_joins(const struct options *o, const struct plan *plan)
{
	struct udp_config config = { 0 };

	for (unsigned i = 0; i < plan->workers && !config.gso; i++)
		udp_config_join(&config, udp_method_of(plan->worker[i].method), o);
	return config.gso;
}

static void echo_plan_ledger(const struct options *o, struct plan *plan, const struct echo_shared *s)
{
	bool clients = s->clients;

	plan->tx_roles = plan->rx_roles = clients ? ROLE_CLIENT : ROLE_SERVER;
	plan->tx_ledger = clients ? LEDGER_SENT : LEDGER_RECEIVED;
	plan->rx_ledger = clients ? LEDGER_RECEIVED : LEDGER_SENT;
	plan->quiet_first = plan->flying = clients ? ROLE_CLIENT : 0;
	plan->holding = clients && s->servers ? ROLE_SERVER : 0;
	plan->expects_answers = clients;
	plan->rest = clients && !s->servers ? REST_SOMEWHERE : REST_UNEXPLAINED;
	plan->host_places = 1u << PROCNET_SOFTNET_DROPPED | 1u << PROCNET_UDP_SNDBUF_ERRORS;
	plan->packet_joins = echo_joins(o, plan) ? UDP_JOINED_MAX : 1;
}

/* Only an open loop knows when a packet was due, so only there are these two recorded. */
static void plan_latencies(struct plan *plan, const struct echo_shared *s)
{
	if (!s->open_loop)
		plan->unrecorded[ECHO_L_RTT_SEND] = plan->unrecorded[ECHO_L_LATENESS] = ROLE_BOTH;
}

/* A method that is switched to on the dashboard may not be able to. */
static int plan_stages(const struct options *o, struct plan *plan, struct echo_shared *s, struct err *err)
{
	bool can = true;

	for (unsigned i = 0; i < plan->workers; i++)
		can = can && udp_method_of(plan->worker[i].method)->stamps;
	s->one_in = can ? (unsigned)options_number(o, "stages") : 0;
	if (!s->one_in)
		return 0;
	plan->stage_roles = s->clients ? ROLE_CLIENT : ROLE_SERVER;
	s->slots = calloc(s->clients + 1, sizeof(*s->slots));
	return s->slots ? 0 : err_sys(err, ENOMEM, "plan echo");
}

static int plan_cpus(const struct plan *plan, struct echo_shared *s, struct err *err)
{
	s->server_cpus = calloc(s->servers ? s->servers : 1, sizeof(*s->server_cpus));
	s->teller = calloc(s->servers ? s->servers : 1, sizeof(*s->teller));
	if (getrandom(&s->instance, sizeof(s->instance), 0) != sizeof(s->instance))
		s->instance = rng_mix((uint64_t)clock_now_ns() ^ (uint64_t)getpid());
	if (!s->server_cpus || !s->teller)
		return err_sys(err, ENOMEM, "plan echo");
	for (unsigned i = 0; i < s->servers; i++)
		s->server_cpus[i] = plan->worker[i].cpu;
	return 0;
}

int echo_plan(const struct options *o, struct plan *plan, struct err *err)
{
	struct echo_shared *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return err_sys(err, ENOMEM, "plan echo");
	plan->shared = s;
	if ((rc = plan_place(o, false, plan, err)) < 0 || (rc = plan_methods(o, plan, s, err)) < 0)
		return rc;
	if ((rc = plan_addresses(o, plan, s, err)) < 0 || (rc = plan_limits(o, plan, err)) < 0)
		return rc;
	echo_count_roles(plan, s);
	if ((rc = plan_cpus(plan, s, err)) < 0)
		return rc;
	echo_plan_load(o, plan, s);
	if ((rc = check_flows(o, s, err)) < 0 || (rc = check_sockets(plan, s, err)) < 0)
		return rc;
	plan_buffers(o, s);
	echo_advise_window(o, plan, s);
	echo_plan_ledger(o, plan, s);
	plan_latencies(plan, s);
	return plan_stages(o, plan, s, err);
}

void echo_release(struct plan *plan)
{
	struct echo_shared *s = plan->shared;

	if (s) {
		free(s->server_cpus);
		free(s->teller);
		free(s->slots);
	}
	free(s);
	plan->shared = NULL;
}
