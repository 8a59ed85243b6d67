/* See xdp_socket.h. */
#include "engines/xdp/xdp_socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/privilege/privilege.h"

/* linux/if_xdp.h of Linux 6.18 */
#ifndef XDP_MAX_TX_SKB_BUDGET
#define XDP_MAX_TX_SKB_BUDGET 9
#endif

/* linux/if_xdp.h of Linux 6.11: what may be asked for a frame, in front of it. */
enum {
	SOCKET_REQUESTS = 1 << 2,     /* XDP_UMEM_TX_METADATA_LEN, a flag of the memory */
	SOCKET_HAS_REQUEST = 1 << 1,  /* XDP_TX_METADATA, of a descriptor */
	SOCKET_ASKS_CHECKSUM = 1 << 1 /* XDP_TXMD_FLAGS_CHECKSUM, of a request */
};

struct socket_request {
	uint64_t flags;
	uint16_t checksum_from, checksum_offset;
	uint8_t unused[12];
};
_Static_assert(sizeof(struct socket_request) == XDP_REQUEST_BYTES, "as the kernel has it");

/* struct xdp_umem_reg there */
struct socket_memory {
	uint64_t address, bytes;
	uint32_t frame_bytes, headroom, flags, request_bytes;
};

enum {
	/* A queue's former socket goes a moment after it was closed. */
	BIND_PATIENCE_MS = 2000,
	LEAST_RING = 64, /* of a ring that must be there and is not used */
};

bool xdp_socket_probe(char *why, size_t size)
{
	int fd = privilege_socket(AF_XDP);

	if (fd >= 0) {
		close(fd);
		return true;
	}
	if (fd == -EAFNOSUPPORT)
		snprintf(why, size, "this kernel has no AF_XDP (CONFIG_XDP_SOCKETS, Linux 5.4)");
	else if (fd == -EPERM || fd == -EACCES)
		snprintf(why, size, "needs CAP_NET_RAW: run it as root, or setcap cap_net_raw+ep on the program");
	else
		snprintf(why, size, "no AF_XDP sockets here: %s", strerror(-fd));
	return false;
}

/* ---- the memory ---- */

static int socket_set(
	const struct xdp_socket *x, int option, const char *name, const void *value, socklen_t size, struct err *err)
{
	return setsockopt(x->fd, SOL_XDP, option, value, size) < 0 ? err_sys(err, errno, "setsockopt %s", name) : 0;
}

static int socket_say_locked(const struct xdp_socket *x, struct err *err)
{
	struct rlimit limit = { 0 };

	getrlimit(RLIMIT_MEMLOCK, &limit);
	return err_say(err, ENOBUFS,
		"method xdp locks %zu KiB of memory a worker, and this user may lock %llu KiB in all: raise ulimit -l",
		x->memory_bytes >> 10, (unsigned long long)limit.rlim_cur >> 10);
}

/* Older kernels do not know requests.  0 or -errno. */
static int socket_register(struct xdp_socket *x, bool wants_checksums)
{
	struct socket_memory shape = {
		.address = (uintptr_t)x->memory,
		.bytes = x->memory_bytes,
		.frame_bytes = x->frame_bytes,
		.flags = SOCKET_REQUESTS,
		.request_bytes = XDP_REQUEST_BYTES,
	};

	if (wants_checksums && setsockopt(x->fd, SOL_XDP, XDP_UMEM_REG, &shape, sizeof(shape)) == 0) {
		x->checksums = true;
		return 0;
	}
	shape.flags = shape.request_bytes = 0;
	return setsockopt(x->fd, SOL_XDP, XDP_UMEM_REG, &shape, sizeof(shape)) < 0 ? -errno : 0;
}

static int socket_give_memory(struct xdp_socket *x, const struct xdp_socket_config *config, struct err *err)
{
	void *memory;

	x->memory_bytes = (size_t)config->frames * config->frame_bytes;
	memory = mmap(NULL, x->memory_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED)
		return err_sys(err, errno, "map %zu bytes for frames", x->memory_bytes);
	x->memory = memory;
	int rc = socket_register(x, config->wants_checksums);
	if (rc == -ENOBUFS)
		return socket_say_locked(x, err);
	return rc < 0 ? err_sys(err, -rc, "setsockopt XDP_UMEM_REG") : 0;
}

static int socket_add_spares(struct xdp_socket *x, uint32_t frames, struct err *err)
{
	x->spare = malloc(frames * sizeof(*x->spare));
	if (!x->spare)
		return err_sys(err, ENOMEM, "%u frames", frames);
	for (uint32_t i = frames; i-- > 0;)
		xdp_socket_spare(x, (uint64_t)i * x->frame_bytes);
	return 0;
}

/* ---- the rings ---- */

/* Both kinds of ring are of one shape. */
struct socket_ring {
	int option;
	const char *name;
	off_t offset;
	size_t element;
	struct xdp_ring_offset at;
	uint32_t size;
};

static int socket_map(
	struct xdp_socket *x, unsigned which, const struct socket_ring *ring, struct xsk_ring_prod *ret_ring, struct err *err)
{
	size_t bytes = ring->at.desc + ring->size * ring->element;
	uint8_t *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, x->fd, ring->offset);

	if (at == MAP_FAILED)
		return err_sys(err, errno, "map %s", ring->name);
	x->map[which].at = at;
	x->map[which].bytes = bytes;
	*ret_ring = (struct xsk_ring_prod){
		.mask = ring->size - 1,
		.size = ring->size,
		.producer = (uint32_t *)(at + ring->at.producer),
		.consumer = (uint32_t *)(at + ring->at.consumer),
		.ring = at + ring->at.desc,
		.flags = (uint32_t *)(at + ring->at.flags),
	};
	return 0;
}

/* One that the kernel fills; its fields are the other kind's. */
static void socket_as_consumer(const struct xsk_ring_prod *ring, struct xsk_ring_cons *ret_ring)
{
	*ret_ring = (struct xsk_ring_cons){
		.mask = ring->mask,
		.size = ring->size,
		.producer = ring->producer,
		.consumer = ring->consumer,
		.ring = ring->ring,
		.flags = ring->flags,
	};
}

static int socket_open_rings(struct xdp_socket *x, const struct xdp_socket_config *config, struct err *err)
{
	enum { FILL, DONE, SEND, RECEIVE, RINGS };
	/* All frames fit into the rings that we fill: nothing ever waits for room there. */
	struct socket_ring ring[RINGS] = {
		{ XDP_UMEM_FILL_RING, "XDP_UMEM_FILL_RING", (off_t)XDP_UMEM_PGOFF_FILL_RING, sizeof(uint64_t), { 0 },
			config->receives ? config->frames / 2 : LEAST_RING },
		{ XDP_UMEM_COMPLETION_RING, "XDP_UMEM_COMPLETION_RING", (off_t)XDP_UMEM_PGOFF_COMPLETION_RING, sizeof(uint64_t),
			{ 0 }, config->frames },
		{ XDP_TX_RING, "XDP_TX_RING", (off_t)XDP_PGOFF_TX_RING, sizeof(struct xdp_desc), { 0 }, config->frames },
		{ XDP_RX_RING, "XDP_RX_RING", (off_t)XDP_PGOFF_RX_RING, sizeof(struct xdp_desc), { 0 },
			config->receives ? config->frames / 2 : 0 },
	};
	struct xsk_ring_prod mapped[RINGS] = { 0 };
	struct xdp_mmap_offsets at;
	socklen_t size = sizeof(at);
	int rc = 0;

	for (unsigned i = 0; i < RINGS && rc >= 0; i++)
		if (ring[i].size)
			rc = socket_set(x, ring[i].option, ring[i].name, &ring[i].size, sizeof(ring[i].size), err);
	if (rc >= 0 && getsockopt(x->fd, SOL_XDP, XDP_MMAP_OFFSETS, &at, &size) < 0)
		rc = err_sys(err, errno, "getsockopt XDP_MMAP_OFFSETS");
	if (rc < 0)
		return rc;
	ring[FILL].at = at.fr;
	ring[DONE].at = at.cr;
	ring[SEND].at = at.tx;
	ring[RECEIVE].at = at.rx;
	for (unsigned i = 0; i < RINGS && rc >= 0; i++)
		if (ring[i].size)
			rc = socket_map(x, i, &ring[i], &mapped[i], err);
	if (rc < 0)
		return rc;
	x->fill = mapped[FILL];
	x->send = mapped[SEND];
	/* libxdp counts these from one size above the kernel's. */
	x->fill.cached_cons = x->fill.size;
	x->send.cached_cons = x->send.size;
	socket_as_consumer(&mapped[DONE], &x->done);
	socket_as_consumer(&mapped[RECEIVE], &x->receive);
	return 0;
}

/* ---- life ---- */

/* EINVAL, where the address is well made and memory and rings are there: xsk_bind() does not know a
 * flag, xsk_reg_pool_at_qid() not the queue, or the driver's own reason (net/xdp/xsk.c,
 * xsk_buff_pool.c; with copies and "auto" no driver's reason comes out). */
static int socket_say_bind(const struct xdp_socket_config *config, int errnum, struct err *err)
{
	static const char *const modes[] = {
		[XDP_COPYING_AUTO] = "auto", [XDP_COPYING_COPY] = "copy", [XDP_COPYING_ZERO_COPY] = "zero-copy"
	};
	bool zero_copy = config->copying == XDP_COPYING_ZERO_COPY;

	if (errnum == EBUSY)
		return err_say(err, EBUSY, "queue %u of %s has an AF_XDP socket already", config->queue, config->name);
	if (errnum == EOPNOTSUPP && zero_copy)
		return err_say(err, EOPNOTSUPP, "%s cannot do zero-copy: --xdp-mode copy or auto", config->name);
	if (errnum == EINVAL)
		return err_say(err, EINVAL,
			"bind an AF_XDP socket to queue %u of %s (--xdp-mode %s, need-wakeup): Invalid argument: "
			"%s has no such queue, %s",
			config->queue, config->name, modes[config->copying], config->name,
			zero_copy ? "or its driver refuses it zero-copy" : "or Linux is older than 5.4");
	return err_sys(err, errnum, "bind an AF_XDP socket to queue %u of %s", config->queue, config->name);
}

static int socket_bind(struct xdp_socket *x, const struct xdp_socket_config *config, struct err *err)
{
	static const uint16_t flags[] = {
		[XDP_COPYING_AUTO] = 0,
		[XDP_COPYING_COPY] = XDP_COPY,
		[XDP_COPYING_ZERO_COPY] = XDP_ZEROCOPY,
	};
	struct sockaddr_xdp to = {
		.sxdp_family = AF_XDP,
		.sxdp_flags = XDP_USE_NEED_WAKEUP | flags[config->copying],
		.sxdp_ifindex = config->interface,
		.sxdp_queue_id = config->queue,
	};
	int tries = BIND_PATIENCE_MS;

	while (bind(x->fd, (const struct sockaddr *)&to, sizeof(to)) < 0) {
		if (errno != EBUSY || !tries--)
			return socket_say_bind(config, errno, err);
		clock_sleep_until(clock_now_ns() + NS_PER_MS);
	}
	return 0;
}

/* What older kernels lack is done without. */
static void socket_ask(struct xdp_socket *x)
{
	struct xdp_options options = { 0 };
	socklen_t size = sizeof(options);
	uint32_t budget = x->send.size;

	setsockopt(x->fd, SOL_XDP, XDP_MAX_TX_SKB_BUDGET, &budget, sizeof(budget));
	if (getsockopt(x->fd, SOL_XDP, XDP_OPTIONS, &options, &size) == 0)
		x->zero_copy = options.flags & XDP_OPTIONS_ZEROCOPY;
	/* Not every device does it by itself. */
	x->checksums &= !x->zero_copy;
}

int xdp_socket_open(struct xdp_socket *x, const struct xdp_socket_config *config, struct err *err)
{
	int rc;

	*x = (struct xdp_socket){ .fd = config->fd, .frame_bytes = config->frame_bytes };
	if ((rc = socket_give_memory(x, config, err)) < 0 || (rc = socket_open_rings(x, config, err)) < 0 ||
		(rc = socket_add_spares(x, config->frames, err)) < 0 || (rc = socket_bind(x, config, err)) < 0)
		return rc;
	socket_ask(x);
	if (config->receives)
		xdp_socket_feed(x);
	return 0;
}

void xdp_socket_close(struct xdp_socket *x)
{
	for (unsigned i = 0; i < sizeof(x->map) / sizeof(x->map[0]); i++)
		if (x->map[i].at)
			munmap(x->map[i].at, x->map[i].bytes);
	if (x->fd >= 0)
		close(x->fd);
	if (x->memory)
		munmap(x->memory, x->memory_bytes);
	free(x->spare);
	*x = (struct xdp_socket){ .fd = -1 };
}

/* ---- frames ---- */

void xdp_socket_feed(struct xdp_socket *x)
{
	uint32_t n = x->spares, room, at;

	if (!n)
		return;
	room = xsk_prod_nb_free(&x->fill, n);
	n = n < room ? n : room;
	if (!n || !xsk_ring_prod__reserve(&x->fill, n, &at))
		return;
	for (uint32_t i = 0; i < n; i++)
		*xsk_ring_prod__fill_addr(&x->fill, at + i) = x->spare[--x->spares];
	xsk_ring_prod__submit(&x->fill, n);
}

void xdp_socket_reap(struct xdp_socket *x)
{
	uint32_t at, n = xsk_ring_cons__peek(&x->done, x->done.size, &at);

	for (uint32_t i = 0; i < n; i++)
		xdp_socket_spare(x, *xsk_ring_cons__comp_addr(&x->done, at + i));
	if (n)
		xsk_ring_cons__release(&x->done, n);
}

struct xdp_desc xdp_socket_whole(uint64_t address, uint32_t bytes)
{
	return (struct xdp_desc){ .addr = address, .len = bytes };
}

struct xdp_desc xdp_socket_unsummed(uint64_t address, uint32_t bytes)
{
	return (struct xdp_desc){ .addr = address, .len = bytes, .options = SOCKET_HAS_REQUEST };
}

void xdp_socket_ask_checksum(struct xdp_socket *x, uint64_t address, uint16_t from, uint16_t offset)
{
	const struct socket_request request = { .flags = SOCKET_ASKS_CHECKSUM, .checksum_from = from, .checksum_offset = offset };

	memcpy(xdp_socket_frame(x, address) - sizeof(request), &request, sizeof(request));
}

int xdp_socket_kick(struct xdp_socket *x)
{
	return sendto(x->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 ? errno : 0;
}

int xdp_socket_error(const struct xdp_socket *x)
{
	int errnum = 0;
	socklen_t size = sizeof(errnum);

	return getsockopt(x->fd, SOL_SOCKET, SO_ERROR, &errnum, &size) < 0 ? -errno : -errnum;
}

int xdp_socket_losses(const struct xdp_socket *x, struct xdp_losses *ret_losses)
{
	struct xdp_statistics s = { 0 };
	socklen_t size = sizeof(s);

	if (getsockopt(x->fd, SOL_XDP, XDP_STATISTICS, &s, &size) < 0)
		return -errno;
	*ret_losses = (struct xdp_losses){
		.no_frame = s.rx_dropped,
		.ring_full = s.rx_ring_full,
		.invalid = s.tx_invalid_descs + s.rx_invalid_descs,
	};
	return 0;
}
