/* Paths: the table that is handed in, a run's use of its own one, and the word --path. */
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "path/paths.h"
#include "run/worker.h"
#include "../support/toy.h"

/* A path that counts its calls. */
static struct {
	int runs, open_fails;
	_Atomic int opened, closed, sockets_early, sockets, reads;
} toy;

static int toy_state;

static bool toy_probe(char *why, size_t size)
{
	if (!toy.runs)
		snprintf(why, size, "user namespaces are forbidden");
	return toy.runs;
}

static int toy_open(const struct options *o, void **ret_state, struct err *err)
{
	(void)o;
	if (toy.open_fails)
		return err_sys(err, EPERM, "unshare");
	toy.opened++;
	*ret_state = &toy_state;
	return 0;
}

static int toy_socket(void *state, enum role role, int domain, int type, int protocol, struct err *err)
{
	(void)role;
	(void)err;
	assert_true(!state || state == &toy_state);
	*(state ? &toy.sockets : &toy.sockets_early) += 1;
	return socket(domain, type | SOCK_CLOEXEC, protocol);
}

static void toy_read_net(void *state, struct procnet *ret_net)
{
	assert_ptr_equal(state, &toy_state);
	*ret_net = (struct procnet){ .known = 1u << PROCNET_UDP_IN, .value = { [PROCNET_UDP_IN] = 1000 } };
	toy.reads++;
}

static void toy_close(void *state)
{
	assert_ptr_equal(state, &toy_state);
	/* The last worker has closed. */
	assert_int_equal(script.closed, script.opened);
	toy.closed++;
}

static const struct path toy_path = {
	.name = "loopback",
	.summary = "a toy",
	.probe = toy_probe,
	.open = toy_open,
	.socket = toy_socket,
	.read_net = toy_read_net,
	.close = toy_close,
};
static const struct path *const toy_paths[] = { &toy_path, &path_remote, NULL };

static int take_socket(const struct plan *plan, struct err *err)
{
	int fd = path_socket(plan, ROLE_SERVER, AF_INET, SOCK_DGRAM, 0, err);

	if (fd >= 0)
		close(fd);
	return fd;
}

static int plan_with_socket(const struct options *o, struct plan *plan, struct err *err)
{
	int rc = take_socket(plan, err);

	return rc < 0 ? rc : engine_toy.plan(o, plan, err);
}

static int open_with_socket(struct worker *w, struct err *err)
{
	int rc = take_socket(w->plan, err);

	return rc < 0 ? rc : engine_toy.open(w, err);
}

static struct engine make_engine(void)
{
	struct engine e = engine_toy;

	script_reset();
	memset(&toy, 0, sizeof(toy));
	toy.runs = 1;
	e.plan = plan_with_socket;
	e.open = open_with_socket;
	return e;
}

static struct session *open_session(const struct path *const *paths)
{
	struct session_config config = { .paths = paths };
	struct session *s = NULL;
	struct err err = ERR_NONE;

	if (session_new(&config, &s, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

static void a_run_opens_its_path_uses_it_and_closes_it(void **state)
{
	struct engine e = make_engine();
	struct session *s = open_session(toy_paths);
	struct gathered g = { 0 };
	uint32_t id = start_run(s, &e, PAIRS("cores=1", "warmup=0", "duration=20ms"));
	const struct run_final *f = gather_until_final(s, id, &g);

	(void)state;
	session_free(s);
	assert_int_equal(f->how, PHASE_DONE);
	assert_int_equal(toy.opened, 1);
	assert_int_equal(toy.closed, 1);
	assert_int_equal(toy.sockets_early, 1);
	assert_int_equal(toy.sockets, 2);
	/* The kernel's counters are those of its namespace. */
	assert_true(toy.reads >= 2);
	assert_int_equal(f->net_from.value[PROCNET_UDP_IN], 1000);
	assert_int_equal(f->net_to.known, 1u << PROCNET_UDP_IN);
	assert_string_equal(gathered_run(&g, id)->path, "loopback");
	gather_free(&g);
}

static void a_path_that_cannot_be_opened_fails_the_run(void **state)
{
	struct engine e = make_engine();
	struct session *s = open_session(toy_paths);
	struct gathered g = { 0 };

	(void)state;
	toy.open_fails = 1;
	uint32_t id = start_run(s, &e, PAIRS("cores=1"));
	const struct run_final *f = gather_until_final(s, id, &g);
	session_free(s);
	assert_int_equal(f->how, PHASE_FAILED);
	assert_contains(f->err.text, "unshare");
	assert_int_equal(script.opened, 0);
	assert_int_equal(toy.closed, 0);
	assert_int_equal(script.released, 1);
	gather_free(&g);
}

static int check(const struct engine *e, const struct path *const *paths, struct err *err)
{
	struct options o;

	make_options(&o, e, PAIRS("cores=1"));
	*err = ERR_NONE;
	int rc = session_check(&o, paths, err);
	options_free(&o);
	return rc;
}

static void a_path_that_does_not_run_here_is_refused(void **state)
{
	static const struct path *const others[] = { &path_remote, NULL };
	struct engine e = make_engine();
	struct err err;

	(void)state;
	assert_int_equal(check(&e, toy_paths, &err), 0);
	toy.runs = 0;
	assert_int_equal(check(&e, toy_paths, &err), -ENOTSUP);
	assert_string_equal(err.text, "--path loopback does not run here: user namespaces are forbidden");
	assert_int_equal(check(&e, others, &err), -ENOTSUP);
	assert_string_equal(err.text, "--path loopback: not built into this program");
	assert_int_equal(toy.opened, 0);
}

/* Each word of --path is a row of the table, and each row with both ends here is such a word. */
static void the_option_and_the_table_agree(void **state)
{
	struct options o;
	unsigned words = 0, rows = 0;

	(void)state;
	make_options(&o, &engine_toy, PAIRS("cores=1"));
	const struct option_def *def = o.def[options_find(&o, "path")];
	for (; def->choices[words]; words++) {
		const struct path *path = path_find(paths_all, def->choices[words]);

		assert_non_null(path);
		assert_false(path->elsewhere);
	}
	for (unsigned i = 0; paths_all[i]; i++)
		rows += !paths_all[i]->elsewhere;
	assert_int_equal(rows, words);
	assert_null(path_find(paths_all, "loop"));
	options_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_opens_its_path_uses_it_and_closes_it),
		cmocka_unit_test(a_path_that_cannot_be_opened_fails_the_run),
		cmocka_unit_test(a_path_that_does_not_run_here_is_refused),
		cmocka_unit_test(the_option_and_the_table_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
