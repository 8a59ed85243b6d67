/* Conditions on a comparison.  See condition.h. */
#include "sweep/compare/condition.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { NUMBER_BYTES = 32 };

/* Beyond that it is a slip of the finger. */
static const double PERCENT_MAX = 1e6;

static bool is_name(const char *column, const char *word, size_t length)
{
	return strlen(column) == length && !strncmp(column, word, length);
}

/* "p99" stands for the first "..._p99_us". */
static bool is_short_name(const struct sweep_metric *m, const char *word, size_t length)
{
	size_t column = strlen(m->column);

	return m->counted[0] && column > length + 4 && m->column[column - length - 4] == '_' &&
	       !strncmp(m->column + column - length - 3, word, length) && word[0] == 'p';
}

static int condition_find(const struct sweep_metric *metric, unsigned metrics, const char *word, size_t length)
{
	for (unsigned i = 0; i < metrics; i++)
		if (is_name(metric[i].column, word, length) || is_short_name(&metric[i], word, length))
			return (int)i;
	return -1;
}

static int say_unknown(const struct sweep_metric *metric, unsigned metrics, const char *text, struct err *err)
{
	char quoted[TEXT_SHOWN_BYTES], names[200] = "";

	for (unsigned i = 0; i < metrics; i++)
		if (metric[i].tested)
			text_add(names, sizeof(names), "%s%s", *names ? ", " : "", metric[i].column);
	return err_say(err, EINVAL, "--fail-if %s: no such figure: %s, p50, p99 and the other columns of results.csv are known",
		text_shown(text, quoted), names);
}

/* Digits, at most one point, at least one digit: no nan, no hexadecimal.  Returns its length. */
static size_t decimal_length(const char *text)
{
	size_t at = strspn(text, "+-") ? 1 : 0, digits = strspn(text + at, "0123456789");

	at += digits;
	if (text[at] == '.') {
		size_t more = strspn(text + at + 1, "0123456789");

		digits += more;
		at += 1 + more;
	}
	return digits ? at : 0;
}

static int parse_limit(const char *text, const char *at, char number[NUMBER_BYTES], double *ret_limit, struct err *err)
{
	char quoted[TEXT_SHOWN_BYTES];
	size_t length = decimal_length(at);

	if (!length || length >= NUMBER_BYTES)
		return err_say(err, EINVAL, "--fail-if %s: no number of per cent behind the sign, such as -5%%",
			text_shown(text, quoted));
	snprintf(number, NUMBER_BYTES, "%.*s", (int)length, at);
	at += length + strspn(at + length, " \t");
	at += *at == '%';
	if (at[strspn(at, " \t")])
		return err_say(err, EINVAL, "--fail-if %s: only %% may follow the number", text_shown(text, quoted));
	double percent = strtod(number, NULL);
	if (percent <= -100 || percent > PERCENT_MAX)
		return err_say(
			err, ERANGE, "--fail-if %s: a ratio lies above -100 %% and up to 1000000 %%", text_shown(text, quoted));
	*ret_limit = percent / 100;
	return 0;
}

int condition_parse(
	const char *text, const struct sweep_metric *metric, unsigned metrics, struct condition *ret_condition, struct err *err)
{
	const char *name = text + strspn(text, " \t"), *sign = strpbrk(name, "<>");
	char quoted[TEXT_SHOWN_BYTES], number[NUMBER_BYTES];
	struct condition made = { 0 };

	if (!sign)
		return err_say(err, EINVAL, "--fail-if %s: no < or >, such as rx_pps<-5%%", text_shown(text, quoted));
	size_t length = strcspn(name, " \t<>");
	int found = name[length + strspn(name + length, " \t")] == *sign ? condition_find(metric, metrics, name, length) : -1;
	if (found < 0)
		return say_unknown(metric, metrics, text, err);
	made.metric = (unsigned)found;
	made.above = *sign == '>';
	int rc = parse_limit(text, sign + 1 + strspn(sign + 1, " \t"), number, &made.limit, err);
	if (rc < 0)
		return rc;
	snprintf(made.text, sizeof(made.text), "%.*s%c%s%%", (int)length, name, *sign, number);
	*ret_condition = made;
	return 0;
}

enum condition_answer condition_ask(const struct condition *condition, const struct comparison *comparison)
{
	const struct evidence *e = &comparison->of[condition->metric].evidence;

	if (!e->known || !e->bounded || !e->relative)
		return CONDITION_UNKNOWN;
	bool holds = condition->above ? e->low > condition->limit : e->high < condition->limit;

	return holds ? CONDITION_HOLDS : CONDITION_NOT_SHOWN;
}
