/* The rows that there are, and when one agrees.  See selftest.h. */
#include <fnmatch.h>
#include <string.h>

#include "selftest/rows.h"

const char *const selftest_outcome_names[SELFTEST_OUTCOMES] = { "agrees", "differs", "skipped" };

static bool rows_has(const struct fault *f, const struct selftest_method *m)
{
	return !strcmp(f->mode, m->mode) && (!f->only || !strcmp(f->only, m->name)) &&
	       (!f->never || strcmp(f->never, m->name) != 0);
}

/* Every loss for every method of its mode, then the others. */
static unsigned rows_list(const struct selftest_here *here, struct row_of ret_of[SELFTEST_ROWS_MAX])
{
	unsigned n = 0;

	for (unsigned i = 0; i < here->methods; i++)
		for (const struct fault *f = fault_losses; f->word; f++)
			if (rows_has(f, &here->method[i]) && n < SELFTEST_ROWS_MAX)
				ret_of[n++] = (struct row_of){ f, &here->method[i] };
	for (const struct fault *f = fault_others; f->word && n < SELFTEST_ROWS_MAX; f++)
		ret_of[n++] = (struct row_of){ f, NULL };
	return n;
}

static void rows_name(const struct row_of *of, char out[SELFTEST_NAME])
{
	if (of->method)
		snprintf(out, SELFTEST_NAME, "%s-%s-%s", of->method->mode, of->method->name, of->fault->word);
	else
		snprintf(out, SELFTEST_NAME, "%s", of->fault->word);
}

unsigned selftest_rows(const struct selftest_here *here, struct selftest_row ret_row[SELFTEST_ROWS_MAX])
{
	struct row_of of[SELFTEST_ROWS_MAX];
	unsigned n = rows_list(here, of);

	for (unsigned i = 0; i < n; i++) {
		ret_row[i] = (struct selftest_row){ .outcome = SELFTEST_SKIPPED };
		rows_name(&of[i], ret_row[i].name);
		snprintf(ret_row[i].injected, sizeof(ret_row[i].injected), "%s", of[i].fault->injected);
	}
	return n;
}

struct row_of selftest_row_of(const struct selftest_here *here, const struct selftest_row *row)
{
	struct row_of of[SELFTEST_ROWS_MAX];
	unsigned n = rows_list(here, of);
	char name[SELFTEST_NAME];

	for (unsigned i = 0; i < n; i++) {
		rows_name(&of[i], name);
		if (!strcmp(name, row->name))
			return of[i];
	}
	return (struct row_of){ 0 };
}

bool selftest_wanted(const char *pattern, const struct selftest_row *row)
{
	return !*pattern || fnmatch(pattern, row->name, 0) == 0;
}

/* ---- when figures agree ---- */

static bool is_near(int64_t said, int64_t wanted, const struct selftest_check *c)
{
	return said >= wanted - c->less && said <= wanted + c->more;
}

/* Plain numbers, of a few digits each. */
static bool check_agrees(const struct selftest_check *c)
{
	if (c->said == SELFTEST_UNKNOWN)
		return false;
	if (c->injected != SELFTEST_UNKNOWN && !is_near(c->said, c->injected, c))
		return false;
	if (!*c->source)
		return c->injected != SELFTEST_UNKNOWN;
	/* Nothing lost shows nothing. */
	if (c->second <= 0)
		return false;
	int64_t less = c->injected == SELFTEST_UNKNOWN ? c->less : 0, more = c->injected == SELFTEST_UNKNOWN ? c->more : 0;

	return c->said >= c->second * c->each_least - less && c->said <= c->second * c->each_most + more;
}

void selftest_judge(struct selftest_row *row)
{
	for (unsigned i = 0; i < row->checks; i++)
		row->check[i].agrees = check_agrees(&row->check[i]);
}

bool selftest_agrees(const struct selftest_row *row)
{
	bool agrees = row->checks > 0;

	for (unsigned i = 0; i < row->checks; i++)
		agrees = agrees && row->check[i].agrees;
	return agrees;
}
