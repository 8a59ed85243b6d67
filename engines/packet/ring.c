/* See ring.h. */
#include "engines/packet/ring.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/privilege/privilege.h"
#include "engines/net/net.h"

enum {
	/* the frame's place in a slot: where packet_mmap.rst has it */
	SLOT_DATA = TPACKET2_HDRLEN - sizeof(struct sockaddr_ll),
	SLOT_FRAME = SLOT_DATA + sizeof(struct virtio_net_hdr),
	BLOCK_BYTES = 64 << 10, /* of small slots */
	FRAME_BYTES_MAX = 1 << 17,
	/* about what the kernel charges for a frame beyond its bytes */
	SKB_OVERHEAD_BYTES = 1024,
	SNDBUF_MAX_BYTES = 32 << 20,
	STATUS_MASK = TP_STATUS_SEND_REQUEST | TP_STATUS_SENDING | TP_STATUS_WRONG_FORMAT,
};

static const char needs_privilege[] = "needs CAP_NET_RAW: run it as root, or setcap cap_net_raw+ep on the program";

bool ring_probe(char *why, size_t size)
{
	int fd = privilege_socket(AF_PACKET);

	if (fd >= 0) {
		close(fd);
		return true;
	}
	if (fd == -EPERM || fd == -EACCES)
		snprintf(why, size, "%s", needs_privilege);
	else
		snprintf(why, size, "no packet sockets here: %s", strerror(-fd));
	return false;
}

/* ---- slots ---- */

static struct tpacket2_hdr *ring_header(const struct ring *ring, unsigned slot)
{
	slot %= ring->slots;
	return (struct tpacket2_hdr *)(ring->memory + (size_t)(slot / ring->slots_a_block) * ring->block_bytes +
				       (size_t)(slot % ring->slots_a_block) * ring->slot_bytes);
}

static uint32_t ring_status(const struct ring *ring, unsigned slot)
{
	return __atomic_load_n(&ring_header(ring, slot)->tp_status, __ATOMIC_ACQUIRE) & STATUS_MASK;
}

static void ring_set_status(struct ring *ring, unsigned slot, uint32_t status)
{
	__atomic_store_n(&ring_header(ring, slot)->tp_status, status, __ATOMIC_RELEASE);
}

/* ---- life ---- */

/* Small slots share a block, a large one has its own: blocks are whole pages, and the kernel finds
 * those of a power of two most easily. */
static struct tpacket_req ring_shape(const struct ring_config *config)
{
	uint32_t slot = TPACKET_ALIGN(SLOT_FRAME + config->frame_bytes), block = BLOCK_BYTES;

	while (block < slot)
		block *= 2;
	uint32_t slots_a_block = block / slot, blocks = (config->slots + slots_a_block - 1) / slots_a_block;

	return (struct tpacket_req){
		.tp_block_size = block,
		.tp_block_nr = blocks,
		.tp_frame_size = slot,
		.tp_frame_nr = blocks * slots_a_block,
	};
}

static int ring_socket(const struct ring_config *config, struct err *err)
{
	struct err first = ERR_NONE;
	int fd = config->path->socket(config->path_state, config->role, AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0, &first);

	if (fd == -EPERM || fd == -EACCES)
		return err_say(err, -fd, "a packet socket %s", needs_privilege);
	return fd >= 0 ? fd : err_say(err, -fd, "packet %s", first.text);
}

/* Frames that wait in the device's queue are charged to the socket.  The buffer holds all of them,
 * and not twice as many: then poll(2) says that there is room when half of it is free, and not
 * while the ring is full.  The kernel doubles what it is told. */
static int ring_set_buffer(const struct ring *ring, const struct ring_config *config, struct err *err)
{
	uint64_t bytes = (uint64_t)ring->slots * (config->frame_bytes + SKB_OVERHEAD_BYTES) / 2;
	int granted;

	return net_set_buffer(ring->fd, SO_SNDBUF, bytes < SNDBUF_MAX_BYTES ? (int)bytes : SNDBUF_MAX_BYTES, true, &granted, err);
}

static int ring_set(const struct ring *ring, int option, const char *name, const void *value, socklen_t size, struct err *err)
{
	return setsockopt(ring->fd, SOL_PACKET, option, value, size) < 0 ? err_sys(err, errno, "setsockopt %s", name) : 0;
}

static int ring_set_up(struct ring *ring, const struct ring_config *config, const struct tpacket_req *shape, struct err *err)
{
	int version = TPACKET_V2, on = 1, rc;

	if ((rc = ring_set(ring, PACKET_VERSION, "PACKET_VERSION", &version, sizeof(version), err)) < 0)
		return rc;
	if ((rc = ring_set(ring, PACKET_VNET_HDR, "PACKET_VNET_HDR", &on, sizeof(on), err)) < 0)
		return rc;
	if (config->bypass && (rc = ring_set(ring, PACKET_QDISC_BYPASS, "PACKET_QDISC_BYPASS", &on, sizeof(on), err)) < 0)
		return rc;
	if ((rc = ring_set(ring, PACKET_TX_RING, "PACKET_TX_RING", shape, sizeof(*shape), err)) < 0)
		return rc;
	return ring_set_buffer(ring, config, err);
}

int ring_open(struct ring *ring, const struct ring_config *config, struct err *err)
{
	struct tpacket_req shape;
	int rc;

	*ring = (struct ring){ .fd = -1 };
	if (!config->slots || config->slots > RING_SLOTS_MAX || config->frame_bytes < ETH_HLEN ||
		config->frame_bytes > FRAME_BYTES_MAX)
		return err_say(err, EINVAL, "a ring of %u frames of %u bytes cannot be", config->slots, config->frame_bytes);
	shape = ring_shape(config);
	ring->slot_bytes = shape.tp_frame_size;
	ring->block_bytes = shape.tp_block_size;
	ring->slots_a_block = shape.tp_block_size / shape.tp_frame_size;
	ring->slots = shape.tp_frame_nr;
	ring->memory_bytes = (size_t)shape.tp_block_size * shape.tp_block_nr;
	if ((ring->fd = ring_socket(config, err)) < 0)
		return ring->fd;
	if ((rc = ring_set_up(ring, config, &shape, err)) < 0)
		return rc;
	void *memory = mmap(NULL, ring->memory_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd, 0);
	if (memory == MAP_FAILED)
		return err_sys(err, errno, "map a ring of %zu bytes", ring->memory_bytes);
	ring->memory = memory;
	return 0;
}

int ring_bind(struct ring *ring, unsigned interface, struct err *err)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_ifindex = (int)interface };

	if (bind(ring->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return err_sys(err, errno, "bind a packet socket to interface %u", interface);
	return 0;
}

void ring_close(struct ring *ring)
{
	if (ring->memory)
		munmap(ring->memory, ring->memory_bytes);
	/* A zeroed ring has no slots, and no socket. */
	if (ring->slots && ring->fd >= 0)
		close(ring->fd);
	*ring = (struct ring){ .fd = -1 };
}

/* ---- sending ---- */

uint8_t *ring_slot(struct ring *ring)
{
	unsigned slot = ring->head + ring->queued;

	if (ring->queued < ring->slots && ring_status(ring, slot) == TP_STATUS_AVAILABLE)
		return (uint8_t *)ring_header(ring, slot) + SLOT_FRAME;
	ring->totals.full++;
	return NULL;
}

void ring_queue(struct ring *ring, uint32_t bytes)
{
	unsigned slot = ring->head + ring->queued++;
	struct tpacket2_hdr *header = ring_header(ring, slot);
	/* In the byte order of the machine, as no other was asked for. */
	struct virtio_net_hdr whole = { .hdr_len = (uint16_t)(bytes < UINT16_MAX ? bytes : UINT16_MAX) };

	memcpy((uint8_t *)header + SLOT_DATA, &whole, sizeof(whole));
	header->tp_len = (uint32_t)sizeof(whole) + bytes;
	ring_set_status(ring, slot, TP_STATUS_SEND_REQUEST);
}

/* Counts those that the kernel took, from the head on. */
static unsigned ring_advance(struct ring *ring)
{
	unsigned taken = 0;
	uint32_t status = 0;

	while (ring->queued) {
		status = ring_status(ring, ring->head);
		if (status & (TP_STATUS_SEND_REQUEST | TP_STATUS_WRONG_FORMAT))
			break;
		ring->totals.bytes += ring_header(ring, ring->head)->tp_len - sizeof(struct virtio_net_hdr);
		ring->head = (ring->head + 1) % ring->slots;
		ring->queued--;
		taken++;
	}
	ring->totals.wrong += ring->queued && status & TP_STATUS_WRONG_FORMAT;
	ring->totals.taken += taken;
	return taken;
}

unsigned ring_flush(struct ring *ring, int *ret_errno)
{
	*ret_errno = 0;
	if (!ring->queued)
		return 0;
	ring->totals.calls++;
	ssize_t sent = send(ring->fd, NULL, 0, MSG_DONTWAIT);
	if (sent < 0)
		*ret_errno = errno;
	unsigned taken = ring_advance(ring);
	/* A call that has taken some frames tells their bytes, and not what stopped it. */
	if (ring->queued && !*ret_errno)
		*ret_errno = EAGAIN;
	for (; ring->queued; ring->queued--)
		ring_set_status(ring, ring->head + ring->queued - 1, TP_STATUS_AVAILABLE);
	return taken;
}
