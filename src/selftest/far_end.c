/* A far end of our own: it answers as any echo server does (RFC 862), but for faults that it counts
 * exactly.  And one that is not there.  See fault.h. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "selftest/fault.h"

enum {
	FAR_BEFORE = 100, /* answers without a fault: the run is under way then */
	FAR_EVERY = 10,
	FAR_FAULTS = 40,
	FAR_AFTER = 100,
	FAR_REFUSED = 50,
	FAR_HELD = 64,
	FAR_BYTES = 2048,
};

static const int64_t late_ns = 1300ll * NS_PER_MS; /* an answer is late after 1 s */
static const int64_t patience_ns = 20ll * NS_PER_S;

/* An answer that is kept back. */
struct far_answer {
	struct sockaddr_in to;
	socklen_t to_bytes;
	size_t bytes;
	int64_t due_ns;
	char data[FAR_BYTES];
};

struct far_end {
	int fd;
	enum far_kind kind;
	uint64_t seen, faults, after; /* after: answers behind the last fault */
	unsigned first, held;         /* ring of those that are kept back */
	struct far_answer answer[FAR_HELD];
};

static void far_send(const struct far_end *f, const struct far_answer *a)
{
	sendto(f->fd, a->data, a->bytes, 0, (const struct sockaddr *)&a->to, a->to_bytes);
}

static void far_keep(struct far_end *f, const struct far_answer *a, int64_t due_ns)
{
	struct far_answer *kept = &f->answer[(f->first + f->held) % FAR_HELD];

	if (f->held == FAR_HELD)
		return;
	*kept = *a;
	kept->due_ns = due_ns;
	f->held++;
}

static void far_release(struct far_end *f, int64_t now_ns)
{
	while (f->held && f->answer[f->first].due_ns <= now_ns) {
		far_send(f, &f->answer[f->first]);
		f->first = (f->first + 1) % FAR_HELD;
		f->held--;
	}
}

/* One of so many gets its fault. */
static bool far_is_due(struct far_end *f)
{
	bool due = f->kind != FAR_GONE && f->seen > FAR_BEFORE && f->faults < FAR_FAULTS && f->seen % FAR_EVERY == 0;

	f->faults += due;
	f->after += f->faults == FAR_FAULTS && !due;
	return due;
}

static void far_answer(struct far_end *f, const struct far_answer *a)
{
	bool due;

	f->seen++;
	due = far_is_due(f);
	if (due && f->kind == FAR_LOST)
		return;
	if (due && f->kind == FAR_LATE) {
		far_keep(f, a, clock_now_ns() + late_ns);
		return;
	}
	/* Its successor overtakes it. */
	if (due && f->kind == FAR_REORDERED) {
		far_keep(f, a, 0);
		return;
	}
	far_send(f, a);
	if (due)
		far_send(f, a);
	if (f->kind == FAR_REORDERED)
		far_release(f, INT64_MAX);
}

static void far_close(struct far_end *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

static void far_turn(struct far_end *f)
{
	struct pollfd p = { .fd = f->fd, .events = POLLIN };
	struct far_answer a;
	ssize_t n;

	poll(&p, 1, 5);
	while (f->fd >= 0) {
		a.to_bytes = sizeof(a.to);
		n = recvfrom(f->fd, a.data, sizeof(a.data), MSG_DONTWAIT, (struct sockaddr *)&a.to, &a.to_bytes);
		if (n < 0)
			break;
		a.bytes = (size_t)n;
		far_answer(f, &a);
	}
	if (f->kind == FAR_LATE)
		far_release(f, clock_now_ns());
	if (f->kind == FAR_GONE && f->seen > FAR_BEFORE)
		far_close(f);
}

static bool far_is_done(const struct far_end *f, const struct play *p)
{
	if (f->kind == FAR_GONE)
		return witness_snmp(&p->witness, WITNESS_SERVER, "Udp", "NoPorts") >= FAR_REFUSED;
	return f->after >= FAR_AFTER && !f->held;
}

/* Answers until the faults are done and the run has ended. */
static int far_serve(struct far_end *f, struct play *p, struct err *err)
{
	int64_t end_ns = clock_now_ns() + patience_ns;
	bool asked = false;

	while (!child_has_ended(&p->run)) {
		far_turn(f);
		if (clock_now_ns() > end_ns)
			return err_say(err, ETIMEDOUT, "the run does not ask its server often enough");
		if (asked || !far_is_done(f, p))
			continue;
		kill(p->run.pid, SIGINT);
		asked = true;
	}
	return child_await(&p->run, err);
}

static int far_open(struct far_end *f, struct err *err)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(at);
	const int room = 1 << 20;

	f->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(f->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (f->fd < 0 || bind(f->fd, (struct sockaddr *)&at, size) < 0 || getsockname(f->fd, (struct sockaddr *)&at, &size) < 0)
		return err_sys(err, errno, "open a server");
	return ntohs(at.sin_port);
}

int play_far_end(struct play *p, struct err *err)
{
	static const struct {
		const char *way, *place;
	} said[] = {
		[FAR_DUPLICATED] = { "end.sum.duplicates", "duplicates" },
		[FAR_REORDERED] = { "end.sum.reordered", "reordered" },
		[FAR_LATE] = { "end.ledger.places.late", "late" },
		[FAR_LOST] = { "end.ledger.places.here_to_answer", "here_to_answer" },
		[FAR_GONE] = { "end.ledger.places.refused", "refused" },
	};
	struct far_end f = { .fd = -1, .kind = p->fault->kind };
	char words[160];
	int rc = far_open(&f, err);

	snprintf(words, sizeof(words),
		"echo --role client --host 127.0.0.1 --port %d --cores 1 --rate 500 --warmup 0 --duration 0", rc);
	witness_here(&p->witness);
	if (rc >= 0)
		rc = play_start(p, &p->run, words, err);
	if (rc >= 0)
		rc = far_serve(&f, p, err);
	far_close(&f);
	struct selftest_check *check = play_check(p, said[f.kind].place, "packets");
	check->said = rc < 0 ? SELFTEST_UNKNOWN : child_number(&p->run, said[f.kind].way);
	if (f.kind != FAR_GONE) {
		check->injected = (int64_t)f.faults;
		return rc;
	}
	check->second = witness_snmp(&p->witness, WITNESS_SERVER, "Udp", "NoPorts");
	snprintf(check->source, sizeof(check->source), "Udp NoPorts (nstat)");
	return rc;
}
