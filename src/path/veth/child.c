/* See child.h. */
#include "path/veth/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "path/veth/helper.h"

/* A helper that is well answers within milliseconds. */
enum { PATIENCE_S = 10 };

const char *veth_program = "/proc/self/exe";

/* ---- words ---- */

static int say_gone(struct err *err, ssize_t rc)
{
	if (rc == -EAGAIN)
		return err_say(err, ETIMEDOUT, "the helper of path veth does not answer");
	if (rc == 0 || rc == -ECONNRESET || rc == -EPIPE)
		return err_say(err, EPIPE, "the helper of path veth has ended: no more sockets there");
	return err_sys(err, (int)-rc, "hear from the helper of path veth");
}

static int child_answer(int fd, struct veth_answer *ret_answer, int descriptors[VETH_FILES], unsigned *ret_count, struct err *err)
{
	char bytes[sizeof(*ret_answer)];
	ssize_t n = veth_receive(fd, bytes, sizeof(bytes), descriptors, ret_count);

	if (n <= 0)
		return say_gone(err, n);
	int rc = veth_answer_read(bytes, (size_t)n, *ret_count, ret_answer);

	while (rc < 0 && *ret_count)
		close(descriptors[--*ret_count]);
	return rc < 0 ? err_sys(err, -rc, "hear from the helper of path veth") : 0;
}

static int child_pair(int type, int ret_fd[2], struct err *err)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ret_fd) < 0)
		return err_sys(err, errno, "socketpair");
	setsockopt(ret_fd[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return 0;
}

/* ---- starting ---- */

/* It gets its control socket and nothing else of ours, a session of its own, so that no key of the
 * terminal reaches it, and signals as they are by default. */
static int child_prepare(posix_spawn_file_actions_t *files, posix_spawnattr_t *attributes, int control)
{
	sigset_t none, all;
	int rc = 0;

	sigemptyset(&none);
	sigfillset(&all);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && !rc; fd++)
		rc = posix_spawn_file_actions_addopen(files, fd, "/dev/null", O_RDWR, 0);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(files, control, VETH_HELPER_FD);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
	return rc;
}

static int child_spawn(int control, pid_t *ret_pid, struct err *err)
{
	char name[] = "netdyno", verb[] = VETH_HELPER_VERB, *const arguments[] = { name, verb, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int rc = posix_spawn_file_actions_init(&files);

	if (rc)
		return err_sys(err, rc, "start the helper of path veth");
	rc = posix_spawnattr_init(&attributes);
	if (!rc) {
		rc = child_prepare(&files, &attributes, control);
		if (!rc)
			rc = posix_spawn(ret_pid, veth_program, &files, &attributes, arguments, environ);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&files);
	return rc ? err_sys(err, rc, "start the helper of path veth") : 0;
}

static void child_keep_files(struct veth_child *child, const struct veth_answer *answer, const int *descriptors)
{
	unsigned next = 0;

	for (unsigned i = 0; i < VETH_FILES; i++)
		child->file[i] = answer->files >> i & 1 ? descriptors[next++] : -1;
}

static int child_set_up(struct veth_child *child, const struct veth_shape *shape, struct err *err)
{
	const struct veth_request request = { .magic = VETH_MAGIC, .asked = VETH_SET_UP, .shape = *shape };
	struct veth_answer answer;
	int descriptors[VETH_FILES];
	unsigned count;
	int rc = veth_send(child->control, &request, sizeof(request), NULL, 0, 0);

	if (rc < 0)
		return say_gone(err, rc);
	rc = child_answer(child->control, &answer, descriptors, &count, err);
	if (rc < 0)
		return rc;
	if (answer.code)
		return err_say(err, answer.code, "%s", answer.text);
	child_keep_files(child, &answer, descriptors);
	return 0;
}

int veth_child_start(const struct veth_shape *shape, struct veth_child *ret_child, struct err *err)
{
	struct veth_child child;
	int control[2], rc = child_pair(SOCK_SEQPACKET, control, err);

	if (rc < 0)
		return rc;
	child.control = control[0];
	memset(child.file, -1, sizeof(child.file));
	rc = child_spawn(control[1], &child.pid, err);
	close(control[1]);
	if (rc < 0) {
		close(control[0]);
		return rc;
	}
	rc = child_set_up(&child, shape, err);
	if (rc < 0)
		veth_child_end(&child);
	else
		*ret_child = child;
	return rc;
}

void veth_child_end(struct veth_child *child)
{
	kill(child->pid, SIGKILL);
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(child->control);
	for (unsigned i = 0; i < VETH_FILES; i++)
		if (child->file[i] >= 0)
			close(child->file[i]);
}

/* ---- sockets ---- */

/* A new pair of sockets, one end of which goes along with the request. */
static int child_ask(const struct veth_child *child, const struct veth_request *request, int type, struct err *err)
{
	int pair[2], rc = child_pair(type, pair, err);

	if (rc < 0)
		return rc;
	rc = veth_send(child->control, request, sizeof(*request), &pair[1], 1, 0);
	close(pair[1]);
	if (rc >= 0)
		return pair[0];
	close(pair[0]);
	return say_gone(err, rc);
}

int veth_child_tap(const struct veth_child *child, const struct veth_socket *socket, struct err *err)
{
	const struct veth_request request = { .magic = VETH_MAGIC, .asked = VETH_TAP, .socket = *socket };

	return child_ask(child, &request, SOCK_SEQPACKET, err);
}

int veth_child_capture(const struct veth_child *child, struct err *err)
{
	const struct veth_request request = { .magic = VETH_MAGIC, .asked = VETH_CAPTURE };

	return child_ask(child, &request, SOCK_STREAM, err);
}

int veth_child_take(int tap, struct err *err)
{
	struct veth_answer answer;
	int descriptors[VETH_FILES];
	unsigned count;
	int rc = child_answer(tap, &answer, descriptors, &count, err);

	if (rc < 0)
		return rc;
	if (answer.code)
		return err_sys(err, answer.code, "socket");
	return count == 1 ? descriptors[0] : err_sys(err, EPROTO, "hear from the helper of path veth");
}
