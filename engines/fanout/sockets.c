/* See sockets.h. */
#include "engines/fanout/sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "engines/fanout/multicast.h"
#include "mode/path.h"

enum { PORT_LAST = 65535 };

int fanout_socket_set(int fd, int level, int option, int value, const char *name, struct err *err)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? err_sys(err, errno, "setsockopt %s", name) : 0;
}

int fanout_socket_bind(int fd, union net_address *a, struct err *err)
{
	char text[NET_ADDRESS_TEXT];
	socklen_t size = sizeof(*a);

	if (bind(fd, &a->sa, net_address_bytes(a)) < 0)
		return err_sys(err, errno, "bind %s", net_format(a, text, sizeof(text)));
	return getsockname(fd, &a->sa, &size) < 0 ? err_sys(err, errno, "getsockname") : 0;
}

/* ---- readers ---- */

static void note_port(struct worker *w, unsigned port)
{
	struct plan *plan = w->plan;

	if (!ports_add(&plan->ports, port, port) && !plan->notes[0][0])
		plan_note(plan, "the readers' ports are more than %d ranges: a capture shows only some of them", PORT_RANGES_MAX);
}

/* The ports behind the one before, without those that somebody else has. */
static int bind_next(struct worker *w, int fd, union net_address *a, struct err *err)
{
	struct fanout_shared *s = fanout_shared_of(w);
	struct err why = ERR_NONE;
	unsigned port = s->next_port;
	int rc = -EADDRINUSE;

	for (; rc == -EADDRINUSE && port && port <= PORT_LAST; port++) {
		net_set_port(a, port);
		why = ERR_NONE;
		rc = fanout_socket_bind(fd, a, &why);
	}
	if (rc == -EADDRINUSE && !options_is_set(w->options, "port")) {
		net_set_port(a, 0);
		why = ERR_NONE;
		rc = fanout_socket_bind(fd, a, &why);
	}
	if (rc < 0)
		return err_say(err, -rc, "%s", why.text[0] ? why.text : "no port is left for the readers behind --port");
	s->next_port = net_port(a) + 1;
	return 0;
}

int fanout_reader_socket(struct worker *w, unsigned reader, int *ret_fd, struct err *err)
{
	struct fanout_shared *s = fanout_shared_of(w);
	union net_address a = s->at.listen[0];
	int fd = path_socket(w->plan, ROLE_SERVER, a.sa.sa_family, SOCK_DGRAM, 0, err), rc = fd;

	/* Without it :: would also take IPv4's port. */
	if (rc >= 0 && a.sa.sa_family == AF_INET6)
		rc = fanout_socket_set(fd, SOL_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY", err);
	if (rc >= 0)
		rc = fanout_set_buffers(w, fd, err);
	if (rc >= 0)
		rc = s->method->multicast ? fanout_join(w, fd, &a, err) : bind_next(w, fd, &a, err);
	if (rc < 0) {
		if (fd >= 0)
			close(fd);
		return rc;
	}
	net_bound(fd);
	note_port(w, net_port(&a));
	if (!s->method->multicast && s->at.host_is_ours) {
		unsigned port = net_port(&a);

		a = s->at.host;
		net_set_port(&a, port);
	}
	s->to[reader] = a;
	*ret_fd = fd;
	return 0;
}

/* ---- writers ---- */

int fanout_writer_socket(struct worker *w, const union net_address *peer, int *ret_fd, struct err *err)
{
	const struct fanout_shared *s = fanout_shared_of(w);
	char text[NET_ADDRESS_TEXT];
	int fd = path_socket(w->plan, ROLE_CLIENT, s->at.host.sa.sa_family, SOCK_DGRAM, 0, err), rc = fd;

	if (rc >= 0)
		rc = fanout_set_buffers(w, fd, err);
	if (rc >= 0 && peer && connect(fd, &peer->sa, net_address_bytes(peer)) < 0)
		rc = err_sys(err, errno, "connect %s", net_format(peer, text, sizeof(text)));
	if (rc >= 0 && s->method->multicast)
		rc = fanout_leave_by(w, fd, err);
	if (rc < 0) {
		if (fd >= 0)
			close(fd);
		return rc;
	}
	if (peer)
		net_bound(fd);
	else
		net_bind_any(fd, s->at.host.sa.sa_family);
	*ret_fd = fd;
	return 0;
}
