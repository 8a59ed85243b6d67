/* What a test must not leave behind is counted: entries of a directory, this process's
 * descriptors and threads. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <string.h>

static inline unsigned entries_in(const char *directory)
{
	DIR *d = opendir(directory);
	unsigned n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	closedir(d);
	return n;
}

/* Open descriptors of this process, the one that counts not included. */
static inline unsigned open_fds(void)
{
	return entries_in("/proc/self/fd") - 1;
}

static inline unsigned running_threads(void)
{
	return entries_in("/proc/self/task");
}
