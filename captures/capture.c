/* A capture and its thread: see capture.h.
 *
 * The thread owns the pcap handle and the writer from its start to its end.  What the main
 * thread may see (state, recent packets) is copied under a mutex that is held for memory copies
 * only, never while reading, writing or decoding. */
#include "captures/capture.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/privilege/privilege.h"
#include "base/text.h"
#include "captures/decode.h"
#include "captures/filter.h"
#include "captures/inside.h"
#include "captures/open.h"
#include "captures/own.h"
#include "captures/writer.h"

enum {
	/* of a packet, for the panel: more than all headers and the echo datagram's */
	RAW_BYTES = 256,
	/* at most, before a stop is looked for: under overload the ring never runs empty */
	BATCH_PACKETS = 8192,
};

/* The kernel hands a packet over up to its timeout later: at a stop, what it still holds is
 * waited for this long. */
static const int64_t grace_ns = (int64_t)(CAPTURE_TIMEOUT_MS + 50) * NS_PER_MS;
static const int64_t flush_every_ns = 250 * (int64_t)NS_PER_MS;

struct raw {
	int64_t wall_ns;
	uint32_t captured, wire;
	uint8_t bytes[RAW_BYTES];
};

/* Why the capture stopped by itself; the first reason is kept. */
struct ending {
	bool over, failed;
	char message[sizeof(((struct capture_state *)0)->message)];
};

struct capture {
	/* set before the thread starts */
	bool echo_header;
	struct own_hosts hosts;
	unsigned snaplen_bytes;
	uint64_t limit_bytes;
	int64_t limit_ns, started_ns;
	char interface[16];
	int wake_fd;
	pthread_t thread;
	_Atomic bool stop;
	bool halted; /* the main thread's own: joined */

	/* the thread's own (the writer is the main thread's again after the join) */
	pcap_t *pcap;
	struct inside *inside; /* in place of pcap, where it is opened in another namespace */
	int linktype;
	struct pcap_stat base; /* packets from before the filter was set: not ours */
	int64_t base_wall_ns;
	struct pcap_writer writer;
	struct ending ending;
	/* seen since the last publication: the last ones of seen_new */
	struct raw recent[PACKETS_SHOWN];
	uint64_t seen, seen_new; /* since `base`; since the last publication */
	int64_t flushed_ns;

	pthread_mutex_t lock;
	/* guarded by lock */
	struct capture_state state;
	struct packet shown[PACKETS_SHOWN];
	uint64_t shown_count; /* ever; the newest is at (shown_count - 1) % PACKETS_SHOWN */
};

/* ---- the thread ---- */

__attribute__((format(printf, 3, 4))) static void end(struct capture *c, bool failed, const char *fmt, ...)
{
	va_list args;

	if (c->ending.over)
		return;
	va_start(args, fmt);
	vsnprintf(c->ending.message, sizeof(c->ending.message), fmt, args);
	va_end(args);
	c->ending.failed = failed;
	c->ending.over = true;
}

/* A full disk ends the capture: what is in the file stays, and the run goes on. */
static void end_by_write(struct capture *c)
{
	char scratch[64];

	end(c, true, "the file could not be written further (%s): the first %" PRIu64 " packets are kept",
		strerror_r(c->writer.error, scratch, sizeof(scratch)), c->writer.packets);
}

/* The time in a datagram is CLOCK_MONOTONIC, the kernel's stamp CLOCK_REALTIME.  Taken anew for
 * each batch, since wall time is adjusted. */
static int64_t wall_offset_ns(void)
{
	struct timespec wall;
	int64_t before = clock_now_ns();

	clock_gettime(CLOCK_REALTIME, &wall);
	int64_t after = clock_now_ns();
	return (int64_t)wall.tv_sec * NS_PER_S + wall.tv_nsec - before - (after - before) / 2;
}

/* An age that is negative or beyond an hour says that the sender's clock is not ours. */
static int64_t age_of(const struct packet *p, int64_t offset_ns)
{
	int64_t sent;

	if (!p->has_echo || p->stamp_ns > INT64_MAX || __builtin_add_overflow((int64_t)p->stamp_ns, offset_ns, &sent))
		return INT64_MIN;
	int64_t age = p->wall_ns - sent;
	return age < -NS_PER_MS || age > INT64_C(3600) * NS_PER_S ? INT64_MIN : age < 0 ? 0 : age;
}

/* Nanosecond precision: tv_usec holds ns. */
static int64_t stamp_of(const struct pcap_pkthdr *header)
{
	return (int64_t)header->ts.tv_sec * NS_PER_S + header->ts.tv_usec;
}

static void remember(struct capture *c, const struct pcap_pkthdr *header, const uint8_t *bytes)
{
	struct raw *raw = &c->recent[c->seen_new++ % PACKETS_SHOWN];

	raw->wall_ns = stamp_of(header);
	raw->wire = header->len;
	raw->captured = header->caplen < RAW_BYTES ? header->caplen : RAW_BYTES;
	memcpy(raw->bytes, bytes, raw->captured);
}

/* Of those that the filter lets through.  In the namespaces of a run nobody else has sockets. */
static bool is_own(const struct capture *c, const struct pcap_pkthdr *header, const uint8_t *bytes)
{
	struct packet packet;

	if (c->inside)
		return true;
	packet_decode(c->linktype, bytes, header->caplen, header->len, false, &packet);
	packet.wall_ns = stamp_of(header);
	return own_packet(&c->hosts, &packet);
}

static void take_packet(uint8_t *user, const struct pcap_pkthdr *whole, const uint8_t *bytes)
{
	struct capture *c = (struct capture *)user;
	/* The user may have asked for less of it than is_own() needs. */
	struct pcap_pkthdr cut = *whole, *header = &cut;

	c->seen += stamp_of(whole) >= c->base_wall_ns;
	if (!is_own(c, whole, bytes))
		return;
	if (cut.caplen > c->snaplen_bytes)
		cut.caplen = c->snaplen_bytes;
	if (c->ending.over) {
		if (c->writer.error)
			writer_put(&c->writer, header, bytes); /* counts it as dropped */
		return;
	}
	if (c->limit_bytes && c->writer.bytes + writer_record_bytes(header) > c->limit_bytes) {
		char size[16];

		end(c, false, "size limit reached (%sB)", text_human((double)c->limit_bytes, size, sizeof(size)));
		return;
	}
	if (writer_put(&c->writer, header, bytes) < 0)
		end_by_write(c);
	remember(c, header, bytes);
}

/* Decodes the newest packets of this batch, at most as many as are shown. */
static unsigned decode_recent(struct capture *c, struct packet out[PACKETS_SHOWN])
{
	unsigned count = c->seen_new < PACKETS_SHOWN ? (unsigned)c->seen_new : PACKETS_SHOWN;
	int64_t offset_ns = count ? wall_offset_ns() : 0;

	for (unsigned i = 0; i < count; i++) {
		const struct raw *raw = &c->recent[(c->seen_new - count + i) % PACKETS_SHOWN];

		packet_decode(c->linktype, raw->bytes, raw->captured, raw->wire, c->echo_header, &out[i]);
		out[i].wall_ns = raw->wall_ns;
		out[i].age_ns = age_of(&out[i], offset_ns);
	}
	c->seen_new = 0;
	return count;
}

/* The kernel's counts since the filter was set. */
static bool read_stat(struct capture *c, struct pcap_stat *ret)
{
	struct pcap_stat now;

	if (c->inside)
		return inside_stats(c->inside, ret);
	if (!c->pcap || pcap_stats(c->pcap, &now) < 0)
		return false;
	*ret = (struct pcap_stat){ .ps_recv = now.ps_recv - c->base.ps_recv, .ps_drop = now.ps_drop - c->base.ps_drop };
	return true;
}

/* Lets the main thread see what this batch brought. */
static void capture_publish(struct capture *c, bool active)
{
	struct packet fresh[PACKETS_SHOWN];
	struct pcap_stat stat;
	bool drops_known = read_stat(c, &stat);
	unsigned count = decode_recent(c, fresh);

	pthread_mutex_lock(&c->lock);
	for (unsigned i = 0; i < count; i++)
		c->shown[c->shown_count++ % PACKETS_SHOWN] = fresh[i];
	c->state.packets = c->writer.packets;
	c->state.bytes = c->writer.bytes;
	c->state.writer_drops = c->writer.dropped;
	if (drops_known)
		c->state.kernel_drops = stat.ps_drop;
	c->state.kernel_drops_known = c->state.kernel_drops_known || drops_known;
	if (c->ending.over) {
		c->state.failed = c->ending.failed;
		snprintf(c->state.message, sizeof(c->state.message), "%s", c->ending.message);
	}
	c->state.active = active;
	pthread_mutex_unlock(&c->lock);
}

static int capture_dispatch(struct capture *c, const char **ret_why)
{
	int n;

	if (c->inside) {
		n = inside_dispatch(c->inside, BATCH_PACKETS, take_packet, (uint8_t *)c);
		*ret_why = inside_why(c->inside);
		return n;
	}
	n = pcap_dispatch(c->pcap, BATCH_PACKETS, take_packet, (uint8_t *)c);
	*ret_why = pcap_geterr(c->pcap);
	return n == PCAP_ERROR ? -EIO : n;
}

static int capture_fd(const struct capture *c)
{
	return c->inside ? inside_fd(c->inside) : pcap_get_selectable_fd(c->pcap);
}

/* Takes what the kernel has ready. */
static void take_batch(struct capture *c)
{
	const char *why;

	if (capture_dispatch(c, &why) < 0)
		end(c, true, "capture on %s ended: %s", c->interface, why);
	int64_t now = clock_now_ns();
	if (now - c->flushed_ns >= flush_every_ns) {
		/* Whoever reads along sees whole records; a process that is killed leaves them. */
		if (writer_flush(&c->writer) < 0)
			end_by_write(c);
		c->flushed_ns = now;
	}
	if (c->limit_ns && now - c->started_ns >= c->limit_ns) {
		char text[48];

		end(c, false, "time limit reached (%s)", text_duration(c->limit_ns, text, sizeof(text)));
	}
}

/* Until a packet block, a stop or the next thing that is due by time. */
static void wait_for_more(struct capture *c)
{
	struct pollfd fds[2] = { { .fd = capture_fd(c), .events = POLLIN }, { .fd = c->wake_fd, .events = POLLIN } };
	int timeout_ms = CAPTURE_TIMEOUT_MS;

	if (c->limit_ns) {
		int64_t left_ms = (c->started_ns + c->limit_ns - clock_now_ns()) / NS_PER_MS + 1;

		timeout_ms = left_ms < 1 ? 1 : left_ms < timeout_ms ? (int)left_ms : timeout_ms;
	}
	poll(fds, 2, timeout_ms);
}

/* What the process in the other namespace has still to tell: until it has said so by its end. */
static void take_rest_inside(struct capture *c)
{
	int64_t deadline = clock_now_ns() + 2 * grace_ns;
	const char *why;

	inside_finish(c->inside);
	while (!c->ending.over && capture_dispatch(c, &why) >= 0 && clock_now_ns() < deadline) {
		struct pollfd fd = { .fd = capture_fd(c), .events = POLLIN };

		poll(&fd, 1, 20);
	}
}

/* The block that the kernel is filling becomes readable only after its timeout: packets of the
 * run's last moments. */
static void take_rest(struct capture *c)
{
	int64_t deadline = clock_now_ns() + grace_ns;
	struct pcap_stat stat;

	if (c->inside) {
		take_rest_inside(c);
		return;
	}
	while (!c->ending.over && read_stat(c, &stat) && c->seen + stat.ps_drop < stat.ps_recv && clock_now_ns() < deadline) {
		struct pollfd fd = { .fd = pcap_get_selectable_fd(c->pcap), .events = POLLIN };

		poll(&fd, 1, 20);
		take_batch(c);
	}
}

static void capture_close_source(struct capture *c)
{
	if (c->pcap)
		pcap_close(c->pcap);
	inside_close(c->inside);
	c->pcap = NULL;
	c->inside = NULL;
}

static void *capture_main(void *arg)
{
	struct capture *c = arg;

	/* It reads what came from the network, and its socket and its file are open. */
	privilege_drop_all();
	pthread_setname_np(pthread_self(), "nd-capture");
	while (!c->ending.over && !atomic_load_explicit(&c->stop, memory_order_acquire)) {
		wait_for_more(c);
		take_batch(c);
		capture_publish(c, true);
	}
	take_rest(c);
	if (writer_flush(&c->writer) < 0)
		end_by_write(c);
	capture_publish(c, true);
	/* Closed here: a capture that has ended by itself must not go on slowing the packets
	 * until somebody notices. */
	capture_close_source(c);
	capture_publish(c, false);
	return NULL;
}

/* ---- the main thread ---- */

static int start_thread(struct capture *c, struct err *err)
{
	sigset_t all, before;

	/* Blocked already when the thread begins: signals are main's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int r = pthread_create(&c->thread, NULL, capture_main, c);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r)
		return err_sys(err, r, "capture: start thread");
	return 0;
}

static const char *choose_interface(const struct capture_request *request)
{
	if (request->options.interface[0])
		return request->options.interface;
	return request->interface ? request->interface : "";
}

static int check_request(const struct capture_request *request, struct err *err)
{
	if (!request->path || !*request->path)
		return err_say(err, EINVAL, "capture: needs the name of a file");
	if (!*choose_interface(request))
		return err_say(err, EINVAL, "capture: the run's interface is not known; name one");
	return 0;
}

static struct capture *new_capture(const struct capture_request *request)
{
	struct capture *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	pthread_mutex_init(&c->lock, NULL);
	c->echo_header = request->echo_header;
	own_hosts_read(&c->hosts);
	c->snaplen_bytes = request->options.snaplen_bytes;
	c->limit_bytes = request->options.limit_bytes;
	c->limit_ns = request->options.limit_ns;
	snprintf(c->interface, sizeof(c->interface), "%s", choose_interface(request));
	c->wake_fd = -1;
	return c;
}

static void free_capture(struct capture *c)
{
	if (!c)
		return;
	capture_close_source(c);
	writer_abort(&c->writer);
	if (c->wake_fd >= 0)
		close(c->wake_fd);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static void first_state(struct capture *c, const struct capture_request *request, const char *filter)
{
	struct capture_state *s = &c->state;

	s->active = true;
	s->options = request->options;
	s->since_ns = clock_run_ns();
	s->bytes = c->writer.bytes;
	snprintf(s->path, sizeof(s->path), "%s", request->path);
	snprintf(s->interface, sizeof(s->interface), "%s", c->interface);
	/* a long one is shown in part */
	snprintf(s->filter, sizeof(s->filter), "%.*s", (int)sizeof(s->filter) - 1, filter);
	if (request->options.sample_1_in > 1)
		snprintf(s->message, sizeof(s->message), "1 in %u, chosen %s", request->options.sample_1_in,
			capture_sampling(request));
}

/* The file says what was asked for of each packet, not what the kernel was. */
static int open_writer(struct capture *c, const struct capture_request *request, struct err *err)
{
	pcap_t *like = pcap_open_dead_with_tstamp_precision(c->linktype, (int)c->snaplen_bytes, PCAP_TSTAMP_PRECISION_NANO);

	if (!like)
		return err_sys(err, ENOMEM, "capture");
	int r = writer_open(&c->writer, like, request->path, request->force, err);
	pcap_close(like);
	return r;
}

static int open_source(struct capture *c, const struct capture_request *request, const char *filter, struct err *err)
{
	int r;

	if (request->inside_fd) {
		r = inside_open(request->inside_fd, request, c->interface, filter, &c->inside, err);
		c->linktype = r < 0 ? 0 : inside_linktype(c->inside);
		return r;
	}
	r = capture_open(request, c->interface, filter, &c->pcap, err);
	c->linktype = r < 0 ? 0 : pcap_datalink(c->pcap);
	return r;
}

int capture_start(const struct capture_request *request, struct capture **ret_capture, struct err *err)
{
	char filter[FILTER_BYTES];
	int r = check_request(request, err);

	if (r == 0)
		r = capture_filter_text(request, filter, sizeof(filter), err);
	if (r < 0)
		return r;
	struct capture *c = new_capture(request);
	if (!c)
		return err_sys(err, ENOMEM, "capture");
	/* The file first: it fails without having disturbed any packet. */
	r = file_check_recording(request->path, request->force, err);
	if (r == 0) {
		c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		r = c->wake_fd < 0 ? err_sys(err, errno, "capture: eventfd") : 0;
	}
	if (r == 0)
		r = open_source(c, request, filter, err);
	if (r == 0)
		r = open_writer(c, request, err);
	if (r == 0) {
		/* In this order: a packet between the two is taken for one still to come, not
		 * for one that has come. */
		if (read_stat(c, &c->base))
			c->base_wall_ns = clock_now_ns() + wall_offset_ns();
		c->started_ns = c->flushed_ns = clock_now_ns();
		first_state(c, request, filter);
		r = start_thread(c, err);
	}
	if (r < 0) {
		free_capture(c);
		return r;
	}
	*ret_capture = c;
	return 0;
}

void capture_halt(struct capture *c)
{
	const uint64_t one = 1;

	if (!c || c->halted)
		return;
	atomic_store_explicit(&c->stop, true, memory_order_release);
	/* It cannot fail but by a full counter, which wakes the thread as well; without a wake
	 * the thread looks every CAPTURE_TIMEOUT_MS. */
	ssize_t n = write(c->wake_fd, &one, sizeof(one));
	(void)n;
	pthread_join(c->thread, NULL);
	c->halted = true;
}

int capture_stop(struct capture *c, struct err *err)
{
	if (!c)
		return 0;
	capture_halt(c);
	int r = writer_close(&c->writer, err);
	free_capture(c);
	return r;
}

void capture_state(struct capture *c, struct capture_state *ret_state)
{
	pthread_mutex_lock(&c->lock);
	*ret_state = c->state;
	pthread_mutex_unlock(&c->lock);
}

unsigned capture_packets(struct capture *c, struct packet *out, unsigned max)
{
	unsigned count;

	pthread_mutex_lock(&c->lock);
	count = c->shown_count < PACKETS_SHOWN ? (unsigned)c->shown_count : PACKETS_SHOWN;
	if (count > max)
		count = max;
	for (unsigned i = 0; i < count; i++)
		out[i] = c->shown[(c->shown_count - 1 - i) % PACKETS_SHOWN];
	pthread_mutex_unlock(&c->lock);
	return count;
}
