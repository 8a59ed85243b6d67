/* A process that was stopped in mid-run must not sell its numbers.  The run goes on in a child,
 * which its parent stops and lets continue. */
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "engines/null/null.h"

enum { INVALID = 3, VALID = 0, NO_EVENT = 4, FAILED = 5, WITH_CAUTION = 6 };

static bool has_caution(const struct verdict *v, const char *text)
{
	for (unsigned i = 0; i < v->cautions; i++)
		if (strstr(v->caution[i], text))
			return true;
	return false;
}

/* The verdict of the run as it stands, before anybody has ended it. */
static bool live_is_invalid(const struct gathered *g, uint32_t id)
{
	const struct sample *from = NULL, *to = gathered_sample(g, id, -1);
	struct ledger l;
	struct verdict v;

	for (int i = 0; !from || from->phase != PHASE_MEASURE; i++)
		from = gathered_sample(g, id, i);
	struct reading whole = reading_between(gathered_run(g, id), from, to);
	ledger_of(&whole, &l);
	verdict_of(&whole, &l, false, &v);
	return !v.valid && strstr(v.reason[0], "was suspended or starved");
}

/* Says when it measures, waits to be told to end, and exits with the verdict as its status. */
static int child(int say_fd, int told_fd)
{
	struct session *s = make_session(0, false);
	struct gathered g = { 0 };
	struct ledger l;
	struct verdict v;
	char byte = 'm';
	uint32_t id = start_run(s, &engine_null, PAIRS("cores=1", "rate=1000", "warmup=200ms", "duration=0"));

	gather_until_samples(s, id, PHASE_MEASURE, 2, &g);
	if (write(say_fd, &byte, 1) != 1 || read(told_fd, &byte, 1) != 1)
		return FAILED;
	gather_until_samples(s, id, PHASE_MEASURE, 4, &g);
	/* the samples say it at once, not only the final */
	if (gathered_sample(&g, id, -1)->suspended_ns && !live_is_invalid(&g, id))
		return FAILED;
	session_stop(s, false);
	gather_until_final(s, id, &g);
	struct reading whole = gathered_reading(&g, id);
	ledger_of(&whole, &l);
	verdict_of(&whole, &l, false, &v);
	unsigned events = gathered_events(&g, id, "process was suspended or starved for");
	gather_free(&g);
	session_free(s);
	if (v.valid)
		return has_caution(&v, "netdyno itself was held up for") ? WITH_CAUTION : VALID;
	return events ? INVALID : NO_EVENT;
}

static void stop_for(pid_t pid, int64_t ns)
{
	int status;

	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	/* Time that passes is what is tested here. */
	for (int64_t until_ns = clock_now_ns() + ns; clock_now_ns() < until_ns;)
		clock_sleep_until(until_ns);
	assert_int_equal(kill(pid, SIGCONT), 0);
	assert_int_equal(waitpid(pid, &status, WCONTINUED), pid);
	assert_true(WIFCONTINUED(status));
}

/* The exit status of a run that was stopped for so long. */
static int run_with_a_stop(int64_t ns)
{
	int say[2], told[2], status;
	char byte;

	assert_int_equal(pipe(say), 0);
	assert_int_equal(pipe(told), 0);
	pid_t pid = fork();
	assert_at_least(pid, 0);
	if (!pid)
		_exit(child(say[1], told[0]));
	assert_int_equal(read(say[0], &byte, 1), 1);
	stop_for(pid, ns);
	assert_int_equal(write(told[1], "x", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	for (unsigned i = 0; i < 2; i++) {
		close(say[i]);
		close(told[i]);
	}
	return WEXITSTATUS(status);
}

static void a_stopped_process_makes_an_invalid_run(void **state)
{
	(void)state;
	assert_int_equal(run_with_a_stop(800 * NS_PER_MS), INVALID);
}

/* On a busy machine the stop may last longer than it should. */
static void a_short_freeze_is_told(void **state)
{
	int status = run_with_a_stop(350 * NS_PER_MS);

	(void)state;
	if (status != INVALID)
		assert_int_equal(status, WITH_CAUTION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stopped_process_makes_an_invalid_run),
		cmocka_unit_test(a_short_freeze_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
