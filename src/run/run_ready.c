/* Before a run's traffic: whoever wants to see it is waited for, and so is what the mode itself
 * says is still to come.  See run.h. */
#include "run/run.h"

#include "base/clock.h"

/* what is to come stands still for so long: it will not come */
static const int64_t missing_limit_ns = 10ll * NS_PER_S;
/* so long the run waits for whoever wants to see its first packet */
static const int64_t go_limit_ns = 5ll * NS_PER_S;

uint64_t run_missing(const struct run *r)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < r->opened; i++)
		sum += atomic_load_explicit(&r->worker[i].status->missing, memory_order_relaxed);
	return sum;
}

/* Nothing is missing any more; it is said now and then how far it is, and given up where nothing
 * comes. */
static bool is_ready(struct run *r)
{
	uint64_t missing = run_missing(r);
	int64_t now_ns = clock_run_ns();

	if (missing != r->moved) {
		r->moved = missing;
		r->quiet_since_ns = now_ns;
	}
	if (missing && now_ns >= r->say_ns) {
		mailbox_put_event(&r->session->mailbox, r->id, SEVERITY_INFO, "%llu %s still to come",
			(unsigned long long)missing, r->engine->missing);
		r->say_ns = now_ns + NS_PER_S;
	}
	return !missing || now_ns - r->quiet_since_ns >= missing_limit_ns;
}

static bool may_go(struct run *r)
{
	struct orders orders;

	orders_read(&r->session->desk, &orders);
	return orders.go == r->id;
}

enum run_end run_await_go(struct run *r)
{
	enum run_end end = RUN_TIME;

	if (!r->session->config.awaits_go || clock_is_virtual())
		return end;
	r->until_ns = clock_run_ns() + go_limit_ns;
	end = run_pass(r, may_go);
	if (end == RUN_TIME)
		mailbox_put_event(
			&r->session->mailbox, r->id, SEVERITY_WARNING, "the run began before all that was to see it was there");
	return end == RUN_OVER ? RUN_TIME : end;
}

/* The workers move already, but the run does not begin before all is there. */
enum run_end run_get_ready(struct run *r)
{
	enum run_end end = run_tell_all(r, ROLE_SERVER, PHASE_WARMUP);
	uint64_t missing;
	int64_t began_ns;

	if (end == RUN_FAILED || !run_missing(r))
		return end;
	r->moved = 0;
	r->quiet_since_ns = clock_run_ns();
	r->say_ns = r->quiet_since_ns + NS_PER_S;
	r->until_ns = 0;
	began_ns = r->quiet_since_ns;
	end = run_pass(r, is_ready);
	missing = run_missing(r);
	if (end == RUN_OVER && !missing)
		mailbox_put_event(&r->session->mailbox, r->id, SEVERITY_INFO, "all %s are there after %.2f s", r->engine->missing,
			(double)(clock_run_ns() - began_ns) / NS_PER_S);
	if (end == RUN_OVER && missing)
		mailbox_put_event(&r->session->mailbox, r->id, SEVERITY_WARNING,
			"%llu %s are missing: the run begins without them", (unsigned long long)missing, r->engine->missing);
	return end == RUN_OVER ? RUN_TIME : end;
}
