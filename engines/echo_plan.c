/* Mode echo: the plan of a run.  Main thread.
 *
 * Receive buffers, where --rcvbuf does not say: as large as net.core.rmem_max allows, up to 4 MiB or what a full window needs, so that a closed loop loses nothing.  Buffers
 * are a limit, not memory set aside. */
#include "engines/echo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/procnet.h"
#include "engines/engines.h"

enum {
	DEFAULT_PORT = 5000,
	RCVBUF_BYTES = 4 << 20,
	RCVBUF_MAX_BYTES = 1 << 30,
	SKB_OVERHEAD_BYTES = 1024, /* about what the kernel charges a small datagram beyond its length */
};

static int plan_methods(const struct options *o, struct plan *plan, struct err *err)
{
	const struct method *server = NULL, *client = NULL;
	enum role role = plan_role(o);
	int rc = 0;

	if (role & ROLE_SERVER)
		rc = plan_method(&engine_echo, o, ROLE_SERVER, &server, err);
	if (rc >= 0 && (role & ROLE_CLIENT))
		rc = plan_method(&engine_echo, o, ROLE_CLIENT, &client, err);
	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < plan->workers; i++)
		plan->worker[i].method = plan->worker[i].role == ROLE_SERVER ? server : client;
	if (server && client && server != client)
		snprintf(plan->ran, sizeof(plan->ran), "%.11s/%.11s", server->name, client->name);
	else
		snprintf(plan->ran, sizeof(plan->ran), "%s", (server ? server : client)->name);
	return 0;
}

static void count_roles(const struct plan *plan, struct echo_shared *s)
{
	for (unsigned i = 0; i < plan->workers; i++) {
		s->servers += plan->worker[i].role == ROLE_SERVER;
		s->clients += plan->worker[i].role == ROLE_CLIENT;
	}
}

/* Can a socket be bound there?  Tells "no IPv6 on this machine" from everything else. */
static bool family_works(const struct plan *plan, const union net_address *a)
{
	union net_address any_port = *a;
	struct err ignored = ERR_NONE;
	int fd = plan->path->socket(plan->path, ROLE_SERVER, a->sa.sa_family, SOCK_DGRAM, 0, &ignored);

	if (fd < 0)
		return false;
	net_set_port(&any_port, 0);
	bool works = bind(fd, &any_port.sa, net_address_bytes(a)) == 0 || (errno != EADDRNOTAVAIL && errno != EAFNOSUPPORT);
	close(fd);
	return works;
}

/* Is the address of a family that this machine does not have?  IPv6 may be there and switched off: then only its loopback address tells. */
static int check_family(const struct plan *plan, const union net_address *a, const char *option, struct err *err)
{
	char text[NET_ADDRESS_TEXT];
	union net_address any = { .sa.sa_family = a->sa.sa_family };

	if (family_works(plan, net_is_loopback(a) ? a : &any))
		return 0;
	return err_say(err, EINVAL, "--%s %s: this machine has no %s", option, net_format_host(a, text, sizeof(text)),
		a->sa.sa_family == AF_INET6 ? "IPv6" : "IPv4");
}

static void warn_open(struct plan *plan, const union net_address *a)
{
	char text[NET_ADDRESS_TEXT];

	if (!net_is_loopback(a))
		plan_note(plan, "servers listen on %s: other hosts can reach them", net_format_host(a, text, sizeof(text)));
}

/* One address of --listen. */
static int plan_listen_one(
	const struct options *o, struct plan *plan, struct echo_shared *s, const char *text, unsigned port, struct err *err)
{
	union net_address a;
	int rc;

	if (s->listens == ECHO_LISTEN_MAX)
		return err_say(err, EINVAL, "--listen %s: at most %d addresses", options_text(o, "listen"), ECHO_LISTEN_MAX);
	rc = net_resolve(text, "listen", port, &a, err);
	if (rc < 0)
		return rc;
	if (!options_is_given(o, "listen") && !family_works(plan, &a)) {
		plan_note(plan, "this machine has no %s: servers do not listen on %s", text[0] == ':' ? "IPv6" : "IPv4", text);
		return 0;
	}
	rc = check_family(plan, &a, "listen", err);
	for (unsigned i = 0; i < s->listens && rc >= 0; i++)
		if (net_same_host(&a, &s->listen[i]))
			rc = err_say(err, EINVAL, "--listen %s: %s stands there twice", options_text(o, "listen"), text);
	if (rc < 0)
		return rc;
	warn_open(plan, &a);
	s->listen[s->listens++] = a;
	return 0;
}

static int plan_listen(const struct options *o, struct plan *plan, struct echo_shared *s, unsigned port, struct err *err)
{
	char *list = strdup(options_text(o, "listen")), *rest = list, *one;
	int rc = 0;

	if (!list)
		return err_sys(err, ENOMEM, "plan echo");
	while (rc >= 0 && (one = strsep(&rest, ", ")))
		if (*one)
			rc = plan_listen_one(o, plan, s, one, port, err);
	free(list);
	if (rc >= 0 && !s->listens)
		rc = err_say(err, EINVAL, "--listen %s: no address", options_text(o, "listen"));
	return rc;
}

/* A wildcard is reached over loopback. */
static void reach(const union net_address *listen, union net_address *ret_host)
{
	*ret_host = *listen;
	if (!net_is_any(listen))
		return;
	if (listen->sa.sa_family == AF_INET)
		ret_host->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		ret_host->v6.sin6_addr = in6addr_loopback;
}

/* Both ends here: the servers bind what --host says, or what --listen says and that must have --host in it. */
static int plan_both(const struct options *o, struct plan *plan, struct echo_shared *s, unsigned port, struct err *err)
{
	const char *host = options_text(o, "host");
	bool listen_given = options_is_given(o, "listen");
	int rc = listen_given ? plan_listen(o, plan, s, port, err) : 0;

	if (rc < 0)
		return rc;
	s->host_is_ours = true;
	if (listen_given && !*host) {
		reach(&s->listen[0], &s->host);
		return 0;
	}
	rc = net_resolve(*host ? host : "127.0.0.1", "host", port, &s->host, err);
	if (rc >= 0)
		rc = check_family(plan, &s->host, "host", err);
	if (rc < 0)
		return rc;
	if (!net_is_here(&s->host))
		return err_say(err, EINVAL, "--host %s: not an address of this host (--role client measures another one)", host);
	if (!listen_given) {
		s->listen[s->listens++] = s->host;
		warn_open(plan, &s->host);
		return 0;
	}
	for (unsigned i = 0; i < s->listens; i++)
		if (net_same_host(&s->listen[i], &s->host) ||
			(net_is_any(&s->listen[i]) && s->listen[i].sa.sa_family == s->host.sa.sa_family))
			return 0;
	return err_say(err, EINVAL, "--host %s: the servers do not listen there (--listen %s)", host, options_text(o, "listen"));
}

static int plan_client_host(const struct options *o, struct plan *plan, struct echo_shared *s, unsigned port, struct err *err)
{
	const char *host = options_text(o, "host");
	int rc = net_resolve(*host ? host : "127.0.0.1", "host", port, &s->host, err);

	return rc < 0 ? rc : check_family(plan, &s->host, "host", err);
}

static int plan_addresses(const struct options *o, struct plan *plan, struct echo_shared *s, struct err *err)
{
	enum role role = plan_role(o);
	unsigned port = options_is_set(o, "port") ? (unsigned)options_number(o, "port") : role == ROLE_BOTH ? 0 : DEFAULT_PORT;
	int rc = role == ROLE_BOTH     ? plan_both(o, plan, s, port, err)
		 : role == ROLE_SERVER ? plan_listen(o, plan, s, port, err)
				       : plan_client_host(o, plan, s, port, err);
	if (rc < 0)
		return rc;
	const union net_address *traffic = role & ROLE_CLIENT ? &s->host : &s->listen[0];
	bool six = traffic->sa.sa_family == AF_INET6;

	plan->address_family = traffic->sa.sa_family;
	plan->wire_overhead_bytes = six ? 62 : 42;
	net_interface(traffic, plan->interface, sizeof(plan->interface));
	if (role == ROLE_CLIENT) {
		plan->ports[0] = port;
		plan->port_count = 1;
	}
	return 0;
}

static int plan_load(const struct options *o, struct plan *plan, struct echo_shared *s, struct err *err)
{
	s->payload_bytes = (uint32_t)options_number(o, "payload");
	s->flows = (unsigned)options_number(o, "flows");
	s->batch = (unsigned)options_number(o, "batch");
	s->seed = (uint64_t)options_number(o, "seed");
	s->verbatim = options_number(o, "verbatim");
	s->steer = (enum steer)options_number(o, "steer");
	s->open_loop = options_is_set(o, "rate");
	/* Only where both ends are here is it known what questions look like. */
	s->receive_bytes = s->clients && !s->verbatim ? (uint32_t)echo_datagram_bytes(s) : ECHO_DATAGRAM_MAX;
	if ((uint64_t)s->flows * s->clients > ECHO_FLOWS_MAX)
		return err_say(err, EINVAL, "--flows %u: out of range 1..%u (%u clients share %d flow ids)", s->flows,
			ECHO_FLOWS_MAX / s->clients, s->clients, ECHO_FLOWS_MAX);
	if (!s->clients)
		return 0;
	plan->closed_loop = !s->open_loop;
	plan->load_name = s->open_loop ? "rate" : "window";
	plan->load = (uint64_t)options_number(o, plan->load_name);
	plan->load_min = 1;
	plan->load_max = s->open_loop ? 100000000 : 65535;
	return 0;
}

/* The default holds what can be outstanding at one socket, in the unit of SO_RCVBUF: the kernel allows twice that, and charges each datagram its bookkeeping. */
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

static void plan_ledger(struct plan *plan, const struct echo_shared *s)
{
	bool clients = s->clients;

	plan->tx_roles = plan->rx_roles = clients ? ROLE_CLIENT : ROLE_SERVER;
	plan->tx_ledger = clients ? LEDGER_SENT : LEDGER_RECEIVED;
	plan->rx_ledger = clients ? LEDGER_RECEIVED : LEDGER_SENT;
	plan->expects_answers = clients;
	plan->host_places = 1u << PROCNET_SOFTNET_DROPPED | 1u << PROCNET_UDP_SNDBUF_ERRORS;
}

static int plan_cpus(const struct plan *plan, struct echo_shared *s, struct err *err)
{
	s->server_cpus = calloc(s->servers ? s->servers : 1, sizeof(*s->server_cpus));
	if (!s->server_cpus)
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
	plan->wait_spin = !strcmp(options_text(o, "wait"), "spin");
	if ((rc = plan_place(o, false, plan, err)) < 0 || (rc = plan_methods(o, plan, err)) < 0)
		return rc;
	count_roles(plan, s);
	if ((rc = plan_cpus(plan, s, err)) < 0 || (rc = plan_load(o, plan, s, err)) < 0)
		return rc;
	plan_buffers(o, s);
	plan_ledger(plan, s);
	return plan_addresses(o, plan, s, err);
}

void echo_release(struct plan *plan)
{
	struct echo_shared *s = plan->shared;

	if (s)
		free(s->server_cpus);
	free(s);
	plan->shared = NULL;
}
