/* Counts resources that a test must give back: entries of a directory, this process's descriptors,
 * threads and memory maps. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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

/* Counts the open descriptors of this process, without the one that counts. */
static inline unsigned open_fds(void)
{
	return entries_in("/proc/self/fd") - 1;
}

/* For a test whose descriptors come and go side by side: setup and teardown that count them. */
static unsigned fds_before_test;

static inline int count_fds(void **state)
{
	(void)state;
	fds_before_test = open_fds();
	return 0;
}

static inline int expect_fds(void **state)
{
	(void)state;
	assert_int_equal(open_fds(), fds_before_test);
	return 0;
}

#define TEST_WITHOUT_LEAK(name) cmocka_unit_test_setup_teardown(name, count_fds, expect_fds)

static inline unsigned running_threads(void)
{
	return entries_in("/proc/self/task");
}

/* Memory maps of this process. */
static inline unsigned memory_maps(void)
{
	FILE *in = fopen("/proc/self/maps", "re");
	unsigned n = 0;

	assert_non_null(in);
	for (int c; (c = getc(in)) != EOF;)
		n += c == '\n';
	fclose(in);
	return n;
}

/* Waits for the count: a joined thread may stay in /proc for a moment. */
static inline void assert_threads(unsigned count)
{
	time_t deadline = time(NULL) + 10;

	while (running_threads() != count && time(NULL) < deadline)
		sched_yield();
	assert_int_equal(running_threads(), count);
}

static inline void *first_thread(void *arg)
{
	return arg;
}

/* ThreadSanitizer has a thread of its own from the first one on: not one of the test's.  A program
 * that counts threads calls this before. */
static inline void start_first_thread(void)
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, first_thread, NULL))
		pthread_join(thread, NULL);
}
