/* See xdp_space.h. */
#include "engines/xdp/xdp_space.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STAYED = -1 };

static bool space_is_same(int a, int b)
{
	struct stat one, other;

	return fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_ino == other.st_ino && one.st_dev == other.st_dev;
}

int xdp_space_enter(int socket_fd, int *ret_home, struct err *err)
{
	static const char here[] = "/proc/thread-self/ns/net";
	int there = ioctl(socket_fd, SIOCGSKNS), home, rc = 0;

	*ret_home = STAYED;
	if (there < 0)
		return err_sys(err, errno, "find the network namespace of a socket");
	home = open(here, O_RDONLY | O_CLOEXEC);
	if (home < 0)
		rc = err_sys(err, errno, "open %s", here);
	else if (space_is_same(home, there))
		close(home);
	else if (setns(there, CLONE_NEWNET) == 0)
		*ret_home = home;
	else {
		rc = err_sys(err, errno, "enter the network namespace of a socket");
		close(home);
	}
	close(there);
	return rc;
}

int xdp_space_leave(int home, struct err *err)
{
	int rc = 0;

	if (home == STAYED)
		return 0;
	if (setns(home, CLONE_NEWNET) < 0)
		rc = err_sys(err, errno, "return to this process's network namespace");
	close(home);
	return rc;
}
