/* A frame in one piece.  See gather.h. */
#include "ui/terminal/gather.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	GATHER_BYTES = 32768,   /* more than nearly all frames have */
	FRAME_BYTES = 64 << 20, /* more than any has */
};

static struct {
	FILE *stream;
	int fd;   /* of the stream */
	int file; /* in memory; -1: there is none */
	bool on;
} gather = { .fd = -1, .file = -1 };

/* May a file be as large as a frame (ulimit -f)?  Curses would not notice that one was cut off. */
static bool gather_has_room(void)
{
	struct rlimit most;

	return getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur >= FRAME_BYTES;
}

FILE *gather_open(void)
{
	gather_close();
	gather.fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	gather.stream = gather.fd < 0 ? NULL : fdopen(gather.fd, "w");
	if (!gather.stream) {
		gather_close();
		return NULL;
	}
	gather.file = gather_has_room() ? memfd_create("netdyno-frame", MFD_CLOEXEC) : -1;
	return gather.stream;
}

void gather_close(void)
{
	if (gather.stream)
		fclose(gather.stream);
	else if (gather.fd >= 0)
		close(gather.fd);
	if (gather.file >= 0)
		close(gather.file);
	gather.stream = NULL;
	gather.fd = gather.file = -1;
	gather.on = false;
}

void gather_begin(void)
{
	gather.on = gather.file >= 0 && lseek(gather.file, 0, SEEK_SET) == 0 &&
		    dup3(gather.file, gather.fd, O_CLOEXEC) == gather.fd;
}

/* As curses would: until all is written, or nothing can be. */
static void gather_write(const char *bytes, size_t length)
{
	while (length) {
		ssize_t n = write(STDOUT_FILENO, bytes, length);
		struct pollfd room = { .fd = STDOUT_FILENO, .events = POLLOUT };

		/* EAGAIN: somebody has made it non-blocking for all who share it */
		if (n < 0 && errno == EAGAIN)
			poll(&room, 1, -1);
		else if (n <= 0 && errno != EINTR)
			return;
		bytes += n > 0 ? n : 0;
		length -= n > 0 ? (size_t)n : 0;
	}
}

void gather_end(void)
{
	static char bytes[GATHER_BYTES];
	off_t length, at = 0;
	ssize_t n;

	if (!gather.on)
		return;
	gather.on = false;
	length = lseek(gather.file, 0, SEEK_CUR);
	while (dup3(STDOUT_FILENO, gather.fd, O_CLOEXEC) < 0 && errno == EINTR)
		;
	for (; at < length && (n = pread(gather.file, bytes, sizeof(bytes), at)) > 0; at += n)
		gather_write(bytes, (size_t)n < (size_t)(length - at) ? (size_t)n : (size_t)(length - at));
}
