/* The common part of the methods that read and write the UDP socket itself.  See port.h. */
#include "engines/udp/port.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/procnet.h"
#include "engines/udp/joined.h"

enum { CACHE_LINE = 64, RECV_TRIES = 4 };

size_t udp_stride(uint32_t bytes)
{
	size_t lines = (bytes + CACHE_LINE - 1) / CACHE_LINE;

	/* An odd number of lines: headers of 64 KiB buffers would otherwise share one set of the
	 * cache. */
	return (lines | 1) * CACHE_LINE;
}

unsigned udp_batch_fitting(unsigned batch, uint32_t bytes)
{
	size_t fit = UDP_ARENA_BYTES / udp_stride(bytes);

	if (batch > fit)
		batch = (unsigned)fit;
	return batch ? batch : 1;
}

/* An IP option that has a twin in IPv6. */
struct twin {
	int v4, v6;
	const char *name;
};

static const struct twin errors = { IP_RECVERR, IPV6_RECVERR, "IP_RECVERR" };
static const struct twin local = { IP_PKTINFO, IPV6_RECVPKTINFO, "IP_PKTINFO" };

static int switch_on(int fd, const struct twin *option, struct err *err)
{
	int on = 1, family = 0;
	socklen_t size = sizeof(family);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) < 0)
		return err_sys(err, errno, "getsockopt SO_DOMAIN");
	bool six = family == AF_INET6;
	if (setsockopt(fd, six ? SOL_IPV6 : SOL_IP, six ? option->v6 : option->v4, &on, sizeof(on)) < 0)
		return err_sys(err, errno, "setsockopt %s", option->name);
	return 0;
}

struct udp_config udp_config_of(const struct plan *plan, const struct plan_worker *self, int fd)
{
	struct udp_config config = {
		.path = plan->path,
		.path_state = plan->path_state,
		.role = self->role,
		.place = { .interface = plan->interface, .worker = self->index, .queue = self->index },
		.fd = fd,
	};

	net_mac(fd, plan->interface, config.place.mac);
	return config;
}

const char *const udp_joining_choices[] = { "auto", "no", "yes", NULL };
const char *const udp_xdp_choices[] = { "auto", "copy", "zero-copy", NULL };

static bool udp_joins(const struct udp_method *method, int64_t choice)
{
	enum { AUTO, NO };

	return choice == AUTO ? method->joining == UDP_JOINS : choice != NO && method->joining != UDP_JOINS_NEVER;
}

void udp_config_join(struct udp_config *config, const struct udp_method *method, const struct options *o)
{
	config->gso = udp_joins(method, options_number(o, "gso"));
	config->gro = udp_joins(method, options_number(o, "gro"));
}

int udp_socket_options(const struct udp_config *config, int fd, struct err *err)
{
	int rc = config->gro ? udp_receive_joined(fd, err) : 0;

	if (rc >= 0 && config->stamped)
		rc = udp_stamps_on(fd, err);
	if (rc < 0)
		return rc;
	if (config->connected)
		return switch_on(fd, &errors, err);
	return config->want_local ? switch_on(fd, &local, err) : 0;
}

int udp_port_init(struct udp_port *port, const struct udp_method *method, const struct udp_config *config, struct err *err)
{
	uint32_t longest = config->datagram_bytes > config->send_bytes ? config->datagram_bytes : config->send_bytes;

	*port = (struct udp_port){
		.method = method,
		.ran = method->method.name,
		.config = *config,
		.batch = udp_batch_fitting(config->batch, longest),
		.segments_max = 1,
		.joined_max = 1,
		.wait = config->fd,
		.wait_in = POLLIN,
		.wait_out = POLLOUT,
	};
	port->slots = port->batch;
	return udp_socket_options(config, config->fd, err);
}

/* One message of the error queue; false when it is empty. */
static bool take_error(struct udp_port *port)
{
	alignas(struct cmsghdr) char control[256];
	uint8_t data[64];
	struct iovec part = { data, sizeof(data) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	ssize_t len = recvmsg(port->config.fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
	struct udp_stamp stamp = { 0 };

	port->totals.syscalls++;
	if (len < 0)
		return false;
	if (port->config.stamped && udp_stamps_parse(&message, &stamp)) {
		port->config.stamped(port->config.stamped_ctx, &stamp);
		return true;
	}
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
		const struct sock_extended_err *e = (const struct sock_extended_err *)CMSG_DATA(c);
		bool is_error = (c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR) ||
				(c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR);

		if (!is_error || (e->ee_origin != SO_EE_ORIGIN_ICMP && e->ee_origin != SO_EE_ORIGIN_ICMP6))
			continue;
		port->totals.refused += port->packets_of ? port->packets_of(port, data, (size_t)len) : 1;
		if (port->config.refused)
			port->config.refused(port->config.refused_ctx, data, (size_t)len);
	}
	return true;
}

void udp_read_stamps(struct udp_port *port, unsigned most)
{
	while (most-- && take_error(port))
		;
}

/* The peer is not there.  Emptying the error queue also keeps poll(2) from reporting POLLERR for
 * ever. */
static void unreachable(struct udp_port *port)
{
	port->totals.unreachable++;
	while (port->config.connected && take_error(port))
		;
}

static bool is_unreachable(int errnum)
{
	return errnum == ECONNREFUSED || errnum == EHOSTUNREACH || errnum == ENETUNREACH || errnum == EHOSTDOWN ||
	       errnum == ENETDOWN || errnum == ENOPROTOOPT || errnum == EPROTO;
}

enum udp_fate udp_send_failed(struct udp_port *port, int errnum)
{
	if (errnum == EINTR)
		return UDP_AGAIN;
	if (errnum == EAGAIN || errnum == EWOULDBLOCK || errnum == ENOBUFS || errnum == ENOMEM) {
		port->totals.send_busy++;
		return UDP_KEEP;
	}
	if (errnum == ECONNREFUSED && !port->config.connected)
		return UDP_AGAIN; /* an old ICMP error; reading it has cleared it */
	port->totals.send_errno = errnum;
	if (is_unreachable(errnum) && port->config.connected) {
		unreachable(port);
		return UDP_KEEP;
	}
	port->totals.send_errors++;
	return UDP_DROP;
}

int udp_recv_failed(struct udp_port *port, int errnum, struct err *err)
{
	if (errnum == EAGAIN || errnum == EWOULDBLOCK)
		return 0;
	if (errnum == EINTR)
		return 1;
	if (is_unreachable(errnum) || errnum == EMSGSIZE || errnum == EACCES || errnum == EPERM) {
		/* Reported by ICMP; says nothing about what may be waiting to be received. */
		port->totals.send_errno = errnum;
		unreachable(port);
		return 1;
	}
	if (errnum == ENOMEM || errnum == ENOBUFS)
		return 0;
	return err_sys(err, errnum, "receive (%s)", port->ran);
}

int udp_recvmmsg(struct udp_port *port, struct mmsghdr *messages, unsigned max, struct err *err)
{
	for (unsigned tries = 0; tries < RECV_TRIES; tries++) {
		int n = recvmmsg(port->config.fd, messages, max, MSG_DONTWAIT, NULL);

		port->totals.syscalls++;
		if (n >= 0)
			return n;
		int rc = udp_recv_failed(port, errno, err);
		if (rc <= 0)
			return rc;
	}
	return 0;
}

int udp_socket_drops(struct udp_port *port, uint32_t *ret_drops)
{
	struct procnet_memory memory;
	int rc = procnet_socket_memory(port->config.fd, &memory);

	port->totals.syscalls++;
	if (rc >= 0)
		*ret_drops = memory.drops;
	return rc;
}

void udp_totals_add(struct udp_totals *into, const struct udp_totals *t)
{
	into->sent_packets += t->sent_packets;
	into->sent_bytes += t->sent_bytes;
	into->send_errors += t->send_errors;
	into->send_busy += t->send_busy;
	into->unreachable += t->unreachable;
	into->refused += t->refused;
	into->sent_joined += t->sent_joined;
	into->uncut += t->uncut;
	into->starved += t->starved;
	into->syscalls += t->syscalls;
}

void udp_take_totals(struct udp_port *port, struct udp_port *socket)
{
	udp_totals_add(&port->totals, &socket->totals);
	socket->totals = (struct udp_totals){ 0 };
}

uint32_t udp_plan_mtu(const struct plan *plan, enum role role)
{
	struct ifreq request = { 0 };
	struct err err = ERR_NONE;
	int fd = path_socket(plan, role, AF_INET, SOCK_DGRAM, 0, &err);

	if (fd < 0)
		return 0;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", plan->interface);
	int rc = ioctl(fd, SIOCGIFMTU, &request);
	close(fd);
	return rc < 0 ? 0 : (uint32_t)request.ifr_mtu;
}

void udp_control_for_reply(struct msghdr *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		/* The interface is the routing's to choose; a link-local peer's is in its scope
		 * id. */
		if (c->cmsg_level == SOL_IP && c->cmsg_type == IP_PKTINFO)
			((struct in_pktinfo *)CMSG_DATA(c))->ipi_ifindex = 0;
		else if (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_PKTINFO)
			((struct in6_pktinfo *)CMSG_DATA(c))->ipi6_ifindex = 0;
	}
}
