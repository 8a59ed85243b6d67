/* See witness.h. */
#include "selftest/witness.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "path/veth/pair.h"
#include "selftest/selftest.h"

enum { LINE_BYTES = 2048 };

void witness_here(struct witness *ret_witness)
{
	*ret_witness = (struct witness){ .space = { -1, -1 } };
}

void witness_close(struct witness *w)
{
	for (unsigned i = 0; i < WITNESS_SIDES; i++) {
		if (w->space[i] >= 0)
			close(w->space[i]);
		w->space[i] = -1;
	}
}

int witness_enter(const struct witness *w, enum witness_side side, struct err *err)
{
	if (!w->is_veth)
		return 0;
	if (w->space[side] < 0)
		return err_sys(err, ENOENT, "enter a network namespace of the run");
	return setns(w->space[side], CLONE_NEWNET) < 0 ? err_sys(err, errno, "enter a network namespace of the run") : 0;
}

/* ---- counters ---- */

/* The number under this name: /proc/net/snmp has a line of names, then one of numbers. */
static int64_t witness_pick(const char *names, const char *numbers, const char *name)
{
	size_t length = strlen(name);

	while (*names && *numbers) {
		names += strspn(names, " ");
		numbers += strspn(numbers, " ");
		size_t word = strcspn(names, " \n");

		if (word == length && !strncmp(names, name, length))
			return strtoll(numbers, NULL, 10);
		names += word;
		numbers += strcspn(numbers, " \n");
		if (*names == '\n')
			break;
	}
	return SELFTEST_UNKNOWN;
}

int64_t witness_snmp(const struct witness *w, enum witness_side side, const char *group, const char *name)
{
	char names[LINE_BYTES], numbers[LINE_BYTES];
	size_t head = strlen(group);
	int64_t found = SELFTEST_UNKNOWN;
	FILE *f = witness_enter(w, side, NULL) < 0 ? NULL : fopen("/proc/self/net/snmp", "re");

	while (f && fgets(names, sizeof(names), f) && fgets(numbers, sizeof(numbers), f))
		if (!strncmp(names, group, head) && names[head] == ':')
			found = witness_pick(names, numbers, name);
	if (f)
		fclose(f);
	return found;
}

int64_t witness_link_dropped(const struct witness *w, enum witness_side side)
{
	int64_t n = witness_enter(w, side, NULL) < 0 ? -1 : link_sent_dropped(VETH_INTERFACE);

	return n < 0 ? SELFTEST_UNKNOWN : n;
}

int64_t witness_link_untaken(const struct witness *w, enum witness_side side)
{
	int64_t n = witness_enter(w, side, NULL) < 0 ? -1 : link_come_dropped(VETH_INTERFACE);

	return n < 0 ? SELFTEST_UNKNOWN : n;
}

int64_t witness_queue_dropped(const struct witness *w, enum witness_side side)
{
	int64_t n = witness_enter(w, side, NULL) < 0 ? -1 : link_queue_dropped(VETH_INTERFACE);

	return n < 0 ? SELFTEST_UNKNOWN : n;
}

/* ---- where the namespaces are ---- */

/* The parent of a process, by /proc/PID/stat: the name in brackets may hold anything. */
static pid_t witness_parent(pid_t pid)
{
	char path[64], line[LINE_BYTES];
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "re");
	if (!f)
		return 0;
	const char *end = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;

	fclose(f);
	return end && sscanf(end, ") %*c %d", &parent) == 1 ? parent : 0;
}

/* Which side a namespace is: by the address of its device.  WITNESS_SIDES: neither. */
static enum witness_side witness_which(int space)
{
	struct sockaddr_storage wanted;
	int fd = setns(space, CLONE_NEWNET) < 0 ? -1 : socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	enum witness_side found = WITNESS_SIDES;

	for (unsigned i = 0; fd >= 0 && i < WITNESS_SIDES; i++) {
		veth_address(i == WITNESS_SERVER ? VETH_SERVER : VETH_CLIENT, AF_INET, &wanted);
		if (bind(fd, (const struct sockaddr *)&wanted, sizeof(struct sockaddr_in)) == 0) {
			found = (enum witness_side)i;
			break;
		}
	}
	if (fd >= 0)
		close(fd);
	return found;
}

static void witness_take(struct witness *w, const char *path)
{
	char link[64];
	ssize_t n = readlink(path, link, sizeof(link) - 1);

	if (n < 4 || strncmp(link, "net:", 4) != 0)
		return;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum witness_side side = fd < 0 ? WITNESS_SIDES : witness_which(fd);

	if (side < WITNESS_SIDES && w->space[side] < 0)
		w->space[side] = fd;
	else if (fd >= 0)
		close(fd);
}

/* The namespaces that a process holds open.  One that is about to become the helper keeps them to
 * itself. */
static void witness_search(struct witness *w, pid_t pid)
{
	char path[PATH_MAX];
	const struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	DIR *d = opendir(path);
	while (d && (entry = readdir(d))) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%.20s", (int)pid, entry->d_name);
		witness_take(w, path);
	}
	if (d)
		closedir(d);
}

/* A run begins with a helper that only tries whether there can be one: the one that sends is
 * meant. */
static bool witness_is_used(const struct witness *w)
{
	/* Where an XDP program takes what comes to the server, that side's stack sees nothing. */
	return w->space[WITNESS_SERVER] >= 0 && w->space[WITNESS_CLIENT] >= 0 &&
	       (witness_snmp(w, WITNESS_SERVER, "Ip", "InReceives") > 0 ||
		       witness_snmp(w, WITNESS_CLIENT, "Ip", "InReceives") > 0);
}

int witness_look(struct witness *w, pid_t run, struct err *err)
{
	const struct dirent *entry;
	DIR *d = opendir("/proc");

	if (!d)
		return err_sys(err, errno, "look for the helper of path veth");
	w->is_veth = true;
	while (!witness_is_used(w) && (entry = readdir(d))) {
		pid_t pid = isdigit((unsigned char)entry->d_name[0]) ? (pid_t)strtol(entry->d_name, NULL, 10) : 0;

		if (!pid || witness_parent(pid) != run)
			continue;
		witness_close(w);
		witness_search(w, pid);
	}
	closedir(d);
	return witness_is_used(w) ? 0 : -EAGAIN;
}
