/* See uring_probe.h. */
#include "engines/uring/uring_probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/file.h"
#include "engines/uring/uring.h"

void uring_explain(int errnum, int disabled, const char *release, char *why, size_t size)
{
	if (errnum == ENOSYS)
		snprintf(why, size, "this kernel has no io_uring (CONFIG_IO_URING), or a filter hides it");
	else if (errnum == EPERM && disabled == 2)
		snprintf(why, size, "io_uring is switched off: sysctl kernel.io_uring_disabled is 2 (0 allows it)");
	else if (errnum == EPERM && disabled == 1)
		snprintf(why, size,
			"io_uring is only for kernel.io_uring_group: sysctl kernel.io_uring_disabled is 1 (0 allows it to all)");
	else if (errnum == EPERM || errnum == EACCES)
		snprintf(why, size, "a seccomp filter or security policy forbids io_uring, as containers do (%s)",
			strerror(errnum));
	else if (errnum == EINVAL)
		snprintf(why, size, "needs Linux 6.1 for io_uring with DEFER_TASKRUN (this is %s)", release);
	else
		snprintf(why, size, "io_uring_setup: %s", strerror(errnum));
}

void uring_explain_here(int errnum, char *why, size_t size)
{
	struct utsname name;
	char text[16];

	file_read_line("/proc/sys/kernel/io_uring_disabled", text, sizeof(text));
	if (uname(&name) < 0)
		name.release[0] = '\0';
	uring_explain(errnum, *text ? atoi(text) : -1, name.release, why, size);
}

bool uring_probe(char *why, size_t size)
{
	struct io_uring ring;
	int rc = uring_set_up(&ring, &(struct uring_config){ .entries = 1 });

	if (rc < 0) {
		uring_explain_here(-rc, why, size);
		return false;
	}
	io_uring_queue_exit(&ring);
	return true;
}
