/* The end of a capture in another network namespace that is here: see inside.h. */
#include "captures/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "captures/inside_wire.h"

enum { BUFFER_BYTES = 2 * INSIDE_CAPTURED_MAX, PATIENCE_S = 10 };

struct inside {
	int fd, linktype;
	bool counted;
	struct pcap_stat stat;
	char why[80];
	size_t from, used; /* the part of the buffer that has not been handed on */
	uint8_t buffer[BUFFER_BYTES];
};

/* ---- opening ---- */

/* The answer as a whole; 0, or -errno: EPIPE where the helper closes instead, EAGAIN where it is
 * silent. */
static int inside_hear(int fd, struct inside_answer *ret_answer)
{
	ssize_t n;

	do
		n = recv(fd, ret_answer, sizeof(*ret_answer), MSG_WAITALL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == sizeof(*ret_answer) && ret_answer->magic == INSIDE_MAGIC && ret_answer->code >= 0 ? 0 : -EPIPE;
}

static int inside_ask(int fd, const struct inside_request *request, struct inside_answer *ret_answer, struct err *err)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	int rc = send(fd, request, sizeof(*request), MSG_NOSIGNAL) == sizeof(*request) ? inside_hear(fd, ret_answer) : -errno;
	if (rc < 0)
		return err_sys(err, -rc, "capture on %s: the helper of the run's path does not answer", request->interface);
	ret_answer->text[sizeof(ret_answer->text) - 1] = '\0';
	return ret_answer->code ? err_say(err, ret_answer->code, "%s", ret_answer->text) : 0;
}

int inside_open(int fd, const struct capture_request *request, const char *interface, const char *filter,
	struct inside **ret_inside, struct err *err)
{
	struct inside_request asked = { .magic = INSIDE_MAGIC, .options = request->options };
	struct inside *in = calloc(1, sizeof(*in));
	struct inside_answer answer;

	snprintf(asked.interface, sizeof(asked.interface), "%s", interface);
	snprintf(asked.filter, sizeof(asked.filter), "%s", filter);
	int rc = in ? inside_ask(fd, &asked, &answer, err) : err_sys(err, ENOMEM, "capture");

	if (rc >= 0 && (in->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0)
		rc = err_sys(err, errno, "capture");
	if (rc < 0) {
		free(in);
		return rc;
	}
	in->linktype = answer.linktype;
	*ret_inside = in;
	return 0;
}

void inside_close(struct inside *in)
{
	if (!in)
		return;
	close(in->fd);
	free(in);
}

int inside_linktype(const struct inside *in)
{
	return in->linktype;
}

int inside_fd(const struct inside *in)
{
	return in->fd;
}

const char *inside_why(const struct inside *in)
{
	return in->why;
}

bool inside_stats(const struct inside *in, struct pcap_stat *ret_stat)
{
	if (in->counted)
		*ret_stat = in->stat;
	return in->counted;
}

void inside_finish(struct inside *in)
{
	shutdown(in->fd, SHUT_WR);
}

/* ---- reading ---- */

/* More bytes behind those that are there: how many, 0: none now, or -errno. */
static int inside_fill(struct inside *in)
{
	memmove(in->buffer, in->buffer + in->from, in->used - in->from);
	in->used -= in->from;
	in->from = 0;
	ssize_t n = recv(in->fd, in->buffer + in->used, sizeof(in->buffer) - in->used, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		snprintf(in->why, sizeof(in->why), "the process that captured has ended");
		return -EPIPE;
	}
	in->used += (size_t)n;
	return (int)n;
}

/* One record of those in the buffer: 1, 0 where none is whole, or -EPROTO. */
static int inside_take(struct inside *in, pcap_handler handler, uint8_t *user)
{
	struct inside_record record;
	size_t left = in->used - in->from;

	if (left < sizeof(record))
		return 0;
	memcpy(&record, in->buffer + in->from, sizeof(record));
	if (record.captured == INSIDE_COUNTS) {
		in->stat = (struct pcap_stat){ .ps_recv = record.received, .ps_drop = record.dropped };
		in->counted = true;
		in->from += sizeof(record);
		return 1;
	}
	if (record.captured < 0 || record.captured > INSIDE_CAPTURED_MAX) {
		snprintf(in->why, sizeof(in->why), "the process that captured talks nonsense");
		return -EPROTO;
	}
	if (left < sizeof(record) + (size_t)record.captured)
		return 0;
	const struct pcap_pkthdr header = { .ts = { .tv_sec = record.seconds, .tv_usec = record.nanoseconds },
		.caplen = (uint32_t)record.captured,
		.len = record.wire };
	handler(user, &header, in->buffer + in->from + sizeof(record));
	in->from += sizeof(record) + (size_t)record.captured;
	return 1;
}

int inside_dispatch(struct inside *in, unsigned max, pcap_handler handler, uint8_t *user)
{
	unsigned records = 0;
	int rc = 1;

	while (records < max && rc > 0) {
		rc = inside_take(in, handler, user);
		records += rc > 0;
		if (rc == 0)
			rc = inside_fill(in);
	}
	return rc < 0 && !records ? rc : (int)records;
}
