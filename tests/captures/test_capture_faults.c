/* Captures that end by themselves or cannot begin: limits, full disks, lost interfaces, killed
 * processes, missing privilege; and that nothing is left behind. */
#include "base/privilege/privilege.h"
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "../support/asserts.h"

/* ---- limits and faults ---- */

static void test_size_limit(void **state)
{
	(void)state;
	NEED_PRIVILEGE();
	enum { RECORD = 16 + 96 };
	struct capture_state s;
	struct traffic t;
	struct stat st;

	traffic_open(&t, AF_INET);
	struct capture_request r = request_of(&t);
	r.options.limit_bytes = 10000;
	struct capture *c = must_start(&r);
	wait_end(c, &t, &s);
	assert_false(s.failed);
	assert_string_equal(s.message, "size limit reached (10.0kB)");
	must_stop(c);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 24 + (10000 - 24) / RECORD * RECORD);
	assert_int_equal(s.bytes, st.st_size);
	assert_int_equal(read_back(path).packets, s.packets);
	assert_int_equal(s.writer_drops, 0);
	traffic_close(&t);
}

static void test_time_limit(void **state)
{
	(void)state;
	NEED_PRIVILEGE();
	struct capture_state s;
	struct traffic t;

	traffic_open(&t, AF_INET);
	struct capture_request r = request_of(&t);
	r.options.limit_ns = 50 * NS_PER_MS;
	int64_t before = clock_now_ns();
	struct capture *c = must_start(&r);
	wait_end(c, NULL, &s);
	assert_at_least(clock_now_ns() - before, r.options.limit_ns);
	assert_false(s.failed);
	assert_string_equal(s.message, "time limit reached (50ms)");
	must_stop(c);
	assert_int_equal(read_back(path).packets, 0);
	traffic_close(&t);
}

static void expect_refused(const struct capture_request *r, int code, const char *says)
{
	struct capture *untouched = (struct capture *)path, *c = untouched;
	struct err err = ERR_NONE;
	unsigned before = entries_in(scratch);
	int got = capture_start(r, &c, &err);

	if (got != code || !strstr(err.text, says))
		fail_msg("%d \"%s\", not %d \"%s\"", got, err.text, code, says);
	assert_ptr_equal(c, untouched);
	assert_int_equal(entries_in(scratch), before);
}

static void test_refusals(void **state)
{
	(void)state;
	const struct traffic t = { .port = 5000 };
	const struct capture_request good = request_of(&t);
	struct capture_request r = good;

	r.ports.count = 0;
	expect_refused(&r, -EINVAL, "this run has no ports of its own");
	r = good;
	r.options.sample_1_in = 48;
	expect_refused(&r, -EINVAL, "1 in 48: must be a power of two");
	r.options.sample_1_in = 0;
	expect_refused(&r, -EINVAL, "power of two");
	r = good;
	r.options.snaplen_bytes = 8;
	expect_refused(&r, -EINVAL, "snaplen 8 bytes is out of range (16-65535)");
	r = good;
	r.interface = NULL;
	expect_refused(&r, -EINVAL, "interface is not known");
	r = good;
	r.path = NULL;
	expect_refused(&r, -EINVAL, "name of a file");
	r = good;
	r.protocol = 1;
	expect_refused(&r, -EINVAL, "neither UDP nor TCP");
	r = good;
	r.path = "/proc/netdyno/none.pcap";
	expect_refused(&r, -ENOENT, "/proc/netdyno/none.pcap");
	assert_int_equal(capture_stop(NULL, NULL), 0);
}

static void test_refusals_with_privilege(void **state)
{
	(void)state;
	NEED_PRIVILEGE();
	const struct traffic t = { .port = 5000 };
	const struct capture_request good = request_of(&t);
	struct capture_request r = good;
	char below[160];

	snprintf(r.options.interface, sizeof(r.options.interface), "nosuch0");
	expect_refused(&r, -ENODEV, "there is no interface \"nosuch0\" (this machine has lo");
	r = good;
	r.path = "-";
	expect_refused(&r, -EINVAL, "name of a file");
	/* The path may be an existing file, or lie in a directory that is none. */
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs("kept", f);
	fclose(f);
	r = good;
	expect_refused(&r, -EEXIST, "exists (--force overwrites)");
	snprintf(below, sizeof(below), "%s/below.pcap", path);
	r.path = below;
	expect_refused(&r, -ENOTDIR, "below.pcap: Not a directory");
	if (access("/dev/full", W_OK) == 0) {
		r.path = "/dev/full";
		expect_refused(&r, -ENOSPC, "/dev/full: No space left on device");
	}
}

/* A file system of 64 kB runs full: the capture ends with a line that says why, and the file can be
 * read. */
static void test_full_disk(void **state)
{
	(void)state;
	NEED_PRIVILEGE();
	struct capture_state s = { 0 };
	struct err err = ERR_NONE;
	char small[80], file[128];
	struct traffic t;

	snprintf(small, sizeof(small), "%s/small", scratch);
	snprintf(file, sizeof(file), "%s/out.pcap", small);
	assert_int_equal(mkdir(small, 0700), 0);
	if (mount("none", small, "tmpfs", 0, "size=64k") < 0) {
		print_message("skipped: no small file system can be mounted here: %s\n", strerror(errno));
		skip();
	}
	traffic_open(&t, AF_INET);
	struct capture_request r = request_of(&t);
	struct capture *c = NULL;
	r.path = file;
	int started = capture_start(&r, &c, &err), stopped = 0;
	struct content seen = { 0 };
	if (started == 0) {
		wait_end(c, &t, &s);
		stopped = capture_stop(c, &err);
		seen = read_back(file);
	}
	umount(small);
	traffic_close(&t);
	assert_int_equal(started, 0);
	assert_int_equal(stopped, 0);
	assert_true(s.failed);
	assert_non_null(strstr(s.message, "No space left on device"));
	assert_more(s.packets, 0);
	assert_more(s.writer_drops, 0);
	assert_int_equal(seen.packets, s.packets);
	assert_int_equal(seen.step, 1);
	assert_int_equal(seen.last, s.packets - 1);
}

/* In a network namespace of its own, a child pulls the interface away while capturing. */
static int child_loses_interface(void)
{
	const struct traffic t = { .port = 5000 };
	struct capture_request r = request_of(&t);
	struct capture_state s;
	struct capture *c;
	struct err err = ERR_NONE;
	int64_t deadline = clock_now_ns() + DEADLINE_S * (int64_t)NS_PER_S;

	if (unshare(CLONE_NEWNET) < 0 || system("ip link add nd0 type veth peer name nd1 2>/dev/null && ip link set nd0 up && "
						"ip link set nd1 up") != 0)
		return 77;
	r.interface = "nd0";
	if (capture_start(&r, &c, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	if (system("ip link del nd0") != 0)
		return 77;
	for (capture_state(c, &s); s.active && clock_now_ns() < deadline; capture_state(c, &s))
		wait_a_little();
	if (s.active || !s.failed || !strstr(s.message, "capture on nd0 ended: ")) {
		fprintf(stderr, "active %d, failed %d, message \"%s\"\n", s.active, s.failed, s.message);
		return 1;
	}
	return capture_stop(c, &err) < 0 || access(path, R_OK) < 0;
}

static void test_interface_gone(void **state)
{
	(void)state;
	NEED_PRIVILEGE();
	int status;
	pid_t child = fork();

	assert_at_least(child, 0);
	if (!child)
		_exit(child_loses_interface());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("skipped: no interface can be made here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* A capture that is killed in the middle leaves a readable file under its partial name. */
static void test_killed_process_leaves_a_readable_file(void **state)
{
	(void)state;
	NEED_PRIVILEGE();
	int64_t deadline = clock_now_ns() + DEADLINE_S * (int64_t)NS_PER_S;
	struct stat st = { 0 };
	char partial[400];
	struct traffic t;
	int ready[2], status;
	char byte;

	traffic_open(&t, AF_INET);
	assert_int_equal(pipe(ready), 0);
	pid_t child = fork();
	if (!child) {
		struct capture_request r = request_of(&t);
		struct capture *c;

		if (capture_start(&r, &c, NULL) == 0 && write(ready[1], "x", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	traffic_send(&t, 50);
	snprintf(partial, sizeof(partial), "%s.part", path);
	while (st.st_size < 24 + 50 * (16 + 96) && clock_now_ns() < deadline) {
		wait_a_little();
		stat(partial, &st);
	}
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	assert_less(access(path, F_OK), 0);
	assert_int_equal(read_back(partial).packets, 50);
	close(ready[0]);
	close(ready[1]);
	traffic_close(&t);
}

/* ---- the thread ---- */

/* The line of /proc/self/task/TID/status that begins with `key`, for the thread called
 * nd-capture. */
static bool capture_thread_line(const char *key, char *out, size_t size)
{
	DIR *d = opendir("/proc/self/task");
	bool found = false;

	assert_non_null(d);
	for (struct dirent *e; !found && (e = readdir(d));) {
		char name[320], line[256];
		bool ours = false;

		snprintf(name, sizeof(name), "/proc/self/task/%s/status", e->d_name);
		FILE *f = fopen(name, "r");
		while (f && fgets(line, sizeof(line), f)) {
			ours = ours || !strcmp(line, "Name:\tnd-capture\n");
			if (ours && !strncmp(line, key, strlen(key))) {
				snprintf(out, size, "%s", line + strlen(key));
				found = true;
			}
		}
		if (f)
			fclose(f);
	}
	closedir(d);
	return found;
}

static void test_thread_has_no_privilege_and_no_signals(void **state)
{
	(void)state;
	NEED_PRIVILEGE();
	struct traffic t;
	char line[256], why[128];

	traffic_open(&t, AF_INET);
	struct capture_request r = request_of(&t);
	struct capture *c = must_start(&r);
	traffic_send(&t, 1);
	wait_packets(c, 1); /* it is past its beginning */
	assert_true(capture_thread_line("CapEff:", line, sizeof(line)));
	assert_int_equal(strtoull(line, NULL, 16), 0);
	assert_true(capture_thread_line("CapPrm:", line, sizeof(line)));
	assert_int_equal(strtoull(line, NULL, 16), 0);
	assert_true(capture_thread_line("SigBlk:", line, sizeof(line)));
	for (int s = 1; s < 32; s++)
		if (s != SIGKILL && s != SIGSTOP)
			assert_true(strtoull(line, NULL, 16) >> (s - 1) & 1);
	assert_true(capture_probe(why, sizeof(why))); /* the rest of the process keeps its own */
	must_stop(c);
	traffic_close(&t);
}

static void test_nothing_is_left_after_fifty_cycles(void **state)
{
	(void)state;
	NEED_PRIVILEGE();
	struct err err = ERR_NONE;
	struct capture *c;
	struct traffic t;

	traffic_open(&t, AF_INET);
	struct capture_request r = request_of(&t);
	r.force = true;
	unsigned fds = entries_in("/proc/self/fd"), threads = entries_in("/proc/self/task");
	for (int i = 0; i < 50; i++) {
		c = must_start(&r);
		if (i % 10 == 0)
			traffic_send(&t, 5);
		must_stop(c);
		if (i % 10 == 0)
			assert_int_equal(read_back(path).packets, 5);
		r.options.filter[0] = '(';
		assert_less(capture_start(&r, &c, &err), 0);
		r.options.filter[0] = '\0';
	}
	/* A thread that was joined may stay listed for a moment. */
	int64_t deadline = clock_now_ns() + DEADLINE_S * (int64_t)NS_PER_S;
	while (entries_in("/proc/self/task") > threads && clock_now_ns() < deadline)
		wait_a_little();
	assert_int_equal(entries_in("/proc/self/task"), threads);
	assert_int_equal(entries_in("/proc/self/fd"), fds);
	assert_int_equal(entries_in(scratch), 1);
	traffic_close(&t);
}

/* Without the privilege the message says how to get it; a child gives it up. */
static void test_without_privilege(void **state)
{
	(void)state;
	int status;
	pid_t child = fork();

	assert_at_least(child, 0);
	if (!child) {
		const struct traffic t = { .port = 5000 };
		struct capture_request r = request_of(&t);
		struct err err = ERR_NONE;
		struct capture *c;
		char why[128];

		if (geteuid() == 0 && (setgid(65534) < 0 || chmod(scratch, 0777) < 0 || setuid(65534) < 0))
			_exit(77);
		if (capture_probe(why, sizeof(why)))
			_exit(77);
		if (strcmp(why, "needs CAP_NET_RAW: run as root, or setcap cap_net_raw+ep netdyno"))
			_exit(2);
		_exit(capture_start(&r, &c, &err) != -EPERM ||
			!strstr(err.text, "capture on lo needs CAP_NET_RAW: run as root, or setcap"));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(entries_in(scratch), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_size_limit),
		CASE(test_time_limit),
		CASE(test_refusals),
		CASE(test_refusals_with_privilege),
		CASE(test_full_disk),
		CASE(test_interface_gone),
		CASE(test_killed_process_leaves_a_readable_file),
		CASE(test_thread_has_no_privilege_and_no_signals),
		CASE(test_nothing_is_left_after_fifty_cycles),
		CASE(test_without_privilege),
	};

	struct err err = ERR_NONE;

	/* As the program does: only what is permitted can be given up. */
	if (privilege_begin(&err) < 0)
		return EXIT_FAILURE;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
