/* See helper.h. */
#include "path/veth/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "path/veth/message.h"
#include "path/veth/pair.h"

enum { TAPS_MAX = 64 };

/* Sockets of one kind for whoever takes them, as many as wait in the kernel's queue of it. */
struct helper_tap {
	int fd;
	struct veth_socket socket;
};

struct helper {
	int control;
	int (*capture)(int fd);
	struct veth_pair pair;
	struct helper_tap tap[TAPS_MAX];
	unsigned taps;
	enum veth_side here; /* the namespace that the process is in */
	int status;
};

/* ---- taps ---- */

static int helper_socket(struct helper *h, const struct veth_socket *s)
{
	struct err err = ERR_NONE;
	enum veth_side side = (enum veth_side)s->side;

	if (h->here != side && veth_pair_enter(&h->pair, side, &err) < 0)
		return -err.code;
	h->here = side;
	int fd = socket(s->domain, s->type | SOCK_CLOEXEC, s->protocol);

	return fd < 0 ? -errno : fd;
}

/* One more socket into the tap, or the reason why there is none: 0, or -errno where the tap takes
 * no more now (-EAGAIN) or ever. */
static int helper_fill_one(struct helper *h, const struct helper_tap *tap)
{
	int fd = helper_socket(h, &tap->socket);
	struct veth_answer answer = { .magic = VETH_MAGIC, .code = fd < 0 ? -fd : 0 };
	int rc = veth_send(tap->fd, &answer, veth_answer_bytes(&answer), &fd, fd >= 0, MSG_DONTWAIT);

	if (fd >= 0)
		close(fd);
	/* So many wait in queues already that the kernel lets nobody add one (unix(7)): this one
	 * waits until some have been taken. */
	return rc == -ETOOMANYREFS ? -EAGAIN : rc;
}

/* false: its other end has gone. */
static bool helper_fill(struct helper *h, const struct helper_tap *tap)
{
	int rc;

	while ((rc = helper_fill_one(h, tap)) == 0)
		;
	return rc == -EAGAIN;
}

static void helper_drop_tap(struct helper *h, unsigned i)
{
	close(h->tap[i].fd);
	h->tap[i] = h->tap[--h->taps];
}

/* The least room that the kernel allows: half a dozen sockets. */
static void helper_add_tap(struct helper *h, int fd, const struct veth_socket *socket)
{
	const int least = 1;

	if (h->taps == TAPS_MAX) {
		close(fd);
		return;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &least, sizeof(least));
	h->tap[h->taps] = (struct helper_tap){ .fd = fd, .socket = *socket };
	if (helper_fill(h, &h->tap[h->taps++]))
		return;
	helper_drop_tap(h, h->taps - 1);
}

/* ---- requests ---- */

/* 0, or -errno where nothing (more) comes that can be understood. */
static int helper_receive(struct helper *h, struct veth_request *ret_request, int *ret_fd)
{
	int descriptors[VETH_FILES];
	char bytes[sizeof(*ret_request) + 1];
	unsigned count;
	ssize_t n = veth_receive(h->control, bytes, sizeof(bytes), descriptors, &count);
	int rc = n < 0 ? (int)n : !n ? -EPIPE : veth_request_read(bytes, (size_t)n, count, ret_request);

	*ret_fd = -1;
	if (rc == 0 && count)
		*ret_fd = descriptors[0];
	while (rc < 0 && count)
		close(descriptors[--count]);
	return rc;
}

static void open_files(struct helper *h, struct veth_answer *answer, int files[VETH_FILES], unsigned *ret_count)
{
	static const char *const names[VETH_FILES_A_SIDE] = { "/proc/thread-self/net/snmp", "/proc/thread-self/net/snmp6",
		"/proc/thread-self/net/dev" };
	struct err ignored = ERR_NONE;

	*ret_count = 0;
	for (unsigned i = 0; i < VETH_FILES; i++) {
		enum veth_side side = (enum veth_side)(i / VETH_FILES_A_SIDE);

		if (veth_pair_enter(&h->pair, side, &ignored) < 0)
			continue;
		h->here = side;
		files[*ret_count] = open(names[i % VETH_FILES_A_SIDE], O_RDONLY | O_CLOEXEC);
		if (files[*ret_count] < 0)
			continue;
		++*ret_count;
		answer->files |= 1u << i;
	}
}

/* The first request: the pair.  Its answer says what was made, or why not. */
static int helper_set_up(struct helper *h)
{
	struct veth_answer answer = { .magic = VETH_MAGIC };
	struct veth_request request;
	struct err err = ERR_NONE;
	int files[VETH_FILES], fd, rc = helper_receive(h, &request, &fd);
	unsigned count = 0;

	if (rc < 0 || request.asked != VETH_SET_UP)
		return rc < 0 ? rc : -EPROTO;
	if (veth_pair_make(&request.shape, &h->pair, &err) < 0) {
		answer.code = err.code ? err.code : EIO;
		memcpy(answer.text, err.text, sizeof(answer.text));
	} else
		open_files(h, &answer, files, &count);
	/* Changes of rights take it away: prctl(2). */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	rc = veth_send(h->control, &answer, veth_answer_bytes(&answer), files, count, 0);
	while (count)
		close(files[--count]);
	return rc < 0 ? rc : -answer.code;
}

/* A process of its own, which ends with its socket: it may have packets to tell that this one's end
 * must not swallow.  false in that process, when it has told all. */
static bool helper_capture(struct helper *h, int fd)
{
	struct err ignored = ERR_NONE;

	if (fork() != 0) {
		close(fd);
		return true;
	}
	prctl(PR_SET_NAME, "nd-veth-pcap");
	close(h->control);
	while (h->taps)
		helper_drop_tap(h, h->taps - 1);
	h->status = veth_pair_enter(&h->pair, VETH_SERVER, &ignored) < 0 ? 1 : h->capture(fd);
	return false;
}

static bool helper_obey(struct helper *h)
{
	struct veth_request request;
	int fd;

	if (helper_receive(h, &request, &fd) < 0)
		return false;
	if (request.asked == VETH_CAPTURE)
		return helper_capture(h, fd);
	if (request.asked == VETH_TAP)
		helper_add_tap(h, fd, &request.socket);
	return fd >= 0;
}

/* Waits until a request comes or a tap has room. */
static bool helper_turn(struct helper *h)
{
	struct pollfd fds[1 + TAPS_MAX] = { { .fd = h->control, .events = POLLIN } };

	for (unsigned i = 0; i < h->taps; i++)
		fds[1 + i] = (struct pollfd){ .fd = h->tap[i].fd, .events = POLLOUT };
	if (poll(fds, 1 + h->taps, -1) < 0)
		return errno == EINTR;
	/* From the end: the last one takes the place of one that goes. */
	for (unsigned i = h->taps; i-- > 0;)
		if (fds[1 + i].revents && ((fds[1 + i].revents & ~POLLOUT) || !helper_fill(h, &h->tap[i])))
			helper_drop_tap(h, i);
	return !fds[0].revents || helper_obey(h);
}

int veth_helper(int control, int (*capture)(int fd))
{
	struct helper h = { .control = control, .capture = capture };

	prctl(PR_SET_NAME, "nd-veth");
	/* It ends by the end of the control socket, too; this is for a parent that forgot a copy
	 * of that. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fcntl(control, F_SETFD, FD_CLOEXEC);
	/* Nobody waits for processes that capture. */
	signal(SIGCHLD, SIG_IGN);
	if (helper_set_up(&h) < 0)
		return 1;
	while (helper_turn(&h))
		;
	return h.status;
}
