/* Preloaded (LD_PRELOAD) into the program under torture: counts the calls of a class of functions,
 * and has the nth fail.  TORTURE_CLASS names the class, TORTURE_AT the call (0: none),
 * TORTURE_COUNT a file that gets the number of calls at the end and what is left then (descriptors,
 * mapped memory), and at the moment of the failure the name of the function that failed.  Calls of
 * the C library inside itself are not seen, but for malloc's. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

enum class { NONE, MEMORY, FILES, SOCKETS, WAITS, CLASSES };
static const char *const class_names[CLASSES] = { "", "memory", "files", "sockets", "waits" };

static enum class chosen;
static long fail_at;
static atomic_long calls, mapped_bytes;

enum { DESCRIPTORS = 4096 };
static bool inherited[DESCRIPTORS];

/* Without stdio and malloc: it may be called in the middle of either. */
static void torture_note(const char *text)
{
	const char *path = getenv("TORTURE_COUNT");
	int (*real_openat)(int, const char *, int, ...) = (int (*)(int, const char *, int, ...))(uintptr_t)dlsym(
		RTLD_NEXT, "openat");
	int fd = path ? real_openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
	ssize_t (*real_write)(int, const void *, size_t) = (ssize_t(*)(int, const void *, size_t))(uintptr_t)dlsym(
		RTLD_NEXT, "write");

	if (fd < 0)
		return;
	if (real_write(fd, text, strlen(text)) < 0)
		_exit(99);
	close(fd);
}

__attribute__((constructor)) static void torture_begin(void)
{
	const char *name = getenv("TORTURE_CLASS"), *at = getenv("TORTURE_AT");
	enum class found = NONE;

	for (unsigned i = 1; name && i < CLASSES; i++)
		if (!strcmp(name, class_names[i]))
			found = (enum class)i;
	fail_at = at ? atol(at) : 0;
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		inherited[fd] = fcntl(fd, F_GETFD) >= 0;
	/* Children (gnuplot) are left alone. */
	unsetenv("LD_PRELOAD");
	chosen = found;
}

static void note_left(void)
{
	char link[40], target[200], text[300];

	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		if (inherited[fd] || fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		ssize_t n = readlink(link, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		snprintf(text, sizeof(text), "left descriptor %d %s\n", fd, target);
		torture_note(text);
	}
	if (atomic_load(&mapped_bytes)) {
		snprintf(text, sizeof(text), "left mapped %ld bytes\n", atomic_load(&mapped_bytes));
		torture_note(text);
	}
}

__attribute__((destructor)) static void torture_end(void)
{
	char text[40];

	chosen = NONE;
	snprintf(text, sizeof(text), "calls %ld\n", atomic_load(&calls));
	torture_note(text);
	note_left();
}

/* libpcap's compiler of filters does not look at what calloc gives (1.10): its own fault. */
static bool torture_spares(const void *caller)
{
	Dl_info info;

	return dladdr(caller, &info) && info.dli_fname && strstr(info.dli_fname, "libpcap");
}

static bool torture_fails(enum class of, const char *name, const void *caller)
{
	char text[80];

	if (of != chosen || atomic_fetch_add(&calls, 1) + 1 != fail_at)
		return false;
	chosen = NONE;
	if (of == MEMORY && torture_spares(caller))
		return false;
	snprintf(text, sizeof(text), "failed %s\n", name);
	torture_note(text);
	return true;
}

/* ---- memory ---- */

void *malloc(size_t size)
{
	if (torture_fails(MEMORY, "malloc", __builtin_return_address(0))) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	if (torture_fails(MEMORY, "calloc", __builtin_return_address(0))) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	if (torture_fails(MEMORY, "realloc", __builtin_return_address(0))) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	if (torture_fails(MEMORY, "aligned_alloc", __builtin_return_address(0))) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_memalign(alignment, size);
}

/* ---- files by name ---- */

static int open_or_fail(const char *name, int at, const char *path, int flags, mode_t mode)
{
	static int (*real)(int, const char *, int, ...);

	if (!real)
		real = (int (*)(int, const char *, int, ...))(uintptr_t)dlsym(RTLD_NEXT, "openat");
	if (torture_fails(FILES, name, __builtin_return_address(0))) {
		errno = EMFILE;
		return -1;
	}
	return real(at, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	va_list args;

	va_start(args, flags);
	mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
	va_end(args);
	return open_or_fail("open", AT_FDCWD, path, flags, mode);
}

int openat(int at, const char *path, int flags, ...)
{
	va_list args;

	va_start(args, flags);
	mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
	va_end(args);
	return open_or_fail("openat", at, path, flags, mode);
}

/* ---- the others: name, class, errno, result of a failure, type, parameters, arguments ---- */

#define WRAP(name, of, error, failure, type, parameters, arguments)                    \
	type name parameters                                                           \
	{                                                                              \
		static type(*real) parameters;                                         \
                                                                                       \
		if (!real)                                                             \
			real = (type(*) parameters)(uintptr_t)dlsym(RTLD_NEXT, #name); \
		if (torture_fails(of, #name, NULL)) {                                  \
			errno = error;                                                 \
			return failure;                                                \
		}                                                                      \
		return real arguments;                                                 \
	}

/* As the C library does: ferror(3) tells of it for ever. */
static void mark_stream(FILE *f)
{
	enum { ERR_SEEN = 0x20 };

	f->_flags |= ERR_SEEN;
}

static void fclose_quietly(FILE *f)
{
	int (*real)(FILE *) = (int (*)(FILE *))(uintptr_t)dlsym(RTLD_NEXT, "fclose");

	real(f);
}

WRAP(write, FILES, ENOSPC, -1, ssize_t, (int fd, const void *p, size_t n), (fd, p, n))
WRAP(pread, FILES, EIO, -1, ssize_t, (int fd, void *p, size_t n, off_t at), (fd, p, n, at))
WRAP(read, FILES, EIO, -1, ssize_t, (int fd, void *p, size_t n), (fd, p, n))
WRAP(fflush, FILES, ENOSPC, EOF, int, (FILE * f), (f))
WRAP(fclose, FILES, ENOSPC, (fclose_quietly(f), EOF), int, (FILE * f), (f))
WRAP(fwrite, FILES, ENOSPC, (mark_stream(f), 0), size_t, (const void *p, size_t n, size_t m, FILE *f), (p, n, m, f))
WRAP(fopen, FILES, EMFILE, NULL, FILE *, (const char *p, const char *m), (p, m))
WRAP(fdopen, FILES, ENOMEM, NULL, FILE *, (int fd, const char *m), (fd, m))
WRAP(fsync, FILES, EIO, -1, int, (int fd), (fd))
WRAP(ftruncate, FILES, EIO, -1, int, (int fd, off_t n), (fd, n))
WRAP(rename, FILES, EIO, -1, int, (const char *a, const char *b), (a, b))
WRAP(renameat2, FILES, EIO, -1, int, (int a, const char *b, int c, const char *d, unsigned e), (a, b, c, d, e))
WRAP(unlink, FILES, EIO, -1, int, (const char *a), (a))
WRAP(mkdir, FILES, ENOSPC, -1, int, (const char *a, mode_t b), (a, b))
WRAP(mkostemp, FILES, ENOSPC, -1, int, (char *a, int b), (a, b))
WRAP(stat, FILES, EIO, -1, int, (const char *a, struct stat *b), (a, b))
WRAP(fstat, FILES, EIO, -1, int, (int a, struct stat *b), (a, b))
WRAP(lseek, FILES, EIO, -1, off_t, (int a, off_t b, int c), (a, b, c))

WRAP(socket, SOCKETS, EMFILE, -1, int, (int a, int b, int c), (a, b, c))
WRAP(bind, SOCKETS, EADDRINUSE, -1, int, (int a, const struct sockaddr *b, socklen_t c), (a, b, c))
WRAP(listen, SOCKETS, EADDRINUSE, -1, int, (int a, int b), (a, b))
WRAP(connect, SOCKETS, ENETUNREACH, -1, int, (int a, const struct sockaddr *b, socklen_t c), (a, b, c))
WRAP(accept4, SOCKETS, EMFILE, -1, int, (int a, struct sockaddr *b, socklen_t *c, int d), (a, b, c, d))
WRAP(setsockopt, SOCKETS, ENOMEM, -1, int, (int a, int b, int c, const void *d, socklen_t e), (a, b, c, d, e))
WRAP(getsockopt, SOCKETS, ENOBUFS, -1, int, (int a, int b, int c, void *d, socklen_t *e), (a, b, c, d, e))
WRAP(getsockname, SOCKETS, ENOBUFS, -1, int, (int a, struct sockaddr *b, socklen_t *c), (a, b, c))
WRAP(send, SOCKETS, ENOBUFS, -1, ssize_t, (int a, const void *b, size_t c, int d), (a, b, c, d))
WRAP(sendto, SOCKETS, ENOBUFS, -1, ssize_t, (int a, const void *b, size_t c, int d, const struct sockaddr *e, socklen_t f),
	(a, b, c, d, e, f))
WRAP(sendmsg, SOCKETS, ENOBUFS, -1, ssize_t, (int a, const struct msghdr *b, int c), (a, b, c))
WRAP(sendmmsg, SOCKETS, ENOBUFS, -1, int, (int a, struct mmsghdr *b, unsigned c, int d), (a, b, c, d))
WRAP(recv, SOCKETS, ENOMEM, -1, ssize_t, (int a, void *b, size_t c, int d), (a, b, c, d))
WRAP(recvfrom, SOCKETS, ENOMEM, -1, ssize_t, (int a, void *b, size_t c, int d, struct sockaddr *e, socklen_t *f),
	(a, b, c, d, e, f))
WRAP(recvmsg, SOCKETS, ENOMEM, -1, ssize_t, (int a, struct msghdr *b, int c), (a, b, c))
WRAP(recvmmsg, SOCKETS, ENOMEM, -1, int, (int a, struct mmsghdr *b, unsigned c, int d, struct timespec *e), (a, b, c, d, e))

WRAP(poll, WAITS, EINTR, -1, int, (struct pollfd * a, nfds_t b, int c), (a, b, c))
WRAP(ppoll, WAITS, ENOMEM, -1, int, (struct pollfd * a, nfds_t b, const struct timespec *c, const sigset_t *d), (a, b, c, d))
WRAP(__poll_chk, WAITS, EINTR, -1, int, (struct pollfd * a, nfds_t b, int c, size_t d), (a, b, c, d))
WRAP(__ppoll_chk, WAITS, ENOMEM, -1, int, (struct pollfd * a, nfds_t b, const struct timespec *c, const sigset_t *d, size_t e),
	(a, b, c, d, e))
WRAP(epoll_pwait2, WAITS, EINTR, -1, int, (int a, struct epoll_event *b, int c, const struct timespec *d, const sigset_t *e),
	(a, b, c, d, e))
WRAP(epoll_create1, WAITS, EMFILE, -1, int, (int a), (a))
WRAP(epoll_ctl, WAITS, ENOSPC, -1, int, (int a, int b, int c, struct epoll_event *d), (a, b, c, d))
WRAP(epoll_wait, WAITS, EINTR, -1, int, (int a, struct epoll_event *b, int c, int d), (a, b, c, d))
WRAP(eventfd, WAITS, EMFILE, -1, int, (unsigned a, int b), (a, b))
WRAP(signalfd, WAITS, EMFILE, -1, int, (int a, const sigset_t *b, int c), (a, b, c))
/* What is mapped over a region that is there already adds nothing. */
void *mmap(void *a, size_t b, int c, int d, int e, off_t f)
{
	static void *(*real)(void *, size_t, int, int, int, off_t);

	if (!real)
		real = (void *(*)(void *, size_t, int, int, int, off_t))(uintptr_t)dlsym(RTLD_NEXT, "mmap");
	if (torture_fails(WAITS, "mmap", NULL)) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	void *at = real(a, b, c, d, e, f);
	if (at != MAP_FAILED && !(d & MAP_FIXED))
		atomic_fetch_add(&mapped_bytes, (long)b);
	return at;
}

int munmap(void *a, size_t b)
{
	static int (*real)(void *, size_t);

	if (!real)
		real = (int (*)(void *, size_t))(uintptr_t)dlsym(RTLD_NEXT, "munmap");
	int rc = real(a, b);
	if (rc == 0)
		atomic_fetch_sub(&mapped_bytes, (long)b);
	return rc;
}

WRAP(pthread_create, WAITS, EAGAIN, EAGAIN, int, (pthread_t * a, const pthread_attr_t *b, void *(*c)(void *), void *d),
	(a, b, c, d))
