/* See endpoints.h. */
#include "engines/net/endpoints.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/net/choose.h"
#include "mode/path.h"

enum { DEFAULT_PORT = 5000 };

/* Can a socket be bound there?  Tells "no IPv6 on this machine" from everything else. */
static bool family_works(const struct plan *plan, int type, const union net_address *a)
{
	union net_address any_port = *a;
	struct err ignored = ERR_NONE;
	int fd = path_socket(plan, ROLE_SERVER, a->sa.sa_family, type, 0, &ignored);

	/* anything else will be said where the socket is needed */
	if (fd < 0)
		return fd != -EAFNOSUPPORT;
	net_set_port(&any_port, 0);
	bool works = bind(fd, &any_port.sa, net_address_bytes(a)) == 0 || (errno != EADDRNOTAVAIL && errno != EAFNOSUPPORT);
	close(fd);
	return works;
}

/* Is the address of a family that this machine has?  IPv6 may be there and switched off: then only
 * its loopback address tells. */
static bool family_is_here(const struct plan *plan, int type, const union net_address *a)
{
	union net_address any = { .sa.sa_family = a->sa.sa_family };

	return family_works(plan, type, net_is_loopback(a) ? a : &any);
}

static int check_family(const struct plan *plan, int type, const union net_address *a, const char *option, struct err *err)
{
	char text[NET_ADDRESS_TEXT];

	if (family_is_here(plan, type, a))
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

/* -4, -6 */
static int family_of(const struct options *o)
{
	return options_number(o, "ipv4") ? AF_INET : options_number(o, "ipv6") ? AF_INET6 : AF_UNSPEC;
}

static int listen_there(const struct options *o, struct plan *plan, struct endpoints *e, const union net_address *a,
	const char *text, struct err *err)
{
	if (e->listens == ENDPOINTS_LISTEN_MAX)
		return err_say(err, EINVAL, "--listen %s: at most %d addresses", options_text(o, "listen"), ENDPOINTS_LISTEN_MAX);
	for (unsigned i = 0; i < e->listens; i++)
		if (net_same_host(a, &e->listen[i]))
			return err_say(err, EINVAL, "--listen %s: %s stands there twice", options_text(o, "listen"), text);
	warn_open(plan, a);
	e->listen[e->listens++] = *a;
	return 0;
}

/* One word of --listen: a literal, or a name, and then all addresses that it has and that this
 * machine can have. */
static int plan_listen_one(
	const struct options *o, struct plan *plan, struct endpoints *e, const char *text, unsigned port, struct err *err)
{
	union net_address a[NET_ADDRESSES_MAX];
	bool given = options_is_given(o, "listen"), any = false;
	struct err ignored = ERR_NONE;
	int count = net_resolve_all(text, "listen", port, family_of(o), a, NET_ADDRESSES_MAX, given ? err : &ignored);

	/* Of the default's addresses -4 and -6 leave one. */
	if (count < 0)
		return given ? count : 0;
	for (int i = 0; i < count; i++) {
		if (!family_works(plan, e->type, &a[i]))
			continue;
		int rc = listen_there(o, plan, e, &a[i], text, err);
		if (rc < 0)
			return rc;
		any = true;
	}
	if (any)
		return 0;
	if (given)
		return check_family(plan, e->type, &a[0], "listen", err);
	plan_note(plan, "this machine has no %s: servers do not listen on %s", text[0] == ':' ? "IPv6" : "IPv4", text);
	return 0;
}

static int plan_listen(const struct options *o, struct plan *plan, struct endpoints *e, unsigned port, struct err *err)
{
	char *list = strdup(options_text(o, "listen")), *rest = list, *one;
	int rc = 0;

	if (!list)
		return err_sys(err, ENOMEM, "plan addresses");
	while (rc >= 0 && (one = strsep(&rest, ", ")))
		if (*one)
			rc = plan_listen_one(o, plan, e, one, port, err);
	free(list);
	if (rc >= 0 && !e->listens)
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

/* The addresses of --host whose family this machine has; returns how many. */
static int find_addresses(const struct options *o, const struct plan *plan, const struct endpoints *e, unsigned port,
	union net_address a[NET_ADDRESSES_MAX], struct err *err)
{
	const char *host = options_text(o, "host"), *here = family_of(o) == AF_INET6 ? "::1" : "127.0.0.1";
	int count = net_resolve_all(*host ? host : here, "host", port, family_of(o), a, NET_ADDRESSES_MAX, err), kept = 0;

	for (int i = 0; i < count; i++)
		if (family_is_here(plan, e->type, &a[i]))
			a[kept++] = a[i];
	if (count < 0 || kept)
		return count < 0 ? count : kept;
	return check_family(plan, e->type, &a[0], "host", err);
}

/* With both ends here: the first that is an address of this host. */
static int find_host(const struct options *o, const struct plan *plan, struct endpoints *e, unsigned port, struct err *err)
{
	union net_address a[NET_ADDRESSES_MAX];
	int count = find_addresses(o, plan, e, port, a, err), i = 0;

	if (count < 0)
		return count;
	while (i + 1 < count && !net_is_here(&a[i]))
		i++;
	e->host = net_is_here(&a[i]) ? a[i] : a[0];
	return 0;
}

/* Both ends here: the servers bind what --host says, or what --listen says and that must have
 * --host in it. */
static int plan_both(const struct options *o, struct plan *plan, struct endpoints *e, unsigned port, struct err *err)
{
	const char *host = options_text(o, "host");
	bool listen_given = options_is_given(o, "listen");
	int rc = listen_given ? plan_listen(o, plan, e, port, err) : 0;

	if (rc < 0)
		return rc;
	e->host_is_ours = true;
	if (listen_given && !*host) {
		reach(&e->listen[0], &e->host);
		return 0;
	}
	rc = find_host(o, plan, e, port, err);
	if (rc < 0)
		return rc;
	if (!net_is_here(&e->host))
		return err_say(err, EINVAL, "--host %s: not an address of this host (--role client measures another one)", host);
	if (!listen_given) {
		e->listen[e->listens++] = e->host;
		warn_open(plan, &e->host);
		return 0;
	}
	for (unsigned i = 0; i < e->listens; i++)
		if (net_same_host(&e->listen[i], &e->host) ||
			(net_is_any(&e->listen[i]) && e->listen[i].sa.sa_family == e->host.sa.sa_family))
			return 0;
	return err_say(err, EINVAL, "--host %s: the servers do not listen there (--listen %s)", host, options_text(o, "listen"));
}

static int plan_client_host(const struct options *o, struct plan *plan, struct endpoints *e, unsigned port, struct err *err)
{
	union net_address a[NET_ADDRESSES_MAX];
	int rc = find_addresses(o, plan, e, port, a, err);

	if (rc >= 0)
		e->host = a[net_choose(a, (unsigned)rc, e->type)];
	return rc < 0 ? rc : 0;
}

/* A path with addresses of its own has both ends here. */
static int plan_path_address(const struct options *o, struct plan *plan, struct endpoints *e, unsigned port, struct err *err)
{
	struct sockaddr_storage there = { 0 };

	if (plan_role(o) != ROLE_BOTH)
		return err_say(err, EINVAL, "--path %s: needs both ends here (--role both)", plan->path->name);
	if (options_is_given(o, "listen") || *options_text(o, "host"))
		return err_say(
			err, EINVAL, "--path %s: has addresses of its own, takes no --listen and no --host", plan->path->name);
	plan->path->address(ROLE_SERVER, family_of(o) == AF_INET6 ? AF_INET6 : AF_INET, &there);
	memcpy(&e->host, &there, sizeof(e->host));
	net_set_port(&e->host, port);
	e->listen[e->listens++] = e->host;
	e->host_is_ours = true;
	return 0;
}

/* One end here: is the other on another host? */
static int reach_one(const struct options *o, const struct endpoints *e, struct plan *plan, struct err *err)
{
	bool client = plan_role(o) == ROLE_CLIENT, elsewhere = client && !net_is_here(&e->host);
	const union net_address *at = &e->host;
	char text[NET_ADDRESS_TEXT], why[NET_ADDRESS_TEXT + 64];

	for (unsigned i = 0; i < e->listens && !elsewhere; i++) {
		at = &e->listen[i];
		elsewhere = !net_is_loopback(at);
	}
	snprintf(why, sizeof(why), client ? "--host %s is another host" : "other hosts can reach the servers on %s",
		net_format_host(at, text, sizeof(text)));
	return path_reach(o, elsewhere, why, plan, err);
}

static int plan_addresses(const struct options *o, struct plan *plan, struct endpoints *e, unsigned port, struct err *err)
{
	enum role role = plan_role(o);

	if (plan->path->address)
		return plan_path_address(o, plan, e, port, err);
	if (role == ROLE_BOTH)
		return plan_both(o, plan, e, port, err);
	int rc = role == ROLE_SERVER ? plan_listen(o, plan, e, port, err) : plan_client_host(o, plan, e, port, err);
	return rc < 0 ? rc : reach_one(o, e, plan, err);
}

int endpoints_plan(const struct options *o, int type, struct plan *plan, struct endpoints *ret_endpoints, struct err *err)
{
	enum role role = plan_role(o);
	unsigned port = options_is_set(o, "port") ? (unsigned)options_number(o, "port") : role == ROLE_BOTH ? 0 : DEFAULT_PORT;
	struct endpoints e = { .type = type };

	if (options_number(o, "ipv4") && options_number(o, "ipv6"))
		return err_say(err, EINVAL, "--ipv4 and --ipv6: one of them");
	int rc = plan_addresses(o, plan, &e, port, err);

	if (rc < 0)
		return rc;
	const union net_address *traffic = role & ROLE_CLIENT ? &e.host : &e.listen[0];

	plan->address_family = traffic->sa.sa_family;
	if (plan->path->interface)
		snprintf(plan->interface, sizeof(plan->interface), "%s", plan->path->interface);
	else
		net_interface(traffic, plan->interface, sizeof(plan->interface));
	if (role == ROLE_CLIENT)
		ports_add(&plan->ports, port, port);
	*ret_endpoints = e;
	return 0;
}

void endpoints_fragments(struct plan *plan, const union net_address *to, uint32_t datagram_bytes)
{
	struct err ignored = ERR_NONE;
	int fd = path_socket(plan, ROLE_CLIENT, to->sa.sa_family, SOCK_DGRAM, 0, &ignored);

	if (fd < 0)
		return;
	if (connect(fd, &to->sa, net_address_bytes(to)) == 0)
		plan_fragments(plan, net_fragments(fd, datagram_bytes));
	close(fd);
}

void endpoints_publish(struct endpoints *e, struct plan *plan)
{
	unsigned port = net_port(&e->listen[0]);

	ports_add(&plan->ports, port, port);
	if (e->host_is_ours)
		net_set_port(&e->host, port);
	net_format(e->host_is_ours ? &e->host : &e->listen[0], plan->peer, sizeof(plan->peer));
}
