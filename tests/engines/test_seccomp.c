/* A filter that forbids a call: the method that needs it says which, before a run is made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engines/echo/echo.h"
#include "engines/udp/port.h"
#include "mode/plan.h"

enum { AS_IT_SHOULD = 0, NO_FILTER = 2, IT_RUNS = 3, WRONG_WORDS = 4, WRONG_DEFAULT = 5, FORCED = 6 };

static bool forbid(unsigned call)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { .len = sizeof(program) / sizeof(program[0]), .filter = program };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static int look(unsigned call, const char *says)
{
	const struct method *chosen = NULL;
	struct options o;
	struct err err = ERR_NONE;
	char why[128] = "";

	if (!forbid(call))
		return NO_FILTER;
	if (method_runs(&udp_mmsg.method, why, sizeof(why)))
		return IT_RUNS;
	if (!strstr(why, says))
		return WRONG_WORDS;
	if (options_init(&o, &engine_echo, &err) < 0 || plan_method(&engine_echo, &o, ROLE_CLIENT, &chosen, &err) < 0 ||
		!strcmp(chosen->name, "mmsg"))
		return WRONG_DEFAULT;
	if (options_set(&o, "method", "mmsg", &err) < 0 ||
		plan_method(&engine_echo, &o, ROLE_CLIENT, &chosen, &err) != -ENOTSUP || !strstr(err.text, says))
		return FORCED;
	options_free(&o);
	return AS_IT_SHOULD;
}

static void look_in_a_child(unsigned call, const char *says)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		_exit(look(call, says));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_FILTER)
		skip();
	assert_int_equal(WEXITSTATUS(status), AS_IT_SHOULD);
}

static void a_forbidden_call_is_named(void **state)
{
	(void)state;
	look_in_a_child(SYS_sendmmsg, "sendmmsg: Operation not permitted: a seccomp filter forbids it");
	look_in_a_child(SYS_recvmmsg, "recvmmsg: Operation not permitted: a seccomp filter forbids it");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_forbidden_call_is_named) };

	return cmocka_run_group_tests_name("seccomp", tests, NULL, NULL);
}
