/* Values, latencies, options and the host as JSON.  See results/json_parts.h. */
#include "results/json_parts.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

/* ---- making ---- */

struct json_maker json_make(void)
{
	json_t *object = json_object();

	return (struct json_maker){ .object = object, .failed = !object };
}

void json_put(struct json_maker *m, const char *key, json_t *value)
{
	if (!value || m->failed) {
		json_decref(value);
		m->failed = true;
		return;
	}
	if (json_object_set_new(m->object, key, value))
		m->failed = true;
}

json_t *json_made(struct json_maker *m)
{
	json_t *object = m->object;

	m->object = NULL;
	if (!m->failed)
		return object;
	json_decref(object);
	return NULL;
}

void json_append(json_t *array, json_t *value, bool *failed)
{
	if (!array || !value) {
		json_decref(value);
		*failed = true;
	} else if (json_array_append_new(array, value))
		*failed = true;
}

json_t *json_array_made(json_t *array, bool failed)
{
	if (!failed)
		return array;
	json_decref(array);
	return NULL;
}

struct text_maker {
	char *text;
	size_t len, room;
	bool failed;
};

static int json_collect(const char *part, size_t len, void *ctx)
{
	struct text_maker *m = ctx;

	if (m->failed)
		return -1;
	if (m->len + len + 1 > m->room) {
		size_t room = 2 * (m->len + len + 1);
		char *more = realloc(m->text, room);

		m->failed = !more;
		if (!more)
			return -1;
		m->text = more;
		m->room = room;
	}
	memcpy(m->text + m->len, part, len);
	m->len += len;
	m->text[m->len] = '\0';
	return 0;
}

char *json_to_text(const json_t *value, size_t flags, const char *end, size_t *ret_len)
{
	struct text_maker m = { .failed = !value };

	if (value && json_dump_callback(value, json_collect, &m, flags) < 0)
		m.failed = true;
	if (m.failed || json_collect(end, strlen(end), &m) < 0) {
		free(m.text);
		return NULL;
	}
	if (ret_len)
		*ret_len = m.len;
	return m.text;
}

int json_write_document(const json_t *document, FILE *out, const char *name, struct err *err)
{
	if (!document)
		return err_sys(err, ENOMEM, "write %s", name);
	errno = 0;
	if (json_dumpf(document, out, RESULTS_DUMP | JSON_INDENT(2)) || putc('\n', out) == EOF)
		return err_sys(err, errno ? errno : EIO, "write %s", name);
	return 0;
}

/* ---- values ---- */

json_t *json_of_real(double value, int decimals)
{
	double unit = pow(10, decimals);

	if (!isfinite(value) || !isfinite(value * unit))
		return json_null();
	return json_real(round(value * unit) / unit);
}

/* JSON integers end at 2^63 here; no counter lives long enough to get there. */
json_t *json_of_count(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

json_t *json_of_text(const char *text)
{
	char clean[1024];

	return json_string(text_escape(text, strlen(text), clean, sizeof(clean)));
}

json_t *json_of_text_or_null(const char *text)
{
	return text[0] ? json_of_text(text) : json_null();
}

/* ---- latencies ---- */

#define FIELD(k, member)                                                     \
	{                                                                    \
		.key = k, .offset = offsetof(struct latency_summary, member) \
	}
const struct latency_field latency_fields[] = {
	FIELD("min", min_ns),
	{ .key = "mean", .offset = offsetof(struct latency_summary, mean_ns), .is_mean = true },
	FIELD("p50", p50_ns),
	FIELD("p90", p90_ns),
	FIELD("p99", p99_ns),
	FIELD("p99_9", p99_9_ns),
	FIELD("p99_99", p99_99_ns),
	FIELD("max", max_ns),
	{ 0 },
};
#undef FIELD

static double latency_field_ns(const struct latency_summary *l, const struct latency_field *field)
{
	const char *at = (const char *)l + field->offset;

	return field->is_mean ? *(const double *)at : (double)*(const int64_t *)at;
}

json_t *json_of_latency(const struct latency_summary *l)
{
	struct json_maker m = json_make();

	json_put(&m, "count", json_of_count(l->count));
	for (const struct latency_field *f = latency_fields; f->key; f++)
		json_put(&m, f->key, l->count ? json_of_real(latency_field_ns(l, f) / NS_PER_US, 3) : json_null());
	return json_made(&m);
}

char *latency_key(const struct latency_def *def, char *out, size_t size)
{
	snprintf(out, size, "%s_us", def->name);
	return out;
}

/* ---- options ---- */

char *option_key(const struct option_def *def, char *out, size_t size)
{
	snprintf(out, size, "%s", def->key ? def->key : def->name);
	for (char *c = out; *c && !def->key; c++)
		if (*c == '-')
			*c = '_';
	return out;
}

/* Durations are kept in ns; the end of the key says what the result has them in. */
static double duration_unit(const char *key)
{
	static const struct {
		const char *ending;
		double ns;
	} units[] = { { "_ns", 1 }, { "_us", NS_PER_US }, { "_ms", NS_PER_MS }, { "_s", NS_PER_S } };
	size_t len = strlen(key);

	for (unsigned i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t end = strlen(units[i].ending);

		if (len > end && !strcmp(key + len - end, units[i].ending))
			return units[i].ns;
	}
	return NS_PER_S;
}

json_t *json_of_option(const struct option_def *def, const struct option_value *value)
{
	char key[64];

	if (!value->is_set)
		return json_null();
	switch (def->type) {
	case OPTION_BOOL:
		return json_boolean(value->number);
	case OPTION_COUNT:
	case OPTION_SIZE:
		return json_integer(value->number);
	case OPTION_DECIMAL:
		return json_of_real(option_real(def, value), 3);
	case OPTION_DURATION:
		return json_of_real((double)value->number / duration_unit(option_key(def, key, sizeof(key))), 9);
	case OPTION_CHOICE:
	case OPTION_METHOD:
	case OPTION_CPUS:
	case OPTION_TEXT:
		break;
	}
	return json_of_text_or_null(value->text);
}

/* ---- host ---- */

static json_t *number_or_null(int64_t value)
{
	return value < 0 ? json_null() : json_integer(value);
}

static json_t *host_value(const struct host_info *host, const struct host_field *f)
{
	const char *at = (const char *)host + f->offset;

	switch (f->type) {
	case HOST_TEXT:
		return json_of_text_or_null(at);
	case HOST_UNSIGNED:
		return json_integer(*(const unsigned *)at);
	case HOST_INT:
		return number_or_null(*(const int *)at);
	case HOST_INT64:
		return number_or_null(*(const int64_t *)at);
	}
	return NULL;
}

json_t *json_of_head(int schema)
{
	struct json_maker m = json_make();

	json_put(&m, "version", json_string(NETDYNO_VERSION));
	json_put(&m, "schema", json_integer(schema));
	return json_made(&m);
}

json_t *json_of_host(const struct host_info *host)
{
	struct json_maker m = json_make();

	for (const struct host_field *f = host_fields; f->key; f++)
		json_put(&m, f->key, host_value(host, f));
	return json_made(&m);
}
