/* A result alone (from --json), made into a history: a sample for each of its intervals, and a
 * final from its end.
 *
 * What the file does not have stays unknown, with two exceptions that an event tells:
 * percentiles between those of the file are interpolated, and the verdict is judged anew from
 * what the file has (that of the file stands among the events). */
#include "snapshot/fields.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

enum { PLAIN_RUN = 1 };

static const double seconds_max = 1e9;

struct plain {
	const struct reader *r;
	const json_t *start, *intervals, *end, *cores; /* cores: the end's */
	struct run_info *info;                         /* in the making; then the history's */
	int64_t base_ns;
	uint64_t (*value)[COUNTERS_MAX]; /* [workers] cumulative */
};

/* A number within 0..high, or 0. */
static double number_in(const json_t *object, const char *key, double high)
{
	double number = json_number_value(json_object_get(object, key));

	return isfinite(number) && number > 0 ? fmin(number, high) : 0;
}

static int64_t nanoseconds(double value, double unit)
{
	return (int64_t)llround(fmin(value * unit, 1e18));
}

static uint64_t count_of(const json_t *value)
{
	return json_is_integer(value) && json_integer_value(value) > 0 ? (uint64_t)json_integer_value(value) : 0;
}

/* ---- the run ---- */

/* Numbers of the result as they would be typed. */
static void option_text(const char *key, const json_t *value, char *out, size_t size)
{
	size_t len = strlen(key);
	const char *unit = strrchr(key, '_');

	if (json_is_boolean(value))
		snprintf(out, size, "%s", json_is_true(value) ? "yes" : "no");
	else if (json_is_integer(value))
		snprintf(out, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		snprintf(out, size, "%.9f%s", json_real_value(value), unit && len - (size_t)(unit - key) <= 3 ? unit + 1 : "s");
	else
		text_escape(json_string_value(value), json_string_length(value), out, size);
}

static int read_options(const struct plain *p)
{
	const json_t *options = json_object_get(p->start, "options");
	struct options *o = &p->info->options;
	struct err why = ERR_NONE;
	char key[64], text[1024];

	for (unsigned i = 0; i < o->count; i++) {
		const json_t *value = json_object_get(options, option_key(o->def[i], key, sizeof(key)));

		if (!(o->def[i]->flags & OPTION_RESULT) || !value || json_is_null(value))
			continue;
		option_text(key, value, text, sizeof(text));
		if (options_set(o, o->def[i]->name, text, &why))
			return reader_fails(p->r, "start.options", "%s", why.text);
	}
	return 0;
}

/* One reason a worker, and one for its hardware counters: the first that is told. */
static void read_why(struct run_worker *w, unsigned counter, const json_t *why)
{
	bool hardware = counter_is_hardware(counter);
	char *into = hardware ? w->hardware_why : w->unknown_why;

	if (counter != COUNTER_RUN_DELAY_NS && json_is_string(why) && !into[0])
		text_escape(json_string_value(why), json_string_length(why), into,
			hardware ? sizeof(w->hardware_why) : sizeof(w->unknown_why));
}

static int read_worker(const struct plain *p, const json_t *core, unsigned i)
{
	struct run_worker *w = &p->info->worker[i];
	int role = name_index(json_object_get(core, "role"), role_names, ROLE_BOTH);
	const json_t *cpu = json_object_get(core, "cpu");

	if (role < 0)
		return reader_fails(p->r, "end.cores", "role: neither server nor client");
	w->role = (enum role)role;
	w->index = (unsigned)(count_of(json_object_get(core, "index")) & 0xffff);
	w->cpu = json_is_integer(cpu) ? (int)(json_integer_value(cpu) & 0xfffff) : -1;
	w->pinned = w->cpu >= 0;
	for (unsigned c = 0; c < engine_counters(p->info->engine); c++) {
		const char *name = engine_counter(p->info->engine, c)->name;

		if (!json_is_null(json_object_get(core, name)))
			continue;
		w->unknown |= (uint64_t)1 << c;
		read_why(w, c, json_object_get(json_object_get(p->end, "unknown"), name));
	}
	return 0;
}

static int read_workers(struct plain *p)
{
	size_t count = json_array_size(p->cores);
	int rc = 0;

	if (!count || count > SNAPSHOT_WORKERS_MAX)
		return reader_fails(p->r, "end.cores", "not an array of 1..%d", SNAPSHOT_WORKERS_MAX);
	p->info->worker = calloc(count, sizeof(p->info->worker[0]));
	p->value = calloc(count, sizeof(p->value[0]));
	if (!p->info->worker || !p->value)
		return err_sys(p->r->err, ENOMEM, "%s", p->r->file);
	p->info->workers = (unsigned)count;
	for (unsigned i = 0; !rc && i < count; i++)
		rc = read_worker(p, json_array_get(p->cores, i), i);
	return rc;
}

/* Whose counters the sum speaks of is not in the file: the roles whose cores come nearest to it. */
static unsigned roles_of_sum(const struct plain *p, const char *key)
{
	static const unsigned candidates[] = { ROLE_CLIENT, ROLE_SERVER, ROLE_BOTH };
	double target = number_in(json_object_get(p->end, "sum"), key, 1e18), least = INFINITY;
	unsigned best = ROLE_BOTH;

	for (unsigned k = 0; k < 3; k++) {
		double sum = 0;
		unsigned there = 0;

		for (unsigned i = 0; i < p->info->workers; i++)
			if (p->info->worker[i].role & candidates[k]) {
				sum += number_in(json_array_get(p->cores, i), key, 1e18);
				there |= p->info->worker[i].role;
			}
		if (there == candidates[k] && fabs(sum - target) < least) {
			least = fabs(sum - target);
			best = candidates[k];
		}
	}
	return best;
}

/* Which of the two is the sent side: where clients are here, what they send; else what is
 * nearer. */
static void guess_sides(struct plain *p)
{
	const json_t *ledger = json_object_get(p->end, "ledger"), *sum = json_object_get(p->end, "sum");
	double sent = number_in(ledger, "sent", 1e18);
	bool turned = p->info->role == ROLE_SERVER &&
		      fabs(number_in(sum, "rx_packets", 1e18) - sent) < fabs(number_in(sum, "tx_packets", 1e18) - sent);

	p->info->tx_roles = roles_of_sum(p, "tx_pps");
	p->info->rx_roles = roles_of_sum(p, "rx_pps");
	p->info->flying = p->info->tx_roles;
	/* A mode whose own counters are both sides needs none of these. */
	if (!json_is_object(ledger) || ledger_is_kept(p->info))
		return;
	p->info->tx_ledger = turned ? LEDGER_RECEIVED : LEDGER_SENT;
	p->info->rx_ledger = turned ? LEDGER_SENT : LEDGER_RECEIVED;
}

static void read_start_text(const struct plain *p, const char *key, char *out, size_t size)
{
	const json_t *text = json_object_get(p->start, key);

	if (json_is_string(text))
		text_escape(json_string_value(text), json_string_length(text), out, size);
}

static void read_start(struct plain *p)
{
	struct run_info *info = p->info;
	const json_t *method = json_object_get(p->start, "method");
	int role = name_index(json_object_get(p->start, "role"), role_names, ROLE_BOTH + 1);

	info->id = PLAIN_RUN;
	info->role = role > 0 ? (enum role)role : ROLE_BOTH;
	info->method = json_is_string(method) ? engine_find_method(info->engine, json_string_value(method)) : NULL;
	read_start_text(p, "ran", info->ran, sizeof(info->ran));
	read_start_text(p, "peer", info->peer, sizeof(info->peer));
	read_start_text(p, "path", info->path, sizeof(info->path));
	info->duration_ns = options_number(&info->options, "duration");
	info->warmup_ns = options_number(&info->options, "warmup");
	info->interval_ns = options_number(&info->options, "interval");
	info->started_ns = NS_PER_S;
	info->started_wall_ns = read_iso_time(json_object_get(p->start, "time"));
	p->base_ns = info->started_ns + info->warmup_ns;
}

static int make_run(struct plain *p)
{
	int rc = read_engine(p->r, json_object_get(p->start, "mode"), "start", &p->info->engine);

	if (!rc)
		rc = options_init(&p->info->options, p->info->engine, p->r->err);
	if (!rc)
		rc = read_options(p);
	if (!rc) {
		read_start(p);
		rc = read_workers(p);
	}
	if (!rc)
		guess_sides(p);
	return rc;
}

/* ---- counters and latencies ---- */

/* When CPU time was read is not in the file; the busy share is. */
static uint64_t observed_ns(const json_t *core, double seconds)
{
	double cpu = number_in(core, "cpu_user_ns", 1e18) + number_in(core, "cpu_system_ns", 1e18) +
		     number_in(core, "helper_cpu_ns", 1e18);
	double busy = number_in(core, "busy_percent", 1e6);

	return (uint64_t)nanoseconds(busy > 0 ? 100 * cpu / busy : seconds * NS_PER_S, 1);
}

/* A core's counters, added to values; gauges replace. */
static void add_core(const struct engine *e, const json_t *core, double seconds, uint64_t *values)
{
	for (unsigned c = 0; c < engine_counters(e); c++) {
		const struct counter_def *def = engine_counter(e, c);
		const json_t *value = json_object_get(core, def->name);

		if (!json_is_integer(value))
			values[c] = counter_is_level(def->kind) ? counter_first(def->kind) : values[c];
		else if (c != COUNTER_OBSERVED_NS)
			values[c] = count_of(value) + (counter_is_level(def->kind) ? 0 : values[c]);
	}
	values[COUNTER_OBSERVED_NS] += observed_ns(core, seconds);
}

static void read_latency(const json_t *from, struct latency_summary *l)
{
	l->count = count_of(json_object_get(from, "count"));
	if (!l->count)
		return;
	for (const struct latency_field *f = latency_fields; f->key; f++) {
		double us = number_in(from, f->key, 1e12);
		char *at = (char *)l + f->offset;

		if (f->is_mean)
			*(double *)at = us * NS_PER_US;
		else
			*(int64_t *)at = nanoseconds(us, NS_PER_US);
	}
	l->p75_ns = l->p95_ns = -1; /* not in the file */
}

static void read_latencies(const struct engine *e, const json_t *from, struct latency_summary *ret_summaries)
{
	char key[64];

	for (unsigned i = 0; i < engine_latencies(e); i++)
		read_latency(json_object_get(from, latency_key(&e->latencies[i], key, sizeof(key))), &ret_summaries[i]);
}

/* ---- samples ---- */

static struct sample *sample_at(const struct plain *p, double t_s)
{
	struct sample *s = sample_new(p->info->workers);

	if (!s) {
		err_sys(p->r->err, ENOMEM, "%s", p->r->file);
		return NULL;
	}
	s->run_id = PLAIN_RUN;
	s->phase = PHASE_MEASURE;
	s->measured_ns = nanoseconds(t_s, NS_PER_S);
	s->at_ns = p->base_ns + s->measured_ns;
	for (unsigned i = 0; i < p->info->workers; i++)
		memcpy(s->worker[i].value, p->value[i], sizeof(p->value[i]));
	return s;
}

static int read_interval(const struct plain *p, const json_t *interval, unsigned number, double *last_s)
{
	const json_t *cores = json_object_get(interval, "cores");
	double seconds = number_in(interval, "seconds", seconds_max), t_s = number_in(interval, "t_s", seconds_max);
	struct sample *s;
	char where[40];

	snprintf(where, sizeof(where), "intervals[%u]", number);
	if (json_array_size(cores) != p->info->workers)
		return reader_fails(p->r, where, "cores: not as many as in end.cores");
	if (t_s <= *last_s)
		return reader_fails(p->r, where, "t_s: not after the interval before");
	*last_s = t_s;
	for (unsigned i = 0; i < p->info->workers; i++)
		add_core(p->info->engine, json_array_get(cores, i), seconds, p->value[i]);
	s = sample_at(p, t_s);
	if (!s)
		return -ENOMEM;
	s->sequence = number + 2;
	s->is_interval = true;
	s->interval_s = seconds;
	s->window_ns = nanoseconds(seconds, NS_PER_S);
	read_latencies(p->info->engine, interval, s->merged);
	for (unsigned i = 0; i < p->info->workers; i++)
		read_latencies(p->info->engine, json_array_get(cores, i), s->worker[i].latency);
	history_keep(p->r->history, s, HISTORY_FINE | HISTORY_COARSE);
	return 0;
}

static int read_intervals(const struct plain *p)
{
	/* Of a long run only the last intervals are in the file: what was before is unknown, and
	 * the base stands at the first one's start. */
	const json_t *first = json_array_get(p->intervals, 0);
	double last_s = number_in(first, "t_s", seconds_max) - number_in(first, "seconds", seconds_max);
	struct sample *base = sample_at(p, fmax(last_s, 0));
	int rc = 0;

	if (!base)
		return -ENOMEM;
	base->sequence = 1;
	history_keep(p->r->history, base, HISTORY_FINE | HISTORY_BASE);
	last_s = -1;
	for (unsigned i = 0; !rc && i < json_array_size(p->intervals); i++)
		rc = read_interval(p, json_array_get(p->intervals, i), i, &last_s);
	return rc;
}

/* ---- the final ---- */

/* Spreads the values between two known ranks evenly; the last one is exactly the known one. */
static void fill_between(struct hist *h, uint64_t from, uint64_t to, double low, double high)
{
	enum { STEPS = 32 };
	uint64_t done = from;

	for (unsigned k = 1; k <= STEPS && to > from; k++) {
		uint64_t until = from + (uint64_t)((double)(to - from) * k / STEPS);

		if (k == STEPS)
			until = to;
		if (until > done)
			h->bucket[hist_index((int64_t)(low + (high - low) * k / STEPS))] += until - done;
		done = until > done ? until : done;
	}
}

/* A histogram that has the percentiles of the summary. */
static void hist_from(const struct latency_summary *l, struct hist *h)
{
	const struct {
		double part;
		int64_t ns;
	} known[] = { { 0.5, l->p50_ns }, { 0.9, l->p90_ns }, { 0.99, l->p99_ns }, { 0.999, l->p99_9_ns },
		{ 0.9999, l->p99_99_ns }, { 1, l->max_ns } };
	uint64_t rank = l->count ? 1 : 0, count = l->count >> 48 ? 0 : l->count;
	double low = (double)l->min_ns;

	if (!count)
		return;
	h->bucket[hist_index(l->min_ns)] = 1;
	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		uint64_t until = known[i].part < 1 ? (uint64_t)ceil((double)count * known[i].part) : count;

		fill_between(h, rank, until, low, (double)known[i].ns);
		rank = until > rank ? until : rank;
		low = (double)known[i].ns;
	}
	h->count = count;
	h->sum_ns = (uint64_t)fmin(l->mean_ns * (double)count, 1e18);
}

/* Makes the workers' sum of a counter what the ledger says: the difference goes to the first
 * that counts it. */
static void match(const struct plain *p, struct run_final *f, unsigned counter, unsigned roles, uint64_t target)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < f->workers; i++)
		if (p->info->worker[i].role & roles)
			sum += f->settled[i].value[counter];
	for (unsigned i = 0; i < f->workers && sum != target; i++) {
		uint64_t *value = &f->settled[i].value[counter];

		if (!(p->info->worker[i].role & roles))
			continue;
		uint64_t less = sum > target ? sum - target : 0;
		less = less < *value ? less : *value;
		uint64_t more = target > sum ? target - sum : 0;
		*value += more - less;
		sum += more - less;
	}
}

/* A place that no counter of the mode stands for is one of the kernel's own counters: which, the
 * ledger itself tells. */
static int host_field_of(const struct plain *p, const struct run_final *final, const char *key)
{
	struct run_info info = *p->info;
	struct reading r = reading_of_final(&info, final);
	struct ledger l;

	for (int field = 0; field < PROCNET_FIELDS; field++) {
		info.host_places = 1u << field;
		ledger_of(&r, &l);
		for (unsigned i = 0; i < l.places; i++)
			if (l.place[i].host_wide && !strcmp(l.place[i].key, key))
				return field;
	}
	return -1;
}

static void settle_host_places(const struct plain *p, struct run_final *f, json_t *places)
{
	const char *key;
	json_t *value;

	json_object_foreach(places, key, value)
	{
		int field = host_field_of(p, f, key);

		if (field < 0)
			continue;
		p->info->host_places |= 1u << field;
		if (!json_is_integer(value))
			continue;
		f->net_from.known |= 1u << field;
		f->net_to.known |= 1u << field;
		f->net_to.value[field] = count_of(value);
	}
}

/* What the ledger says of a side, once: of several counters of it the first takes it all. */
static uint64_t side_once(const json_t *ledger, enum ledger_side side, unsigned *done)
{
	const char *const key[] = { [LEDGER_SENT] = "sent", [LEDGER_RECEIVED] = "received" };
	uint64_t value = *done >> side & 1 ? 0 : count_of(json_object_get(ledger, key[side]));

	*done |= 1u << side;
	return value;
}

/* Returns what stands in the ledger as sent because it was lost arriving.  done: sides that
 * TX_PACKETS and RX_PACKETS stand on. */
static uint64_t settle_own(const struct plain *p, struct run_final *f, const json_t *ledger, unsigned done)
{
	const struct engine *e = p->info->engine;
	const json_t *places = json_object_get(ledger, "places");
	uint64_t arriving = 0;

	for (unsigned c = COUNTER_OWN; c < engine_counters(e); c++) {
		const struct counter_def *def = engine_counter(e, c);
		const json_t *value = def->place ? json_object_get(places, def->place) : NULL;
		enum ledger_side side = reading_side(p->info, def);
		bool taken = false;

		if (side == LEDGER_NONE || side == LEDGER_IN_FLIGHT)
			continue;
		if (side == LEDGER_SENT || side == LEDGER_RECEIVED) {
			match(p, f, c, def->roles, side_once(ledger, side, &done));
			continue;
		}
		for (unsigned k = COUNTER_OWN; k < c && def->place; k++)
			taken |= engine_counter(e, k)->place && !strcmp(engine_counter(e, k)->place, def->place);
		match(p, f, c, def->roles, taken ? 0 : count_of(value));
		if (side == LEDGER_LOST_ARRIVING && !taken)
			arriving += count_of(value);
	}
	return arriving;
}

static void settle_second(const struct plain *p, struct run_final *f)
{
	const struct ledger_def *def = p->info->engine->second_ledger;
	const json_t *ledger = def ? json_object_get(json_object_get(p->end, "ledgers"), def->name) : NULL;
	unsigned done = 0;

	for (const struct ledger_row *row = def ? def->rows : NULL; json_is_object(ledger) && row->side != LEDGER_NONE; row++) {
		if (row->side == LEDGER_LOST)
			match(p, f, row->counter, row->roles,
				count_of(json_object_get(json_object_get(ledger, "places"), row->place)));
		else if (row->side != LEDGER_IN_FLIGHT)
			match(p, f, row->counter, row->roles, side_once(ledger, row->side, &done));
	}
}

static void settle(const struct plain *p, struct run_final *f)
{
	const json_t *ledger = json_object_get(p->end, "ledger");
	uint64_t sent = count_of(json_object_get(ledger, "sent")), received = count_of(json_object_get(ledger, "received")),
		 arriving;
	bool turned = p->info->tx_ledger == LEDGER_RECEIVED, common = p->info->tx_ledger != LEDGER_NONE;

	memcpy(f->settled, f->edge, f->workers * sizeof(f->edge[0]));
	settle_second(p, f);
	if (!json_is_object(ledger))
		return;
	arriving = settle_own(p, f, ledger, common ? 1u << LEDGER_SENT | 1u << LEDGER_RECEIVED : 0);
	sent -= arriving < sent ? arriving : sent;
	if (common) {
		match(p, f, COUNTER_TX_PACKETS, p->info->tx_roles, turned ? received : sent);
		match(p, f, COUNTER_RX_PACKETS, p->info->rx_roles, turned ? sent : received);
	}
	settle_host_places(p, f, json_object_get(ledger, "places"));
}

static int64_t edge_time(const json_t *core, double seconds)
{
	double packets = number_in(core, "rx_packets", 1e18), pps = number_in(core, "rx_pps", 1e18);

	return nanoseconds(packets > 0 && pps > 0 ? packets / pps : seconds, NS_PER_S);
}

static void fill_final(const struct plain *p, struct run_final *f)
{
	const struct engine *e = p->info->engine;
	const json_t *error = json_object_get(p->end, "error");
	double seconds = number_in(p->end, "seconds", seconds_max);
	struct latency_summary total[LATENCIES_MAX] = { 0 };

	f->run_id = PLAIN_RUN;
	f->how = json_is_string(error) ? PHASE_FAILED : PHASE_DONE;
	if (json_is_string(error))
		text_escape(json_string_value(error), json_string_length(error), f->err.text, sizeof(f->err.text));
	f->interrupted = json_is_true(json_object_get(p->end, "interrupted"));
	f->workers = p->info->workers;
	f->measured_ns = nanoseconds(seconds, NS_PER_S);
	for (unsigned i = 0; i < f->workers; i++) {
		const json_t *core = json_array_get(p->cores, i);

		f->edge_ns[i] = edge_time(core, seconds);
		add_core(e, core, seconds, f->edge[i].value);
		read_latencies(e, core, f->edge[i].latency);
	}
	settle(p, f);
	read_latencies(e, p->end, total);
	for (unsigned i = 0; i < engine_latencies(e); i++)
		hist_from(&total[i], &f->total[i]);
}

static int read_final(const struct plain *p)
{
	struct run_final *f = calloc(1, sizeof(*f));
	unsigned workers = p->info->workers;

	if (f) {
		f->edge = calloc(workers, sizeof(*f->edge));
		f->settled = calloc(workers, sizeof(*f->settled));
		f->edge_ns = calloc(workers, sizeof(*f->edge_ns));
		f->total = calloc(LATENCIES_MAX, sizeof(*f->total));
	}
	if (!f || !f->edge || !f->settled || !f->edge_ns || !f->total) {
		run_final_free(f);
		return err_sys(p->r->err, ENOMEM, "%s", p->r->file);
	}
	fill_final(p, f);
	return reader_take_final(p->r, f);
}

/* ---- events ---- */

static int tell_each(const struct plain *p, const json_t *lines, enum severity severity, const char *before)
{
	char text[200];
	size_t i;
	json_t *line;
	int rc = 0;

	json_array_foreach(lines, i, line)
	{
		snprintf(text, sizeof(text), "%s%.150s", before, json_is_string(line) ? json_string_value(line) : "?");
		rc = i < VERDICT_LINES ? reader_take_event(p->r, p->base_ns, PLAIN_RUN, severity, text) : 0;
		if (rc)
			break;
	}
	return rc;
}

static int tell(const struct plain *p)
{
	const json_t *verdict = json_object_get(p->end, "verdict");
	int rc = reader_take_event(p->r, p->base_ns, PLAIN_RUN, SEVERITY_INFO,
		"opened from a result: one reading per interval, percentiles between those of the file are interpolated");

	if (!rc)
		rc = tell_each(p, json_object_get(p->start, "warnings"), SEVERITY_WARNING, "");
	if (!rc)
		rc = tell_each(p, json_object_get(verdict, "cautions"), SEVERITY_WARNING, "the file's caution: ");
	if (!rc)
		rc = tell_each(p, json_object_get(verdict, "reasons"), SEVERITY_ERROR, "the file says invalid: ");
	return rc;
}

int snapshot_read_plain(const struct reader *r, const json_t *document)
{
	struct plain p = {
		.r = r, .start = json_object_get(document, "start"), .intervals = json_object_get(document, "intervals")
	};
	int rc;

	p.end = json_object_get(document, "end");
	p.cores = json_object_get(p.end, "cores");
	p.info = calloc(1, sizeof(*p.info));
	rc = p.info ? make_run(&p) : err_sys(r->err, ENOMEM, "%s", r->file);
	if (rc)
		run_info_free(p.info);
	else
		rc = reader_take_run(r, p.info);
	if (!rc)
		rc = read_intervals(&p);
	if (!rc && !json_is_true(json_object_get(p.end, "unfinished")))
		rc = read_final(&p);
	if (!rc)
		rc = tell(&p);
	free(p.value);
	return rc;
}
