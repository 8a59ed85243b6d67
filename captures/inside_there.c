/* The end of a capture in another network namespace that is there: see inside.h. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/privilege/privilege.h"
#include "captures/inside.h"
#include "captures/inside_wire.h"
#include "captures/open.h"

enum { BATCH_PACKETS = 1024, BUFFER_BYTES = 256 * 1024 };

static const int64_t grace_ns = (int64_t)(CAPTURE_TIMEOUT_MS + 50) * NS_PER_MS;

struct there {
	int fd;
	pcap_t *pcap;
	struct pcap_stat base; /* packets from before the filter was set */
	uint64_t seen;
	bool gone; /* nobody reads any more */
	size_t used;
	uint8_t buffer[BUFFER_BYTES];
};

static void there_flush(struct there *t)
{
	size_t sent = 0;

	while (!t->gone && sent < t->used) {
		ssize_t n = send(t->fd, t->buffer + sent, t->used - sent, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			t->gone = true;
		else if (n > 0)
			sent += (size_t)n;
	}
	t->used = 0;
}

static void there_put(struct there *t, const struct inside_record *record, const uint8_t *bytes)
{
	size_t captured = record->captured > 0 ? (size_t)record->captured : 0;

	if (t->used + sizeof(*record) + captured > sizeof(t->buffer))
		there_flush(t);
	memcpy(t->buffer + t->used, record, sizeof(*record));
	if (captured)
		memcpy(t->buffer + t->used + sizeof(*record), bytes, captured);
	t->used += sizeof(*record) + captured;
}

static void there_take(uint8_t *user, const struct pcap_pkthdr *header, const uint8_t *bytes)
{
	struct there *t = (struct there *)user;
	/* Nanosecond precision: tv_usec holds ns. */
	const struct inside_record record = { .captured = (int32_t)header->caplen,
		.wire = header->len,
		.seconds = (uint32_t)header->ts.tv_sec,
		.nanoseconds = (uint32_t)header->ts.tv_usec };

	t->seen++;
	if (header->caplen <= BUFFER_BYTES - sizeof(record))
		there_put(t, &record, bytes);
}

static bool there_counts(struct there *t, struct pcap_stat *ret_stat)
{
	if (pcap_stats(t->pcap, ret_stat) < 0)
		return false;
	ret_stat->ps_recv -= t->base.ps_recv;
	ret_stat->ps_drop -= t->base.ps_drop;
	return true;
}

/* false: nothing more comes from libpcap. */
static bool there_batch(struct there *t)
{
	struct pcap_stat stat;
	int n = pcap_dispatch(t->pcap, BATCH_PACKETS, there_take, (uint8_t *)t);

	if (there_counts(t, &stat)) {
		const struct inside_record record = {
			.captured = INSIDE_COUNTS, .received = stat.ps_recv, .dropped = stat.ps_drop
		};

		there_put(t, &record, NULL);
	}
	there_flush(t);
	return n >= 0 && !t->gone;
}

/* The block that the kernel is filling becomes readable only after its timeout. */
static void there_rest(struct there *t)
{
	int64_t deadline = clock_now_ns() + grace_ns;
	struct pcap_stat stat;

	do {
		struct pollfd p = { .fd = pcap_get_selectable_fd(t->pcap), .events = POLLIN };

		if (!there_batch(t) || !there_counts(t, &stat) || t->seen + stat.ps_drop >= stat.ps_recv)
			return;
		poll(&p, 1, 20);
	} while (clock_now_ns() < deadline);
}

static void there_serve(struct there *t)
{
	struct pollfd fds[2] = { { .fd = pcap_get_selectable_fd(t->pcap), .events = POLLIN }, { .fd = t->fd, .events = POLLIN } };

	while (!fds[1].revents) {
		if (poll(fds, 2, CAPTURE_TIMEOUT_MS) < 0 && errno != EINTR)
			return;
		if (!there_batch(t))
			return;
	}
	there_rest(t);
}

static int there_open(struct there *t, struct err *err)
{
	struct inside_request asked;
	struct capture_request request = { 0 };

	if (recv(t->fd, &asked, sizeof(asked), MSG_WAITALL) != sizeof(asked) || asked.magic != INSIDE_MAGIC)
		return err_say(err, EPROTO, "capture: no request");
	asked.interface[sizeof(asked.interface) - 1] = '\0';
	asked.filter[sizeof(asked.filter) - 1] = '\0';
	asked.options.filter[sizeof(asked.options.filter) - 1] = '\0';
	request.options = asked.options;
	return capture_open(&request, asked.interface, asked.filter, &t->pcap, err);
}

int capture_inside(int fd)
{
	struct there *t = calloc(1, sizeof(*t));
	struct inside_answer answer = { .magic = INSIDE_MAGIC };
	struct err err = ERR_NONE;

	if (!t)
		return 1;
	t->fd = fd;
	if (there_open(t, &err) < 0) {
		answer.code = err.code ? err.code : EIO;
		memcpy(answer.text, err.text, sizeof(answer.text));
	} else {
		answer.linktype = pcap_datalink(t->pcap);
		there_counts(t, &t->base);
	}
	/* It reads what came from the network, and opens nothing more. */
	privilege_drop_all();
	if (send(fd, &answer, sizeof(answer), MSG_NOSIGNAL) == sizeof(answer) && !answer.code)
		there_serve(t);
	if (t->pcap)
		pcap_close(t->pcap);
	free(t);
	return answer.code != 0;
}
