/* The pieces that plays are made of.  See fault.h. */
#include "selftest/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

static const int64_t await_patience_ns = 15ll * NS_PER_S;

struct selftest_check *play_check(struct play *p, const char *place, const char *unit)
{
	struct selftest_row *row = p->row;
	struct selftest_check *check = &row->check[row->checks < SELFTEST_CHECKS ? row->checks++ : SELFTEST_CHECKS - 1];

	*check = (struct selftest_check){ .injected = SELFTEST_UNKNOWN,
		.said = SELFTEST_UNKNOWN,
		.second = SELFTEST_UNKNOWN,
		.each_least = 1,
		.each_most = 1 };
	snprintf(check->place, sizeof(check->place), "%s", place);
	snprintf(check->unit, sizeof(check->unit), "%s", unit);
	return check;
}

int64_t play_place(const struct play *p, const char *place)
{
	char way[96];

	snprintf(way, sizeof(way), "end.ledger.places.%s", place);
	return child_number(&p->run, way);
}

void play_balance(struct play *p)
{
	struct selftest_check *check = play_check(p, "unexplained", "packets");

	check->injected = 0;
	check->said = child_number(&p->run, "end.ledger.unexplained");
}

int play_happened(const struct play *p, struct err *err)
{
	for (unsigned i = 0; i < p->row->checks; i++)
		if (p->row->check[i].said || p->row->check[i].second > 0)
			return 0;
	return err_say(err, ENOTSUP, "it could not be put in: this kernel loses nothing by that");
}

int play_start(struct play *p, struct child *c, const char *words, struct err *err)
{
	char all[512];

	snprintf(all, sizeof(all), "%s%s%s", words, *p->lie ? " --lie " : "", p->lie);
	return child_start(c, all, err);
}

bool play_write(const char *path, const char *word)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t done;
	bool written = fd >= 0 && file_write_fully(fd, word, strlen(word), &done) == 0;

	if (fd >= 0)
		close(fd);
	return written;
}

bool play_own_sys(void)
{
	return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("sysfs", "/sys", "sysfs", 0, NULL) == 0;
}

struct awaited {
	struct play *play;
	const char *group, *name;
	int64_t least;
};

static bool play_has_counted(void *of)
{
	const struct awaited *a = of;

	return child_has_ended(&a->play->run) || witness_snmp(&a->play->witness, WITNESS_SERVER, a->group, a->name) >= a->least;
}

int play_await(struct play *p, const char *group, const char *name, int64_t least, struct err *err)
{
	struct awaited a = { p, group, name, least };

	if (!wait_until(play_has_counted, &a, await_patience_ns))
		return err_say(err, ETIMEDOUT, "the run does not send: %s %s stays below %lld", group, name, (long long)least);
	if (p->run.pid)
		return 0;
	int rc = child_await(&p->run, err);
	return rc < 0 ? rc : err_say(err, EIO, "the run ended by itself");
}

/* ---- a run over veth ---- */

struct looking {
	struct play *play;
	struct err *err;
	int rc;
};

static bool play_has_begun(void *of)
{
	struct looking *l = of;

	l->rc = witness_look(&l->play->witness, l->play->run.pid, l->err);
	return l->rc != -EAGAIN || child_has_ended(&l->play->run);
}

int play_meet(struct play *p, struct err *err)
{
	struct looking l = { .play = p, .err = err };

	witness_here(&p->witness);
	if (!wait_until(play_has_begun, &l, await_patience_ns))
		return err_say(err, ETIMEDOUT, "the run does not send");
	if (!l.rc)
		return 0;
	/* It has ended by itself: it says why. */
	if (l.rc == -EAGAIN && child_await(&p->run, err) >= 0)
		err_say(err, EIO, "the run ended by itself");
	return -EIO;
}

int play_free_port(struct err *err)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc = fd < 0 || bind(fd, (struct sockaddr *)&at, size) < 0 || getsockname(fd, (struct sockaddr *)&at, &size) < 0;

	rc = rc ? err_sys(err, errno, "find a free port") : ntohs(at.sin_port);
	if (fd >= 0)
		close(fd);
	return rc;
}
