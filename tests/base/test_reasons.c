/* Why the kernel throws packets away: the tracepoint's format, and the counts of a host where this
 * test may read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../support/asserts.h"
#include "../support/leaks.h"
#include "base/reasons/reasons.h"

enum { PACKETS = 100 };

#define FIELD "\tfield:enum skb_drop_reason reason;\toffset:36;\tsize:4;\tsigned:0;\n"
#define PRINT "\nprint fmt: \"reason: %s\", __print_symbolic(REC->reason, "
#define HEAD  "name: kfree_skb\nID: 2310\nformat:\n"

static void a_format_has_names(void **state)
{
	struct reason_format *f = malloc(sizeof(*f));

	(void)state;
	assert_non_null(f);
	assert_true(reason_format_read(HEAD FIELD PRINT
		"{ 2, \"NOT_SPECIFIED\" }, { 0x3, \"NO_SOCKET\" }, { 70000, \"BEYOND\" }, { 5, \"OF A SPACE\" })",
		f));
	assert_int_equal(f->id, 2310);
	assert_int_equal(f->offset, 36);
	assert_string_equal(f->name[0], "OF_A_SUBSYSTEM");
	assert_string_equal(f->name[2], "NOT_SPECIFIED");
	assert_string_equal(f->name[3], "NO_SOCKET");
	assert_string_equal(f->name[5], "reason_5");
	assert_string_equal(f->name[REASONS_MAX - 1], "reason_255");
	free(f);
}

static void other_formats_have_none(void **state)
{
	static const char *const texts[] = {
		"",
		(HEAD PRINT "{ 2, \"NOT_SPECIFIED\" })"),
		(FIELD PRINT "{ 2, \"NOT_SPECIFIED\" })"),
		(HEAD "\tfield:u64 reason;\toffset:36;\tsize:8;\tsigned:0;\n"),
		(HEAD "\tfield:int reason;\toffset:37;\tsize:4;\tsigned:0;\n"),
		(HEAD "\tfield:int reason;\toffset:4;\tsize:4;\tsigned:0;\n"),
		(HEAD "\tfield:int reason;\toffset:4000;\tsize:4;\tsigned:0;\n"),
		("ID: -1\n" FIELD),
	};
	struct reason_format *f = malloc(sizeof(*f));

	(void)state;
	assert_non_null(f);
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (reason_format_read(texts[i], f))
			fail_msg("text %u is taken", i);
	/* Names that are cut off leave the number. */
	assert_true(reason_format_read(HEAD FIELD PRINT "{ 2, \"NOT_SPEC", f));
	assert_string_equal(f->name[2], "reason_2");
	free(f);
}

static uint64_t packets_of(const struct drop_reasons *d, const char *name)
{
	for (unsigned i = 0; i < d->count; i++)
		if (!strcmp(d->reason[i].name, name))
			return d->reason[i].packets;
	return 0;
}

/* To a port that was just given back. */
static void send_to_nobody(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(a);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), out = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	close(fd);
	for (unsigned i = 0; i < PACKETS; i++)
		assert_int_equal(sendto(out, "x", 1, 0, (struct sockaddr *)&a, size), 1);
	close(out);
}

static void packets_to_nobody_are_counted(void **state)
{
	unsigned fds = open_fds();
	struct err err = ERR_NONE;
	struct drop_reasons d;
	struct reasons *r;

	(void)state;
	if (reasons_open(&r, &err) < 0) {
		assert_int_equal(open_fds(), fds);
		print_message("not here: %s\n", err.text);
		skip();
	}
	send_to_nobody();
	assert_int_equal(reasons_mark(r, &err), 0);
	reasons_since(r, &d);
	assert_true(d.known);
	uint64_t before = packets_of(&d, "NO_SOCKET");
	send_to_nobody();
	reasons_since(r, &d);
	/* Others may have lost some meanwhile. */
	assert_at_least(packets_of(&d, "NO_SOCKET"), before + PACKETS);
	for (unsigned i = 1; i < d.count; i++)
		assert_at_least(d.reason[i - 1].packets, d.reason[i].packets);
	reasons_close(r);
	reasons_close(NULL);
	assert_int_equal(open_fds(), fds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_format_has_names),
		cmocka_unit_test(other_formats_have_none),
		cmocka_unit_test(packets_to_nobody_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
