/* The rows as JSON.  See selftest.h. */
#include "results/json_parts.h"
#include "selftest/selftest.h"

enum { SCHEMA = 1, DIGITS = 3 };

static json_t *json_of_figure(int64_t n)
{
	return n == SELFTEST_UNKNOWN ? json_null() : json_integer(n);
}

static json_t *json_of_check(const struct selftest_check *c)
{
	struct json_maker m = json_make();

	json_put(&m, "place", json_string(c->place));
	json_put(&m, "unit", json_string(c->unit));
	json_put(&m, "injected", json_of_figure(c->injected));
	json_put(&m, "said", json_of_figure(c->said));
	json_put(&m, "second", json_of_figure(c->second));
	json_put(&m, "source", json_of_text_or_null(c->source));
	json_put(&m, "each_least", json_integer(c->each_least));
	json_put(&m, "each_most", json_integer(c->each_most));
	json_put(&m, "agrees", json_boolean(c->agrees));
	return json_made(&m);
}

static json_t *json_of_row(const struct selftest_row *row)
{
	struct json_maker m = json_make();
	json_t *checks = json_array();
	bool failed = false;

	for (unsigned i = 0; i < row->checks; i++)
		json_append(checks, json_of_check(&row->check[i]), &failed);
	json_put(&m, "name", json_string(row->name));
	json_put(&m, "injected", json_string(row->injected));
	json_put(&m, "outcome", json_string(selftest_outcome_names[row->outcome]));
	json_put(&m, "why", json_of_text_or_null(row->why));
	json_put(&m, "verdict", json_of_text_or_null(row->said));
	json_put(&m, "seconds", json_of_real(row->seconds, DIGITS));
	json_put(&m, "checks", json_array_made(checks, failed));
	return json_made(&m);
}

json_t *json_of_selftest(const struct host_info *host, const struct selftest_row *row, unsigned rows, double seconds)
{
	struct json_maker m = json_make();
	json_t *array = json_array();
	unsigned of[SELFTEST_OUTCOMES] = { 0 };
	bool failed = false;

	for (unsigned i = 0; i < rows; i++) {
		json_append(array, json_of_row(&row[i]), &failed);
		of[row[i].outcome]++;
	}
	json_put(&m, "netdyno", json_of_head(SCHEMA));
	json_put(&m, "host", json_of_host(host));
	json_put(&m, "seconds", json_of_real(seconds, DIGITS));
	for (unsigned i = 0; i < SELFTEST_OUTCOMES; i++)
		json_put(&m, selftest_outcome_names[i], json_integer(of[i]));
	json_put(&m, "rows", json_array_made(array, failed));
	return json_made(&m);
}
