/* See rig.h. */
#include "rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "mode/path.h"
#include "../support/asserts.h"

/* The plan's workers are replaced: tests want more of them than there may be CPUs. */
static void replace_workers(struct rig *rig, const struct rig_config *config)
{
	struct echo_shared *s = rig->plan.shared;
	unsigned n = config->servers + config->clients;

	free(rig->plan.worker);
	free(s->server_cpus);
	rig->plan.worker = calloc(n, sizeof(*rig->plan.worker));
	s->server_cpus = calloc(n, sizeof(*s->server_cpus));
	assert_non_null(rig->plan.worker);
	assert_non_null(s->server_cpus);
	rig->plan.workers = n;
	for (unsigned i = 0; i < n; i++) {
		bool server = i < config->servers;

		s->server_cpus[i] = -1;
		rig->plan.worker[i] = (struct plan_worker){
			.role = server ? ROLE_SERVER : ROLE_CLIENT,
			.index = server ? i : i - config->servers,
			.cpu = -1,
			.method = config->method ? &config->method->method : engine_echo.methods[0],
		};
	}
	/* Servers alone would take the port that is ours by default: tests take any. */
	for (unsigned i = 0; i < s->listens && !options_is_set(&rig->options, "port"); i++)
		net_set_port(&s->listen[i], 0);
	s->servers = config->servers;
	s->clients = config->clients;
}

int rig_plan(struct rig *rig, const struct rig_config *config)
{
	const char *role = config->servers && config->clients ? "both" : config->servers ? "server" : "client";

	*rig = (struct rig){ .fds = open_fds() };
	if (options_init(&rig->options, &engine_echo, &rig->err) < 0 || options_set(&rig->options, "role", role, &rig->err) < 0)
		fail_msg("%s", rig->err.text);
	for (unsigned i = 0; config->option[i]; i += 2)
		if (options_set(&rig->options, config->option[i], config->option[i + 1], &rig->err) < 0)
			fail_msg("%s", rig->err.text);
	rig->plan.path = &path_loopback;
	rig->plan.paths = paths_here;
	int rc = engine_echo.plan(&rig->options, &rig->plan, &rig->err);
	if (rc < 0)
		return rc;
	replace_workers(rig, config);
	rig->servers = config->servers;
	rig->clients = config->clients;
	return 0;
}

int rig_open(struct rig *rig, const struct rig_config *config)
{
	int rc = rig_plan(rig, config);

	for (unsigned i = 0; rc >= 0 && i < rig->plan.workers; i++) {
		assert_int_equal(worker_init(&rig->worker[i], &engine_echo, &rig->options, &rig->plan, i, &rig->err), 0);
		rig->opened++;
		rc = engine_echo.open(&rig->worker[i], &rig->err);
	}
	return rc;
}

void rig_open_or_fail(struct rig *rig, const struct rig_config *config)
{
	if (rig_open(rig, config) < 0)
		fail_msg("%s", rig->err.text);
}

void rig_close(struct rig *rig)
{
	for (unsigned i = 0; i < rig->opened; i++) {
		engine_echo.close(&rig->worker[i]);
		worker_free(&rig->worker[i]);
	}
	engine_echo.release(&rig->plan);
	plan_free(&rig->plan);
	options_free(&rig->options);
	assert_int_equal(open_fds(), rig->fds);
}

void rig_for_all(void (*fn)(const struct udp_method *method))
{
	char why[160];

	for (unsigned i = 0; engine_echo.methods[i]; i++)
		if (method_runs(engine_echo.methods[i], why, sizeof(why)))
			fn(udp_method_of(engine_echo.methods[i]));
}

struct worker *rig_server(struct rig *rig, unsigned index)
{
	assert_less(index, rig->servers);
	return &rig->worker[index];
}

struct worker *rig_client(struct rig *rig, unsigned index)
{
	assert_less(index, rig->clients);
	return &rig->worker[rig->servers + index];
}

static void expect_good(struct rig *rig, int rc)
{
	if (rc < 0)
		fail_msg("%d: %s", rc, rig->err.text);
}

void rig_enter(struct rig *rig, enum phase phase)
{
	for (unsigned i = 0; i < rig->opened; i++) {
		struct worker *w = &rig->worker[i];

		expect_good(rig, engine_echo.observe(w, &rig->err));
		w->phase = phase;
		w->phase_ns = clock_now_ns();
		expect_good(rig, engine_echo.enter(w, phase, &rig->err));
	}
}

int rig_step(struct rig *rig, unsigned roles)
{
	int moved = 0;

	for (unsigned i = 0; i < rig->opened; i++) {
		struct worker *w = &rig->worker[i];
		bool quiet = w->self->role == ROLE_CLIENT && (w->phase == PHASE_DRAIN || w->phase == PHASE_SETTLE);

		if (!(w->self->role & roles))
			continue;
		int rc = quiet ? engine_echo.drain(w, &rig->err) : engine_echo.poll(w, &rig->err);
		expect_good(rig, rc);
		moved += rc;
	}
	return moved;
}

void rig_until(struct rig *rig, unsigned roles, bool (*done)(struct rig *rig, uint64_t value), uint64_t value)
{
	int64_t end = clock_now_ns() + (int64_t)RIG_DEADLINE_S * NS_PER_S;

	while (!done(rig, value)) {
		rig_step(rig, roles);
		if (clock_now_ns() > end)
			fail_msg("not reached in %d s: %llu (rx %llu, tx %llu)", RIG_DEADLINE_S, (unsigned long long)value,
				(unsigned long long)rig_sum(rig, ROLE_CLIENT, COUNTER_RX_PACKETS),
				(unsigned long long)rig_sum(rig, ROLE_CLIENT, COUNTER_TX_PACKETS));
	}
}

static bool nothing_flies(struct rig *rig, uint64_t value)
{
	return rig_sum(rig, ROLE_BOTH, COUNTER_IN_FLIGHT) <= value;
}

void rig_drain(struct rig *rig)
{
	rig_enter(rig, PHASE_DRAIN);
	rig_until(rig, ROLE_BOTH, nothing_flies, 0);
	rig_enter(rig, PHASE_DRAIN); /* observes */
}

void rig_measure(struct rig *rig, uint64_t answers)
{
	rig_enter(rig, PHASE_MEASURE);
	rig_until(rig, ROLE_BOTH, rig_has_answers, answers);
	rig_drain(rig);
}

uint64_t rig_sum(struct rig *rig, unsigned roles, unsigned counter)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < rig->opened; i++)
		if (rig->worker[i].self->role & roles)
			sum += counter_get(rig->worker[i].counters, counter);
	return sum;
}

bool rig_has_answers(struct rig *rig, uint64_t value)
{
	return rig_sum(rig, ROLE_CLIENT, COUNTER_RX_PACKETS) >= value;
}

bool rig_has_questions(struct rig *rig, uint64_t value)
{
	return rig_sum(rig, ROLE_SERVER, COUNTER_RX_PACKETS) >= value;
}

void rig_expect_balance(struct rig *rig)
{
	uint64_t sent = rig_sum(rig, ROLE_CLIENT, COUNTER_TX_PACKETS), got = rig_sum(rig, ROLE_CLIENT, COUNTER_RX_PACKETS);
	uint64_t lost = 0;

	for (unsigned i = COUNTER_OWN; i < engine_counters(&engine_echo); i++) {
		const struct counter_def *def = engine_counter(&engine_echo, i);
		uint64_t n = rig_sum(rig, def->roles, i);

		sent += def->ledger == LEDGER_LOST_ARRIVING ? n : 0;
		lost += def->ledger == LEDGER_LOST || def->ledger == LEDGER_LOST_ARRIVING ? n : 0;
		got -= def->ledger == LEDGER_CARRIED ? n : 0;
	}
	if (sent != got + lost)
		fail_msg("sent %llu, received %llu, lost %llu", (unsigned long long)sent, (unsigned long long)got,
			(unsigned long long)lost);
}

unsigned rig_port(const struct rig *rig)
{
	return rig->plan.ports.range[0].first;
}

uint64_t rig_latencies(struct rig *rig, unsigned index)
{
	struct hist h;
	uint64_t n = 0;

	for (unsigned i = 0; i < rig->clients; i++) {
		if (!rig_client(rig, i)->latency[index])
			continue;
		histogram_copy(rig_client(rig, i)->latency[index], &h);
		n += h.count;
	}
	return n;
}

int rig_socket(int family, unsigned local_port, unsigned port)
{
	union net_address a = { .sa.sa_family = (sa_family_t)family };
	struct timeval limit = { .tv_sec = RIG_DEADLINE_S };
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_at_least(fd, 0);
	if (family == AF_INET)
		a.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		a.v6.sin6_addr = in6addr_loopback;
	net_set_port(&a, local_port);
	if (bind(fd, &a.sa, net_address_bytes(&a)) < 0)
		fail_msg("bind port %u: %s", local_port, strerror(errno));
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	net_set_port(&a, port);
	if (port && connect(fd, &a.sa, net_address_bytes(&a)) < 0)
		fail_msg("connect port %u: %s", port, strerror(errno));
	return fd;
}
