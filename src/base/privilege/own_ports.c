/* See own_ports.h. */
#include "base/privilege/own_ports.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { HOSTS_MAX = 32, PORTS = 1 << 16, LINGERS_MS = 200 };

/* Milliseconds since the first socket was added.  A port that is taken again tells of the later
 * time alone: what was captured before has been looked at by then. */
struct own_port {
	_Atomic uint32_t from_ms, until_ms; /* until 0: never had; UINT32_MAX: still there */
	uint32_t sockets;                   /* guarded by lock */
};

/* A local address and a protocol, IPPROTO_.  Written before `hosts` counts it. */
struct own_host {
	unsigned family; /* 4, 6 */
	int protocol;
	bool any;
	uint8_t address[16];
	struct own_port *port; /* [PORTS]; only the pages that are used take memory */
};

static struct {
	pthread_mutex_t lock;
	struct own_host host[HOSTS_MAX];
	_Atomic unsigned hosts;
	_Atomic int64_t epoch_ns;
	/* guarded by lock: of each descriptor, its host and port; host NULL: not added */
	struct own_claim {
		struct own_host *host;
		uint16_t port;
	} * claim;
	unsigned claims;
} own = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int64_t own_wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* The first one is 1: 0 says never. */
static uint32_t own_ms(int64_t wall_ns)
{
	int64_t since_ns = wall_ns - atomic_load_explicit(&own.epoch_ns, memory_order_acquire);

	return since_ns < 0 ? 0 : (uint32_t)(since_ns / NS_PER_MS) + 1;
}

/* ---- adding, removing: with the lock ---- */

static struct own_host *own_host(unsigned family, int protocol, const uint8_t *address, size_t bytes)
{
	static const uint8_t any[16];
	unsigned hosts = atomic_load_explicit(&own.hosts, memory_order_relaxed);
	struct own_host *h = own.host;

	for (unsigned i = 0; i < hosts; i++, h++)
		if (h->family == family && h->protocol == protocol && !memcmp(h->address, address, bytes))
			return h;
	if (hosts == HOSTS_MAX || !(h->port = calloc(PORTS, sizeof(*h->port))))
		return NULL;
	h->family = family;
	h->protocol = protocol;
	h->any = !memcmp(address, any, bytes);
	memcpy(h->address, address, bytes);
	atomic_store_explicit(&own.hosts, hosts + 1, memory_order_release);
	return h;
}

/* Tells where a socket is bound; false: nowhere. */
static bool own_end(int fd, struct own_claim *ret_claim)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at;
	socklen_t size = sizeof(at), protocol_size = sizeof(int);
	int protocol;

	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &protocol_size) < 0)
		return false;
	/* The port stands at the same place in both families. */
	if (getsockname(fd, &at.sa, &size) < 0 || !at.v4.sin_port)
		return false;
	if (at.sa.sa_family == AF_INET)
		ret_claim->host = own_host(4, protocol, (const uint8_t *)&at.v4.sin_addr, 4);
	else if (at.sa.sa_family == AF_INET6)
		ret_claim->host = own_host(6, protocol, at.v6.sin6_addr.s6_addr, 16);
	ret_claim->port = ntohs(at.v4.sin_port);
	return ret_claim->host != NULL;
}

static bool own_room(unsigned fd)
{
	unsigned room = own.claims ? own.claims : 64;

	while (room <= fd)
		room *= 2;
	if (room == own.claims)
		return true;
	struct own_claim *more = realloc(own.claim, room * sizeof(*more));
	if (!more)
		return false;
	memset(more + own.claims, 0, (room - own.claims) * sizeof(*more));
	own.claim = more;
	own.claims = room;
	return true;
}

/* Takes out what is known of this descriptor. */
static struct own_claim own_take(unsigned fd)
{
	struct own_claim claim = { NULL, 0 };

	if (fd < own.claims) {
		claim = own.claim[fd];
		own.claim[fd].host = NULL;
	}
	return claim;
}

static void own_release(struct own_claim claim, uint32_t lingers_ms)
{
	struct own_port *p = claim.host ? &claim.host->port[claim.port] : NULL;

	if (p && !--p->sockets)
		atomic_store_explicit(&p->until_ms, own_ms(own_wall_ns()) + lingers_ms, memory_order_release);
}

/* The end that closes a TCP connection first, and in order, keeps its port for a minute
 * (TIME-WAIT), and what has not been sent yet is sent then. Every other port may be another's at
 * once. */
static uint32_t own_lingers_ms(int fd)
{
	struct tcp_info info = { .tcpi_state = TCP_CLOSE };
	struct linger linger = { 0 };
	socklen_t size = sizeof(info), linger_size = sizeof(linger);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0 || info.tcpi_state != TCP_ESTABLISHED)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &linger_size) < 0 || linger.l_onoff)
		return 0;
	return LINGERS_MS;
}

static void own_claim(unsigned fd)
{
	struct own_claim claim = { NULL, 0 };

	/* A descriptor that was closed without a word. */
	own_release(own_take(fd), 0);
	if (!own_room(fd) || !own_end((int)fd, &claim))
		return;
	struct own_port *p = &claim.host->port[claim.port];
	if (!p->sockets++) {
		atomic_store_explicit(&p->from_ms, own_ms(own_wall_ns()), memory_order_relaxed);
		atomic_store_explicit(&p->until_ms, UINT32_MAX, memory_order_release);
	}
	own.claim[fd] = claim;
}

void own_ports_add(int fd)
{
	if (fd < 0)
		return;
	pthread_mutex_lock(&own.lock);
	if (!atomic_load_explicit(&own.epoch_ns, memory_order_relaxed))
		atomic_store_explicit(&own.epoch_ns, own_wall_ns(), memory_order_release);
	own_claim((unsigned)fd);
	pthread_mutex_unlock(&own.lock);
}

/* The last packets of a close(2) are still ours, and the descriptor may be another thread's at
 * once. */
void own_ports_close(int fd)
{
	struct own_claim claim;
	uint32_t lingers_ms;

	if (fd < 0)
		return;
	pthread_mutex_lock(&own.lock);
	claim = own_take((unsigned)fd);
	pthread_mutex_unlock(&own.lock);
	lingers_ms = claim.host ? own_lingers_ms(fd) : 0;
	close(fd);
	if (!claim.host)
		return;
	pthread_mutex_lock(&own.lock);
	own_release(claim, lingers_ms);
	pthread_mutex_unlock(&own.lock);
}

/* ---- asking ---- */

static bool own_then(const struct own_host *h, uint16_t port, uint32_t ms)
{
	uint32_t until_ms = atomic_load_explicit(&h->port[port].until_ms, memory_order_acquire);

	return until_ms && ms <= until_ms && ms >= atomic_load_explicit(&h->port[port].from_ms, memory_order_relaxed);
}

enum own own_ports_ask(unsigned family, const uint8_t *address, int protocol, uint16_t port, int64_t wall_ns)
{
	unsigned hosts = atomic_load_explicit(&own.hosts, memory_order_acquire);
	uint32_t ms = own_ms(wall_ns);
	enum own answer = OWN_NO;

	for (unsigned i = 0; i < hosts; i++) {
		const struct own_host *h = &own.host[i];
		bool same = h->family == family;

		/* One that is bound to any IPv6 address may have the port of IPv4, too. */
		if (h->protocol != protocol || (!same && !(h->any && h->family == 6)))
			continue;
		if (!h->any && memcmp(h->address, address, family == 4 ? 4 : 16) != 0)
			continue;
		if (own_then(h, port, ms))
			answer = h->any && answer != OWN_YES ? OWN_IF_HERE : OWN_YES;
	}
	return answer;
}
