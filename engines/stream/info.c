/* Mode stream, the kernel's view of a connection: TCP_INFO, the socket's buffer, whether its bytes
 * move; and how many clients wait in the queue of the listening sockets.  See info.h.
 *
 * Sources: tcp(7); TCP_INFO of a listening socket has the length of its queue in tcpi_unacked;
 * tcpi_state is that of the kernel's tcp_states.h. */
#include "engines/stream/info.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/procnet.h"

enum { TCP_STATE_CLOSE = 7 };

static const int64_t STALL_NS = NS_PER_S; /* so long nothing is taken, and it is said */
/* so long a client may leave its worker waiting while others wait for it */
static const int64_t STUCK_NS = 10ll * NS_PER_S;
/* The same for one that takes nothing of what the worker has for it, and what is left of it when
 * many wait: a few that only greet must not keep all others out. */
static const int64_t DEAF_NS = 4ll * NS_PER_S, DEAF_LEAST_NS = 500 * NS_PER_MS;

static bool read_info(struct stream_link *l, int fd, struct tcp_info *info)
{
	socklen_t bytes = sizeof(*info);

	memset(info, 0, sizeof(*info));
	l->syscalls++;
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &bytes) == 0;
}

static void take_info(struct stream_worker *x, const struct tcp_info *info)
{
	struct stream_link *l = &x->link;
	uint64_t acked = info->tcpi_bytes_acked > STREAM_GREETING_BYTES ? info->tcpi_bytes_acked - STREAM_GREETING_BYTES : 0;

	l->retransmits += info->tcpi_total_retrans - l->retransmits_here;
	l->retransmits_here = info->tcpi_total_retrans;
	/* The kernel counts the byte that stands for the SYN, too. */
	l->acknowledged_here = acked < x->bytes - l->bytes_before ? acked : x->bytes - l->bytes_before;
}

static uint64_t mbps(uint64_t bytes_per_s)
{
	return bytes_per_s == UINT64_MAX ? 0 : bytes_per_s / 125000;
}

static void show_info(struct worker *w, const struct tcp_info *info)
{
	counter_set(w->counters, STREAM_C_CWND, info->tcpi_snd_cwnd);
	counter_set(w->counters, STREAM_C_RTT, info->tcpi_rtt);
	counter_set(w->counters, STREAM_C_DELIVERY_RATE, mbps(info->tcpi_delivery_rate));
	counter_set(w->counters, STREAM_C_PACING_RATE, mbps(info->tcpi_pacing_rate));
}

static void show_buffer(struct worker *w, struct stream_worker *x)
{
	struct procnet_memory memory;

	x->link.syscalls++;
	if (procnet_socket_memory(x->link.fd, &memory) >= 0)
		counter_set(w->counters, STREAM_C_BUFFER, x->sends ? memory.sndbuf_bytes : memory.rcvbuf_bytes);
}

static void count_waiting(struct worker *w, struct stream_link *l)
{
	struct stream_shared *s = stream_shared_of(w);
	struct tcp_info info;
	uint64_t waiting = 0;

	if (w->self->role == ROLE_CLIENT)
		counter_set(w->counters, STREAM_C_CLIENTS_WAITING, l->state == LINK_GREETING);
	if (w->self->role == ROLE_CLIENT || w->self->index != 0 || s->both)
		return;
	for (unsigned i = 0; i < s->listeners; i++)
		waiting += read_info(l, s->listener[i], &info) ? info.tcpi_unacked : 0;
	atomic_store_explicit(&s->waiting, waiting, memory_order_relaxed);
	counter_set(w->counters, STREAM_C_CLIENTS_WAITING, waiting);
}

/* A sender that cannot send stands still from its last byte on; less than STALL_NS is no
 * standstill. */
static void watch_movement(struct worker *w, struct stream_worker *x, int64_t now_ns)
{
	struct stream_link *l = &x->link;

	if (x->bytes != l->moved_bytes) {
		l->moved_bytes = x->bytes;
		l->moved_ns = now_ns;
	} else if (x->blocked && now_ns - l->moved_ns >= STALL_NS) {
		l->stalled_ns += now_ns - (l->moved_ns > l->stalled_until_ns ? l->moved_ns : l->stalled_until_ns);
		l->stalled_until_ns = now_ns;
		counter_set(w->counters, STREAM_C_STALLED_MS, (uint64_t)(l->stalled_ns / NS_PER_MS));
	}
}

/* The more that wait, the less each is waited for. */
static int64_t patience_ns(const struct stream_worker *x, uint64_t waiting)
{
	int64_t deaf_ns = DEAF_NS / (int64_t)(waiting + 1);

	if (!x->sends || !x->blocked)
		return STUCK_NS;
	return deaf_ns > DEAF_LEAST_NS ? deaf_ns : DEAF_LEAST_NS;
}

/* A client that leaves its worker waiting is given up where others wait for that worker. */
static bool is_stuck(struct worker *w, struct stream_worker *x, int64_t now_ns)
{
	struct stream_shared *s = stream_shared_of(w);
	uint64_t waiting = atomic_load_explicit(&s->waiting, memory_order_relaxed);

	return w->self->role == ROLE_SERVER && !s->both && waiting && now_ns - x->link.moved_ns >= patience_ns(x, waiting);
}

void stream_info_last(struct stream_worker *x)
{
	struct tcp_info info;

	if (read_info(&x->link, x->link.fd, &info))
		take_info(x, &info);
}

bool stream_info_is_closed(struct stream_worker *x)
{
	struct tcp_info info;

	return read_info(&x->link, x->link.fd, &info) && info.tcpi_state == TCP_STATE_CLOSE;
}

bool stream_info_observe(struct worker *w, struct stream_worker *x)
{
	struct stream_link *l = &x->link;
	int64_t now = clock_now_ns();
	struct tcp_info info;
	bool stuck = false;

	count_waiting(w, l);
	if (l->state == LINK_FLOWING && read_info(l, l->fd, &info)) {
		take_info(x, &info);
		show_info(w, &info);
		show_buffer(w, x);
		watch_movement(w, x, now);
		stream_far_look(w, x);
		stuck = is_stuck(w, x, now);
	}
	counter_set(w->counters, STREAM_C_CONNECTIONS, l->state == LINK_FLOWING && !stuck);
	return stuck;
}
