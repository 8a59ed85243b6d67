/* Plans: which CPUs and methods the workers of a run get.  Every mode's plan() calls these.  See
 * plan.h. */
#include "mode/plan.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/procnet.h"

/* Made-up CPUs: the default, and how many threads a small machine can still step in time. */
enum { SYNTHETIC_CORES = 4, SYNTHETIC_MOST = 64 };

/* The demands of one role. */
struct side {
	enum role role;
	const char *option; /* "server-cpus" */
	bool wanted;
	bool listed;          /* the user named the CPUs */
	struct cpu_list cpus; /* those named, else chosen */
};

enum role plan_role(const struct options *o)
{
	/* options_common's choices are server, client, both: one less than enum role. */
	return (enum role)(options_number(o, "role") + 1);
}

bool plan_on_veth(const struct options *o)
{
	return !strcmp(options_text(o, "path"), "veth");
}

enum wait_how plan_wait(const struct options *o)
{
	return (enum wait_how)options_number(o, "wait");
}

void plan_free(struct plan *plan)
{
	free(plan->worker);
	plan->worker = NULL;
	plan->workers = 0;
}

void plan_note(struct plan *plan, const char *fmt, ...)
{
	va_list args;

	for (unsigned i = 0; i < sizeof(plan->notes) / sizeof(plan->notes[0]); i++) {
		if (plan->notes[i][0])
			continue;
		va_start(args, fmt);
		vsnprintf(plan->notes[i], sizeof(plan->notes[i]), fmt, args);
		va_end(args);
		return;
	}
}

void plan_fragments(struct plan *plan, unsigned fragments)
{
	plan->fragments = fragments;
	if (fragments > 1)
		plan->host_places |= 1u << PROCNET_IP_REASM_FAILS | 1u << PROCNET_IP_FRAG_FAILS;
}

/* ---- which CPUs ---- */

/* The CPUs to choose from: what the machine offers, or for a synthetic mode as many as are asked
 * for. */
static void offered(const struct options *o, bool synthetic, struct cpu_list *ret_list)
{
	unsigned each = options_is_set(o, "cores") ? (unsigned)options_number(o, "cores") : SYNTHETIC_CORES;
	unsigned sides = plan_role(o) == ROLE_BOTH ? 2 : 1;

	if (!synthetic) {
		cpu_allowed(ret_list);
		return;
	}
	ret_list->count = each * sides < CPU_LIST_MAX ? each * sides : CPU_LIST_MAX;
	for (unsigned i = 0; i < ret_list->count; i++)
		ret_list->cpu[i] = (short)i;
}

static int read_list(const struct options *o, bool synthetic, struct side *side, struct err *err)
{
	const char *text = options_text(o, side->option);
	struct err why = ERR_NONE;

	side->listed = side->wanted && *text;
	if (!side->listed)
		return 0;
	int rc = cpu_list_parse(text, &side->cpus, err);
	for (unsigned i = 0; rc >= 0 && !synthetic && i < side->cpus.count; i++)
		if (cpu_check(side->cpus.cpu[i], &why) < 0)
			rc = err_say(err, EINVAL, "--%s %s: %s", side->option, text, why.text);
	return rc;
}

static int check_cores(const struct options *o, const struct side *side, const struct cpu_list *offer, struct err *err)
{
	int64_t cores = options_number(o, "cores");
	char text[128];

	if (!options_is_set(o, "cores"))
		return 0;
	if (side->listed && cores > side->cpus.count)
		return err_say(err, EINVAL, "--cores %lld: out of range 1..%u (--%s names CPUs %s)", (long long)cores,
			side->cpus.count, side->option, cpu_list_format(&side->cpus, text, sizeof(text)));
	if (cores > offer->count)
		return err_say(err, EINVAL, "--cores %lld: out of range 1..%u (this machine offers CPUs %s)", (long long)cores,
			offer->count, cpu_list_format(offer, text, sizeof(text)));
	return 0;
}

/* offer minus what the other side was told to use, unless that leaves nothing. */
static void without(const struct cpu_list *offer, const struct cpu_list *taken, struct cpu_list *ret_rest)
{
	ret_rest->count = 0;
	for (unsigned i = 0; i < offer->count; i++)
		if (!cpu_list_has(taken, offer->cpu[i]))
			ret_rest->cpu[ret_rest->count++] = offer->cpu[i];
	if (!ret_rest->count)
		*ret_rest = *offer;
}

static void slice(struct cpu_list *list, unsigned from, unsigned count)
{
	memmove(list->cpu, list->cpu + from, count * sizeof(list->cpu[0]));
	list->count = count;
}

/* Servers from the front, clients from the middle on, so that the sides overlap only where there
 * are not CPUs enough. */
static void share_out(const struct cpu_list *offer, unsigned cores, struct side *server, struct side *client)
{
	unsigned n = offer->count, half = n / 2;
	unsigned servers = cores ? cores : half ? half : 1;
	unsigned clients = cores ? cores : n - half;
	unsigned start = half < n - clients ? half : n - clients;

	server->cpus = *offer;
	slice(&server->cpus, 0, servers);
	client->cpus = *offer;
	slice(&client->cpus, start, clients);
}

static void choose(const struct cpu_list *offer, unsigned cores, struct side *side, const struct side *other)
{
	if (!side->wanted || side->listed)
		return;
	if (other->wanted && other->listed)
		without(offer, &other->cpus, &side->cpus);
	else
		side->cpus = *offer;
	if (cores && side->cpus.count < cores)
		side->cpus = *offer;
}

/* ---- the workers ---- */

static unsigned plan_append(struct plan *plan, unsigned at, const struct side *side)
{
	for (unsigned i = 0; side->wanted && i < side->cpus.count; i++)
		plan->worker[at++] = (struct plan_worker){ .role = side->role, .index = i, .cpu = side->cpus.cpu[i] };
	return at;
}

static void mark_shared(struct plan *plan)
{
	for (unsigned i = 0; i < plan->workers; i++) {
		plan->worker[i].shares_cpu = false;
		for (unsigned j = 0; j < plan->workers; j++)
			plan->worker[i].shares_cpu |= i != j && plan->worker[i].cpu == plan->worker[j].cpu;
	}
}

static int plan_fill(struct plan *plan, struct side *server, struct side *client, unsigned cores, struct err *err)
{
	struct side *sides[] = { server, client };
	unsigned count = 0;

	for (unsigned i = 0; i < 2; i++) {
		if (cores && sides[i]->wanted)
			slice(&sides[i]->cpus, 0, cores);
		count += sides[i]->wanted ? sides[i]->cpus.count : 0;
	}
	plan->worker = calloc(count, sizeof(plan->worker[0]));
	if (!plan->worker)
		return err_sys(err, ENOMEM, "plan %u workers", count);
	plan->workers = count;
	plan_append(plan, plan_append(plan, 0, server), client);
	mark_shared(plan);
	return 0;
}

int plan_place(const struct options *o, bool synthetic, struct plan *plan, struct err *err)
{
	unsigned cores = options_is_set(o, "cores") ? (unsigned)options_number(o, "cores") : 0;
	unsigned role = plan_role(o);
	struct side server = { .role = ROLE_SERVER, .option = "server-cpus", .wanted = role & ROLE_SERVER };
	struct side client = { .role = ROLE_CLIENT, .option = "client-cpus", .wanted = role & ROLE_CLIENT };
	struct cpu_list offer;
	int rc;

	if (synthetic && cores > SYNTHETIC_MOST)
		return err_say(err, EINVAL, "--cores %u: out of range 1..%u (mode %s has threads without CPUs of their own)",
			cores, SYNTHETIC_MOST, o->engine ? o->engine->name : "null");
	offered(o, synthetic, &offer);
	if ((rc = read_list(o, synthetic, &server, err)) < 0 || (rc = read_list(o, synthetic, &client, err)) < 0)
		return rc;
	if ((rc = check_cores(o, &server, &offer, err)) < 0 || (rc = check_cores(o, &client, &offer, err)) < 0)
		return rc;
	if (role == ROLE_BOTH && !server.listed && !client.listed)
		share_out(&offer, cores, &server, &client);
	else {
		choose(&offer, cores, &server, &client);
		choose(&offer, cores, &client, &server);
	}
	return plan_fill(plan, &server, &client, cores, err);
}

/* The workers that a role has now, and so the CPUs that the new ones go round. */
static unsigned workers_of(const struct plan *plan, enum role role)
{
	unsigned n = 0;

	for (unsigned i = 0; i < plan->workers; i++)
		n += plan->worker[i].role == role;
	return n;
}

void plan_count_roles(const struct plan *plan, unsigned *ret_servers, unsigned *ret_clients)
{
	*ret_servers = *ret_clients = 0;
	for (unsigned i = 0; i < plan->workers; i++) {
		*ret_servers += plan->worker[i].role == ROLE_SERVER;
		*ret_clients += plan->worker[i].role == ROLE_CLIENT;
	}
}

int plan_spread(struct plan *plan, unsigned servers, unsigned clients, struct err *err)
{
	unsigned server_cpus = workers_of(plan, ROLE_SERVER), client_cpus = workers_of(plan, ROLE_CLIENT), at = 0;
	unsigned count = (server_cpus ? servers : 0) + (client_cpus ? clients : 0);
	struct plan_worker *spread = calloc(count ? count : 1, sizeof(*spread));

	if (!spread)
		return err_sys(err, ENOMEM, "plan %u workers", count);
	for (unsigned i = 0; server_cpus && i < servers; i++) {
		spread[at] = plan->worker[i % server_cpus];
		spread[at++].index = i;
	}
	for (unsigned i = 0; client_cpus && i < clients; i++) {
		spread[at] = plan->worker[server_cpus + i % client_cpus];
		spread[at++].index = i;
	}
	free(plan->worker);
	plan->worker = spread;
	plan->workers = count;
	mark_shared(plan);
	return 0;
}

/* ---- limits ---- */

/* The option by which the user said how many workers of a role there are; NULL: none. */
static const char *workers_option(const struct options *o, const char *own, enum role role)
{
	const char *cpus = role == ROLE_SERVER ? "server-cpus" : "client-cpus";

	if (own && options_is_set(o, own))
		return own;
	if (options_is_set(o, "cores"))
		return "cores";
	return *options_text(o, cpus) ? cpus : NULL;
}

static void keep_first(struct plan *plan, enum role role, unsigned most)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < plan->workers; i++)
		if (plan->worker[i].role != role || plan->worker[i].index < most)
			plan->worker[kept++] = plan->worker[i];
	plan->workers = kept;
	mark_shared(plan);
}

static int limit_role(
	const struct options *o, const struct plan_demand *demand, enum role role, struct plan *plan, struct err *err)
{
	struct method_limits most = { .workers = UINT_MAX, .datagram_bytes = UINT32_MAX };
	unsigned first = role == ROLE_SERVER ? 0 : workers_of(plan, ROLE_SERVER), workers = workers_of(plan, role);
	const struct method *m = workers ? plan->worker[first].method : NULL;
	const char *option = workers_option(o, demand->workers_option, role), *size = demand->bytes_option;

	if (!m || !m->limits)
		return 0;
	m->limits(o, plan, role, &most);
	if (size && demand->datagram_bytes > most.datagram_bytes)
		return err_say(err, EINVAL, "--%s %s: method %s takes datagrams of at most %u bytes, these have %u (%s)", size,
			options_text(o, size), m->name, most.datagram_bytes, demand->datagram_bytes, most.bytes_why);
	if (!most.workers)
		return err_say(err, ENOTSUP, "method %s %s", m->name, most.workers_why);
	if (workers > most.workers && option)
		return err_say(err, EINVAL, "--%s %s: method %s takes at most %u of them (%s)", option, options_text(o, option),
			m->name, most.workers, most.workers_why);
	if (workers > most.workers)
		keep_first(plan, role, most.workers);
	return 0;
}

int plan_limit(const struct options *o, const struct plan_demand *demand, struct plan *plan, struct err *err)
{
	int rc = limit_role(o, demand, ROLE_SERVER, plan, err);

	return rc < 0 ? rc : limit_role(o, demand, ROLE_CLIENT, plan, err);
}

/* ---- the method ---- */

static const char *method_named(const struct options *o, enum role role)
{
	const char *own = role == ROLE_SERVER   ? options_text(o, "server-method")
			  : role == ROLE_CLIENT ? options_text(o, "client-method")
						: "";

	return *own ? own : options_text(o, "method");
}

static int method_default(const struct engine *engine, const struct method **ret_method, struct err *err)
{
	char why[160] = "", first[160] = "";

	for (unsigned i = 0; i < engine_methods(engine); i++) {
		if (method_runs(engine->methods[i], why, sizeof(why))) {
			*ret_method = engine->methods[i];
			return 0;
		}
		if (i == 0)
			memcpy(first, why, sizeof(first));
	}
	if (!engine_methods(engine))
		return err_say(err, ENOTSUP, "mode %s has no methods", engine->name);
	return err_say(err, ENOTSUP, "no method of mode %s runs here: %s: %s", engine->name, engine->methods[0]->name, first);
}

int plan_method(
	const struct engine *engine, const struct options *o, enum role role, const struct method **ret_method, struct err *err)
{
	const char *name = method_named(o, role);
	char why[160] = "";

	if (!*name)
		return method_default(engine, ret_method, err);
	const struct method *m = engine_find_method(engine, name);
	if (!m) {
		int rc = options_check(o, "method", name, err);

		return rc < 0 ? rc : err_say(err, EINVAL, "mode %s has no method %s", engine->name, name);
	}
	if (!(plan_on_veth(o) ? method_runs_on_veth : method_runs)(m, why, sizeof(why)))
		return err_say(err, ENOTSUP, "method %s does not run here: %s", name, why);
	*ret_method = m;
	return 0;
}
