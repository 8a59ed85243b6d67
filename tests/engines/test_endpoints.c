/* Addresses of both ends of an IP mode, and the path between them: start.path must be true. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "engines/echo/echo.h"
#include "engines/net/choose.h"
#include "engines/stream/stream.h"
#include "engines/stream/worker.h"
#include "mode/path.h"

#define OPTIONS_MAX 8

struct endpoint_row {
	const char *option[OPTIONS_MAX]; /* name, value, ... */
	const char *path;                /* NULL: refused */
	const char *error;
};

static int plan(const struct engine *e, const struct path *const *paths, const struct endpoint_row *row, struct plan *plan,
	struct err *err)
{
	struct options o;
	int rc = options_init(&o, e, err);

	*plan = (struct plan){ 0 };
	for (unsigned i = 0; rc >= 0 && i < OPTIONS_MAX && row->option[i]; i += 2)
		rc = options_set(&o, row->option[i], row->option[i + 1], err);
	if (rc >= 0)
		rc = path_choose(&o, paths, plan, err);
	if (rc >= 0)
		rc = e->plan(&o, plan, err);
	options_free(&o);
	return rc;
}

static void plan_row(const struct engine *e, const struct path *const *paths, const struct endpoint_row *row)
{
	struct plan p;
	struct err err = ERR_NONE;
	int rc = plan(e, paths, row, &p, &err);

	if (row->path ? rc < 0 : rc != -EINVAL || !strstr(err.text, row->error))
		fail_msg("%s, %s %s %s %s: %d \"%s\"", e->name, row->option[0], row->option[1], row->option[2], row->option[3],
			rc, err.text);
	if (row->path)
		assert_string_equal(p.path->name, row->path);
	e->release(&p);
	plan_free(&p);
}

/* 192.0.2.1 stands in documentation only; planning sends nothing. */
static const struct endpoint_row rows[] = {
	{ .option = { "role", "both" }, .path = "loopback" },
	{ .option = { "role", "both", "path", "loopback", "listen", "0.0.0.0" }, .path = "loopback" },
	{ .option = { "role", "client" }, .path = "loopback" },
	{ .option = { "role", "client", "host", "127.0.0.7" }, .path = "loopback" },
	{ .option = { "role", "client", "host", "192.0.2.1" }, .path = "remote" },
	{ .option = { "role", "client", "host", "192.0.2.1", "path", "loopback" },
		.error = "--path loopback: --host 192.0.2.1 is another host" },
	{ .option = { "role", "server", "listen", "127.0.0.1" }, .path = "loopback" },
	{ .option = { "role", "client", "host", "fe80::1" }, .error = "needs its interface: fe80::1%INTERFACE" },
	{ .option = { "role", "server", "listen", "fe80::1" },
		.error = "--listen fe80::1: a link-local address needs its interface" },
	{ .option = { "role", "client", "host", "::1", "ipv4", "yes" }, .error = "--host ::1: it has no IPv4 address (-4)" },
	{ .option = { "role", "both", "ipv6", "yes" }, .path = "loopback" },
	{ .option = { "role", "client", "ipv4", "yes", "ipv6", "yes" }, .error = "--ipv4 and --ipv6: one of them" },
	{ .option = { "role", "server", "listen", "127.0.0.1,0.0.0.0" }, .path = "remote" },
	{ .option = { "role", "server", "listen", "0.0.0.0", "path", "loopback" },
		.error = "--path loopback: other hosts can reach the servers on 0.0.0.0" },
};

/* Of a name's addresses the first that answers is taken: here two refuse, and at the third somebody
 * is. */
static void the_address_that_answers_is_taken(void **state)
{
	union net_address a[3];
	struct err err = ERR_NONE;
	int types[] = { SOCK_STREAM, SOCK_DGRAM };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		socklen_t size = sizeof(a[2]);
		int fd = socket(AF_INET, types[i] | SOCK_CLOEXEC, 0);

		assert_int_equal(net_resolve("127.0.0.1", "host", 0, &a[2], &err), 0);
		assert_int_equal(bind(fd, &a[2].sa, net_address_bytes(&a[2])), 0);
		assert_int_equal(getsockname(fd, &a[2].sa, &size), 0);
		assert_int_equal(net_resolve("::1", "host", net_port(&a[2]), &a[0], &err), 0);
		assert_int_equal(net_resolve("127.0.0.9", "host", net_port(&a[2]), &a[1], &err), 0);
		if (types[i] == SOCK_STREAM) {
			assert_int_equal(listen(fd, 1), 0);
			assert_int_equal(net_choose(a, 3, types[i]), 2);
		} else {
			/* Nobody answers, but the others refuse. */
			assert_int_equal(net_choose(a, 3, types[i]), 2);
		}
		close(fd);
		/* None: the first. */
		assert_int_equal(net_choose(a, 3, types[i]), 0);
		assert_int_equal(net_choose(a, 1, types[i]), 0);
	}
}

static void addresses_that_lack_something(void **state)
{
	static const struct {
		const char *text, *says;
		int family;
	} rows_bad[] = {
		{ "fe80::1", "--host fe80::1: a link-local address needs its interface: fe80::1%INTERFACE (this machine has lo",
			AF_UNSPEC },
		{ "[fe80::1]", "needs its interface", AF_UNSPEC },
		{ "fe80::1%nosuch0", "there is no interface \"nosuch0\" (this machine has lo", AF_UNSPEC },
		{ "::1", "it has no IPv4 address (-4)", AF_INET },
		{ "127.0.0.1", "it has no IPv6 address (-6)", AF_INET6 },
	};
	union net_address a[NET_ADDRESSES_MAX];

	(void)state;
	for (unsigned i = 0; i < sizeof(rows_bad) / sizeof(rows_bad[0]); i++) {
		struct err err = ERR_NONE;
		int rc = net_resolve_all(rows_bad[i].text, "host", 1, rows_bad[i].family, a, NET_ADDRESSES_MAX, &err);

		if (rc != -EINVAL || !strstr(err.text, rows_bad[i].says))
			fail_msg("%s: %d \"%s\"", rows_bad[i].text, rc, err.text);
	}
	assert_int_equal(net_resolve_all("fe80::1%lo", "host", 1, AF_UNSPEC, a, NET_ADDRESSES_MAX, NULL), 1);
	/* A group's may come from elsewhere. */
	assert_int_equal(net_resolve_all("ff02::1", "group", 1, AF_UNSPEC, a, NET_ADDRESSES_MAX, NULL), 1);
}

static void the_path_is_where_the_peer_is(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		plan_row(&engine_echo, paths_here, &rows[i]);
		plan_row(&engine_stream, paths_here, &rows[i]);
	}
}

/* The test only plans: if it listened on port 5000, it might find it taken. */
static void the_port_is_5000_where_nobody_says_another(void **state)
{
	static const struct {
		struct endpoint_row row;
		unsigned port;
	} cases[] = {
		{ { .option = { "role", "server" } }, 5000 }, { { .option = { "role", "client" } }, 5000 },
		{ { .option = { "role", "client", "port", "5001" } }, 5001 },
		{ { .option = { "role", "both" } }, 0 }, /* any that is free */
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plan p;
		struct err err = ERR_NONE;

		assert_int_equal(plan(&engine_stream, paths_here, &cases[i].row, &p, &err), 0);
		const struct endpoints *at = &((const struct stream_shared *)p.shared)->at;
		assert_int_equal(net_port(at->listens ? &at->listen[0] : &at->host), cases[i].port);
		engine_stream.release(&p);
		plan_free(&p);
	}
}

/* ---- a path with addresses of its own ---- */

static bool runs(char *why, size_t size)
{
	(void)why;
	(void)size;
	return true;
}

static int toy_socket(void *state, enum role role, int domain, int type, int protocol, struct err *err)
{
	return path_loopback.socket(state, role, domain, type, protocol, err);
}

static void toy_address(enum role role, int family, struct sockaddr_storage *ret_address)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr.s6_addr[15] = 9 };
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(role == ROLE_SERVER ? 0x7f000009 : 0x7f000008) };

	if (family == AF_INET6)
		memcpy(ret_address, &six, sizeof(six));
	else
		memcpy(ret_address, &at, sizeof(at));
}

static const struct path toy_path = {
	.name = "loopback",
	.summary = "a toy",
	.probe = runs,
	.socket = toy_socket,
	.address = toy_address,
	.interface = "toy0",
};
static const struct path *const toy_paths[] = { &toy_path, &path_remote, NULL };

static void a_path_may_say_where_the_ends_are(void **state)
{
	static const struct endpoint_row both = { .option = { "role", "both", "port", "5001" } };
	static const struct endpoint_row refused[] = {
		{ .option = { "role", "client" }, .error = "--path loopback: needs both ends here" },
		{ .option = { "role", "both", "host", "127.0.0.1" }, .error = "has addresses of its own" },
		{ .option = { "role", "both", "listen", "127.0.0.1" }, .error = "has addresses of its own" },
	};
	static const struct endpoint_row six = { .option = { "role", "both", "ipv6", "yes" } };
	char text[NET_ADDRESS_TEXT];
	struct plan p;
	struct err err = ERR_NONE;

	(void)state;
	assert_int_equal(plan(&engine_stream, toy_paths, &six, &p, &err), 0);
	assert_string_equal(net_format(&((struct stream_shared *)p.shared)->at.host, text, sizeof(text)), "[::9]:0");
	assert_int_equal(p.address_family, AF_INET6);
	engine_stream.release(&p);
	plan_free(&p);
	assert_int_equal(plan(&engine_stream, toy_paths, &both, &p, &err), 0);
	const struct stream_shared *s = p.shared;
	assert_string_equal(net_format(&s->at.host, text, sizeof(text)), "127.0.0.9:5001");
	assert_int_equal(s->at.listens, 1);
	assert_string_equal(net_format(&s->at.listen[0], text, sizeof(text)), "127.0.0.9:5001");
	assert_string_equal(p.interface, "toy0");
	assert_int_equal(p.address_family, AF_INET);
	engine_stream.release(&p);
	plan_free(&p);
	for (unsigned i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		plan_row(&engine_echo, toy_paths, &refused[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_address_that_answers_is_taken),
		cmocka_unit_test(addresses_that_lack_something),
		cmocka_unit_test(the_path_is_where_the_peer_is),
		cmocka_unit_test(the_port_is_5000_where_nobody_says_another),
		cmocka_unit_test(a_path_may_say_where_the_ends_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
