/* Path veth: both ends here, each in a network namespace of its own, and a pair of virtual Ethernet
 * devices between them.  The helper (helper.h) makes all that and hands out sockets; they keep the
 * namespace that they were made in, so that workers are threads like any others. */
#include <errno.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "path/paths.h"
#include "path/veth/child.h"
#include "path/veth/impair.h"
#include "path/veth/pair.h"

enum { TAPS_MAX = 32, SIX_NEEDS_BYTES = 1280 /* RFC 8200, 5 */ };

/* The taps that are open, one for each kind of socket that was asked for. */
struct veth {
	struct veth_child child;
	/* to where losses that are made on purpose are counted; -1: there are none */
	int lost[VETH_SIDES];
	int queued[VETH_SIDES]; /* to where the devices' queues count */
	bool emulates;          /* one of them is the emulator */
	pthread_mutex_t lock;
	/* guarded by lock */
	struct {
		struct veth_socket socket;
		int fd;
	} tap[TAPS_MAX];
	unsigned taps;
};

static enum veth_side side_of(enum role role)
{
	return role == ROLE_SERVER ? VETH_SERVER : VETH_CLIENT;
}

/* ---- does it run here ---- */

/* Makes a pair of that shape.  What once was possible is not tried again: whoever opens it is
 * told. */
static bool veth_try(const struct veth_shape *shape, bool *has_run, char *why, size_t size)
{
	struct veth_child child;
	struct err err = ERR_NONE;

	if (!*has_run && veth_child_start(shape, &child, &err) < 0) {
		snprintf(why, size, "%s", err.text);
		return false;
	}
	if (!*has_run)
		veth_child_end(&child);
	*has_run = true;
	if (size)
		why[0] = '\0';
	return true;
}

static bool veth_probe(char *why, size_t size)
{
	static const struct veth_shape usual = { .mtu_bytes = 1500, .queues = 1 };
	static bool has_run;

	return veth_try(&usual, &has_run, why, size);
}

/* The impairments, each by a shape that has it: the last three are one queue. */
static const char *const veth_impairments[] = { "loss", "rate-limit", "delay", "reorder", "duplicate", NULL };

static bool veth_impairs(const char *option, char *why, size_t size)
{
	enum { LOSS, RATE, EMULATED, KINDS };
	static const struct veth_shape shape[KINDS] = {
		[LOSS] = { .mtu_bytes = 1500, .queues = 1, .loss_of_100000 = 1 },
		[RATE] = { .mtu_bytes = 1500, .queues = 1, .rate_bits_per_s = 1000000000 },
		[EMULATED] = { .mtu_bytes = 1500, .queues = 1, .delay_ns = NS_PER_MS },
	};
	static bool has_run[KINDS];
	unsigned kind = !strcmp(option, "loss") ? LOSS : !strcmp(option, "rate-limit") ? RATE : EMULATED;

	return veth_try(&shape[kind], &has_run[kind], why, size);
}

/* ---- its shape ---- */

static void veth_shape_of(const struct options *o, struct veth_shape *ret_shape)
{
	*ret_shape = (struct veth_shape){
		.mtu_bytes = (uint32_t)options_number(o, "mtu"),
		.queues = (uint32_t)options_number(o, "veth-queues"),
		.offload = (uint32_t)options_number(o, "veth-offload"),
		.rate_bits_per_s = (uint64_t)options_number(o, "rate-limit"),
		.loss_of_100000 = (uint32_t)options_number(o, "loss"),
		.delay_ns = (uint64_t)options_number(o, "delay"),
		.reorder_of_100000 = (uint32_t)options_number(o, "reorder"),
		.duplicate_of_100000 = (uint32_t)options_number(o, "duplicate"),
		.seed = (uint64_t)options_number(o, "seed"),
	};
	/* What is lost is counted in packets of the kernel, which hold many of ours otherwise. */
	if ((ret_shape->loss_of_100000 || veth_is_emulated(ret_shape)) && ret_shape->offload == VETH_OFFLOAD_AS_MADE)
		ret_shape->offload = VETH_OFFLOAD_OFF;
}

/* Said before anything runs, as a wrong use is. */
static int veth_check_impairments(const struct options *o, struct err *err)
{
	char why[ERR_TEXT_BYTES];

	for (unsigned i = 0; veth_impairments[i]; i++)
		if (options_is_set(o, veth_impairments[i]) && !veth_impairs(veth_impairments[i], why, sizeof(why)))
			return err_say(err, EINVAL, "--%s does not run here: %s", veth_impairments[i], why);
	return 0;
}

static int veth_check(const struct options *o, struct err *err)
{
	if (options_number(o, "ipv6") && options_number(o, "mtu") < SIX_NEEDS_BYTES)
		return err_say(
			err, EINVAL, "--mtu %s: IPv6 (--ipv6) needs at least %d bytes", options_text(o, "mtu"), SIX_NEEDS_BYTES);
	if (options_is_set(o, "reorder") && !options_is_set(o, "delay"))
		return err_say(err, EINVAL, "--reorder %s: needs --delay, which the packets that overtake the others do without",
			options_text(o, "reorder"));
	return veth_check_impairments(o, err);
}

/* A right of the first user namespace's: the one that the pair stands in does not give it. */
static bool veth_may_force(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), bytes = 4096;
	bool may = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) == 0;

	if (fd >= 0)
		close(fd);
	return may;
}

static void veth_note(const struct options *o, struct plan *plan)
{
	static const struct {
		const char *option, *limit, *file;
	} buffer[] = { { "rcvbuf", "net.core.rmem_max", "/proc/sys/net/core/rmem_max" },
		{ "sndbuf", "net.core.wmem_max", "/proc/sys/net/core/wmem_max" } };
	char text[32];

	for (unsigned i = 0; i < sizeof(buffer) / sizeof(buffer[0]); i++) {
		file_read_line(buffer[i].file, text, sizeof(text));
		int64_t most = strtoll(text, NULL, 10);

		if (options_is_set(o, buffer[i].option) && most > 0 && options_number(o, buffer[i].option) > most &&
			!veth_may_force())
			plan_note(plan,
				"--%s %s: path veth gives a user no right to force it, as root has: %s (%" PRId64 ") is the most",
				buffer[i].option, options_text(o, buffer[i].option), buffer[i].limit, most);
	}
}

/* ---- sockets ---- */

/* The tap of this kind, opened where it is the first. */
static int veth_find_tap(struct veth *v, const struct veth_socket *socket, struct err *err)
{
	unsigned i = 0;

	while (i < v->taps && memcmp(&v->tap[i].socket, socket, sizeof(*socket)) != 0)
		i++;
	if (i < v->taps)
		return v->tap[i].fd;
	if (i == TAPS_MAX)
		return err_sys(err, ENOSPC, "path veth: another kind of socket");
	int fd = veth_child_tap(&v->child, socket, err);
	if (fd < 0)
		return fd;
	v->tap[v->taps].socket = *socket;
	v->tap[v->taps++].fd = fd;
	return fd;
}

static int veth_socket(void *state, enum role role, int domain, int type, int protocol, struct err *err)
{
	struct veth *v = state;
	const struct veth_socket wanted = {
		.side = side_of(role), .domain = domain, .type = type & ~SOCK_CLOEXEC, .protocol = protocol
	};

	/* It is only asked what the kernel can do, and that is the same everywhere. */
	if (!v)
		return path_loopback.socket(NULL, role, domain, type, protocol, err);
	pthread_mutex_lock(&v->lock);
	int tap = veth_find_tap(v, &wanted, err);
	pthread_mutex_unlock(&v->lock);
	return tap < 0 ? tap : veth_child_take(tap, err);
}

/* ---- addresses and counters ---- */

static void veth_role_address(enum role role, int family, struct sockaddr_storage *ret_address)
{
	veth_address(side_of(role), family, ret_address);
}

/* So that what is done on purpose can be counted while the run goes. */
static int veth_open_counts(struct veth *v, int protocol, int ret_netlink[VETH_SIDES], struct err *err)
{
	const struct timeval patience = { .tv_sec = 1 };

	for (unsigned i = 0; i < VETH_SIDES; i++) {
		ret_netlink[i] = veth_socket(
			v, i == VETH_SERVER ? ROLE_SERVER : ROLE_CLIENT, AF_NETLINK, SOCK_RAW, protocol, err);
		if (ret_netlink[i] < 0)
			return ret_netlink[i];
		setsockopt(ret_netlink[i], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	}
	return 0;
}

static uint32_t veth_host_places(const struct options *o)
{
	return 1u << PROCNET_LINK_DROPPED | 1u << PROCNET_LINK_UNTAKEN | 1u << PROCNET_QUEUE_DROPPED | 1u << PROCNET_QUEUE_HELD |
	       (options_is_set(o, "loss") ? 1u << PROCNET_LINK_IMPAIRED : 0);
}

/* The emulator does not count its copies: they are those of its packets that no stack has sent. */
static void veth_learn_emulated(const struct veth_queued *q, struct procnet *net)
{
	net->value[PROCNET_LINK_EMULATED] = q->packets;
	net->value[PROCNET_LINK_REORDERED] = q->reordered;
	net->known |= 1u << PROCNET_LINK_EMULATED | 1u << PROCNET_LINK_REORDERED;
	if (!procnet_has(net, PROCNET_IP_OUT))
		return;
	net->value[PROCNET_LINK_COPIES] = q->packets > net->value[PROCNET_IP_OUT] ? q->packets - net->value[PROCNET_IP_OUT] : 0;
	net->known |= 1u << PROCNET_LINK_COPIES;
}

static void veth_learn_queued(const struct veth *v, struct procnet *net)
{
	struct veth_queued q;

	if (veth_read_queued(v->queued, &q) < 0)
		return;
	net->value[PROCNET_QUEUE_DROPPED] = q.dropped;
	net->value[PROCNET_QUEUE_HELD] = q.held;
	net->known |= 1u << PROCNET_QUEUE_DROPPED | 1u << PROCNET_QUEUE_HELD;
	if (v->emulates)
		veth_learn_emulated(&q, net);
}

static void veth_read_net(void *state, struct procnet *ret_net)
{
	const struct veth *v = state;
	struct procnet_files files[VETH_SIDES];

	for (unsigned i = 0; i < VETH_SIDES; i++) {
		const int *file = v->child.file + i * VETH_FILES_A_SIDE;

		files[i] = (struct procnet_files){ .snmp = file[0], .snmp6 = file[1], .dev = file[2] };
	}
	procnet_read_files(files, VETH_SIDES, ret_net);
	if (v->lost[0] >= 0 && veth_read_lost(v->lost, &ret_net->value[PROCNET_LINK_IMPAIRED]) == 0)
		ret_net->known |= 1u << PROCNET_LINK_IMPAIRED;
	veth_learn_queued(v, ret_net);
}

static int veth_capture(void *state, struct err *err)
{
	const struct veth *v = state;

	return veth_child_capture(&v->child, err);
}

/* ---- life ---- */

static void veth_close(void *state)
{
	struct veth *v = state;

	veth_child_end(&v->child);
	for (unsigned i = 0; i < v->taps; i++)
		close(v->tap[i].fd);
	for (unsigned i = 0; i < VETH_SIDES; i++) {
		if (v->lost[i] >= 0)
			close(v->lost[i]);
		if (v->queued[i] >= 0)
			close(v->queued[i]);
	}
	pthread_mutex_destroy(&v->lock);
	free(v);
}

static int veth_open(const struct options *o, void **ret_state, struct err *err)
{
	struct veth *v = calloc(1, sizeof(*v));
	struct veth_shape shape;
	int rc;

	if (!v)
		return err_sys(err, ENOMEM, "open path veth");
	veth_shape_of(o, &shape);
	rc = veth_child_start(&shape, &v->child, err);
	if (rc < 0) {
		free(v);
		return rc;
	}
	pthread_mutex_init(&v->lock, NULL);
	v->lost[VETH_SERVER] = v->lost[VETH_CLIENT] = v->queued[VETH_SERVER] = v->queued[VETH_CLIENT] = -1;
	v->emulates = veth_is_emulated(&shape);
	if (shape.loss_of_100000)
		rc = veth_open_counts(v, NETLINK_NETFILTER, v->lost, err);
	if (rc >= 0)
		rc = veth_open_counts(v, NETLINK_ROUTE, v->queued, err);
	if (rc < 0)
		veth_close(v);
	else
		*ret_state = v;
	return rc;
}

const struct path path_veth = {
	.name = "veth",
	.summary = "both ends on this host, each in a network namespace of its own",
	.probe = veth_probe,
	.impairments = veth_impairments,
	.impairs = veth_impairs,
	.check = veth_check,
	.note = veth_note,
	.open = veth_open,
	.socket = veth_socket,
	.address = veth_role_address,
	.interface = VETH_INTERFACE,
	.interface_index = VETH_INTERFACE_INDEX,
	.read_net = veth_read_net,
	.host_places = veth_host_places,
	.capture = veth_capture,
	.close = veth_close,
};
