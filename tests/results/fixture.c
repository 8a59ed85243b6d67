#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void make_workers(struct run_info *info, unsigned servers, unsigned clients)
{
	info->workers = servers + clients;
	info->worker = calloc(info->workers, sizeof(info->worker[0]));
	for (unsigned i = 0; i < info->workers; i++) {
		struct run_worker *w = &info->worker[i];

		w->role = i < servers ? ROLE_SERVER : ROLE_CLIENT;
		w->index = i < servers ? i : i - servers;
		w->cpu = (int)i;
		w->pinned = true;
		if (w->role == ROLE_CLIENT) {
			w->unknown = (uint64_t)1 << COUNTER_CYCLES;
			snprintf(w->unknown_why, sizeof(w->unknown_why), "the server is another process");
			snprintf(w->hardware_why, sizeof(w->hardware_why), "no hardware counters on this machine");
		}
	}
}

struct run_info *toy_run_of(uint32_t id, unsigned servers, unsigned clients)
{
	struct run_info *info = calloc(1, sizeof(*info));
	struct err err = ERR_NONE;

	info->id = id;
	info->engine = &engine_toy;
	info->method = &toy_slow;
	assert_int_equal(options_init(&info->options, &engine_toy, &err), 0);
	snprintf(info->ran, sizeof(info->ran), "%s", toy_slow.name);
	snprintf(info->peer, sizeof(info->peer), "127.0.0.1:5000");
	snprintf(info->interface, sizeof(info->interface), "lo");
	snprintf(info->path, sizeof(info->path), "loopback");
	info->role = (servers ? ROLE_SERVER : 0) | (clients ? ROLE_CLIENT : 0);
	info->tx_roles = info->rx_roles = info->flying = clients ? ROLE_CLIENT : ROLE_SERVER;
	info->tx_ledger = clients ? LEDGER_SENT : LEDGER_RECEIVED;
	info->rx_ledger = clients ? LEDGER_RECEIVED : LEDGER_SENT;
	info->wire_overhead_bytes = 42;
	info->host_places = 1u << PROCNET_SOFTNET_DROPPED;
	info->expects_answers = true;
	info->closed_loop = true;
	info->load_name = "window";
	info->load = 64;
	ports_add(&info->ports, 5000, 5000);
	ports_add(&info->ports, 6000, 6999);
	info->address_family = 2;
	info->started_ns = (int64_t)id * 100 * NS_PER_S;
	info->started_wall_ns = 1767225600ll * NS_PER_S + info->started_ns;
	info->duration_ns = 10ll * NS_PER_S;
	info->warmup_ns = NS_PER_S;
	info->interval_ns = NS_PER_S;
	make_workers(info, servers, clients);
	return info;
}

struct run_info *toy_run(uint32_t id)
{
	return toy_run_of(id, 1, 1);
}

struct sample *toy_sample(uint32_t run_id, enum phase phase, int64_t at_ns)
{
	struct sample *s = sample_new(2);

	assert_non_null(s);
	s->run_id = run_id;
	s->phase = phase;
	s->at_ns = at_ns;
	return s;
}

static void steady_values(uint64_t *server, uint64_t *client, uint64_t n, int64_t at_ns)
{
	server[COUNTER_RX_PACKETS] = 96 * n;
	server[COUNTER_TX_PACKETS] = 92 * n;
	server[COUNTER_RX_BYTES] = 64 * 96 * n;
	server[COUNTER_TX_BYTES] = 64 * 92 * n;
	server[TOY_SERVER_DROPS] = 4 * n;
	server[COUNTER_CYCLES] = 1000 * n;
	server[TOY_QUEUE] = 3;
	client[COUNTER_TX_PACKETS] = 100 * n;
	client[COUNTER_RX_PACKETS] = 90 * n;
	client[COUNTER_TX_BYTES] = 64 * 100 * n;
	client[COUNTER_RX_BYTES] = 64 * 90 * n;
	client[COUNTER_SYSCALLS] = 45 * n;
	client[TOY_LATE] = 6 * n;
	client[TOY_QUEUE] = 5;
	client[TOY_DUPLICATES] = n;
	server[COUNTER_CPU_USER_NS] = client[COUNTER_CPU_USER_NS] = 20 * NS_PER_MS * n;
	server[COUNTER_CPU_SYSTEM_NS] = 10 * NS_PER_MS * n;
	client[COUNTER_CPU_SYSTEM_NS] = 80 * NS_PER_MS * n;
	server[COUNTER_CTX_VOLUNTARY] = 2 * n;
	server[COUNTER_CTX_INVOLUNTARY] = n;
	server[COUNTER_OBSERVED_NS] = client[COUNTER_OBSERVED_NS] = (uint64_t)at_ns;
}

void toy_hist(struct hist *h, unsigned count)
{
	*h = (struct hist){ 0 };
	for (unsigned i = 0; i < count; i++) {
		int64_t ns = 15000 + (int64_t)(i * 7919 % 10000);

		h->bucket[hist_index(ns)]++;
		h->sum_ns += (uint64_t)ns;
		h->count++;
		h->min_ns = i && h->min_ns < ns ? h->min_ns : ns;
		h->max_ns = h->max_ns > ns ? h->max_ns : ns;
	}
}

struct sample *toy_steady(uint32_t run_id, unsigned steps, bool interval)
{
	int64_t at_ns = (int64_t)run_id * 100 * NS_PER_S + NS_PER_S + (int64_t)steps * 100 * NS_PER_MS;
	struct sample *s = toy_sample(run_id, PHASE_MEASURE, at_ns);
	struct hist h;

	s->sequence = steps + 1;
	s->measured_ns = (int64_t)steps * 100 * NS_PER_MS;
	s->window_ns = interval ? NS_PER_S : 500 * NS_PER_MS;
	s->is_interval = interval;
	s->interval_s = interval ? 1.0 : 0;
	s->late_ns = steps * 1000;
	steady_values(s->worker[0].value, s->worker[1].value, steps, at_ns);
	toy_hist(&h, 90 * steps);
	hist_summarise(&h, &s->worker[1].latency[0]);
	s->merged[0] = s->worker[1].latency[0];
	hist_heat(&h, s->heat);
	s->net.known = 1u << PROCNET_UDP_IN | 1u << PROCNET_SOFTNET_DROPPED;
	s->net.value[PROCNET_UDP_IN] = 1000 + 190 * steps;
	snprintf(s->net.why, sizeof(s->net.why), "snmp6: no such file");
	s->net_fresh = steps % 5 == 0;
	s->total = calloc(2, sizeof(*s->total));
	s->total[0] = h;
	return s;
}

struct run_final *toy_final(uint32_t run_id, unsigned workers, unsigned steps)
{
	struct run_final *f = calloc(1, sizeof(*f));

	f->run_id = run_id;
	f->how = PHASE_DONE;
	f->workers = workers;
	f->measured_ns = (int64_t)steps * 100 * NS_PER_MS;
	f->edge = calloc(workers, sizeof(*f->edge));
	f->settled = calloc(workers, sizeof(*f->settled));
	f->edge_ns = calloc(workers, sizeof(*f->edge_ns));
	f->total = calloc(2, sizeof(*f->total));
	for (unsigned i = 0; i < workers; i++)
		f->edge_ns[i] = f->measured_ns;
	if (workers < 2)
		return f;
	steady_values(f->edge[0].value, f->edge[1].value, steps, f->measured_ns);
	steady_values(f->settled[0].value, f->settled[1].value, steps, f->measured_ns);
	f->settled[1].value[TOY_QUEUE] = 0;
	toy_hist(&f->total[0], 90 * steps);
	hist_summarise(&f->total[0], &f->edge[1].latency[0]);
	f->net_from.known = f->net_to.known = 1u << PROCNET_UDP_IN;
	f->net_to.value[PROCNET_UDP_IN] = 190 * steps;
	return f;
}

struct details *toy_details(unsigned rows)
{
	struct details *d = details_new(rows);

	assert_non_null(d);
	d->at_ns = 102ll * NS_PER_S;
	d->seconds = 1.0 / 3;
	d->missed = 2;
	for (unsigned i = 0; i < rows; i++)
		d->row[i] = (struct detail_row){ .id = i + 7,
			.worker = 1,
			.value = { [TOY_ROW_SENT] = 1000 * i, [TOY_ROW_LEAST] = i ? 15000 : COUNTER_NOTHING },
			.recent = { [TOY_ROW_SENT] = 10 * i, [TOY_ROW_LEAST] = i ? 16000 : COUNTER_NOTHING } };
	return d;
}

static struct update *update_new(enum update_kind kind, uint32_t run_id)
{
	struct update *u = calloc(1, sizeof(*u));

	assert_non_null(u);
	u->kind = kind;
	u->run_id = run_id;
	return u;
}

void toy_take_run(struct history *h, struct run_info *info)
{
	struct update *u = update_new(UPDATE_RUN, info->id);

	u->run = info;
	history_take(h, u);
}

void toy_take_phase(struct history *h, uint32_t run_id, enum phase phase)
{
	struct update *u = update_new(UPDATE_PHASE, run_id);

	u->phase = phase;
	history_take(h, u);
}

void toy_take_sample(struct history *h, struct sample *s)
{
	struct update *u = update_new(UPDATE_SAMPLE, s->run_id);

	u->sample = s;
	history_take(h, u);
}

void toy_take_final(struct history *h, struct run_final *f)
{
	struct update *u = update_new(UPDATE_FINAL, f->run_id);

	u->final = f;
	history_take(h, u);
}

void toy_take_event(struct history *h, int64_t at_ns, uint32_t run_id, enum severity severity, const char *text)
{
	struct update *u = update_new(UPDATE_EVENT, run_id);

	u->at_ns = at_ns;
	u->event.severity = severity;
	snprintf(u->event.text, sizeof(u->event.text), "%s", text);
	history_take(h, u);
}

struct history *toy_history(unsigned seconds, bool finished)
{
	struct history *h = NULL;
	struct err err = ERR_NONE;

	assert_int_equal(history_new(NULL, &h, &err), 0);
	toy_take_run(h, toy_run(1));
	toy_take_event(h, 100ll * NS_PER_S, 1, SEVERITY_INFO, "run #1 start");
	toy_take_sample(h, toy_sample(1, PHASE_WARMUP, 100ll * NS_PER_S + 500 * NS_PER_MS));
	toy_take_phase(h, 1, PHASE_MEASURE);
	for (unsigned step = 0; step <= seconds * 10; step++)
		toy_take_sample(h, toy_steady(1, step, step && step % 10 == 0));
	if (finished) {
		toy_take_final(h, toy_final(1, 2, seconds * 10));
		toy_take_event(h, 120ll * NS_PER_S, 1, SEVERITY_WARNING, "cpu0 \"burst\", 4 packets");
	}
	return h;
}

struct host_info toy_host(void)
{
	struct host_info host = { .cpus_online = 2,
		.cpus_allowed = 2,
		.rmem_max = 212992,
		.wmem_max = 212992,
		.rmem_default = 212992,
		.wmem_default = 212992,
		.netdev_max_backlog = 1000,
		.optmem_max = -1,
		.perf_paranoid = 2 };

	snprintf(host.kernel, sizeof(host.kernel), "6.1.0");
	snprintf(host.machine, sizeof(host.machine), "x86_64");
	snprintf(host.cpu_model, sizeof(host.cpu_model), "=Toy CPU, \"fast\"");
	snprintf(host.clocksource, sizeof(host.clocksource), "tsc");
	return host;
}
