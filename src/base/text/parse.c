/* Numbers with a unit, as people type them.  See text.h. */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"

struct unit {
	const char *name; /* "" = no unit */
	int64_t factor;
};

struct quantity {
	const char *what;   /* "size" */
	const char *accept; /* units, for the error message */
	const struct unit *units;
};

#define KIB INT64_C(1024)
static const struct unit size_units[] = { { "", 1 }, { "B", 1 }, { "K", KIB }, { "k", KIB }, { "KiB", KIB }, { "M", KIB *KIB },
	{ "m", KIB *KIB }, { "MiB", KIB *KIB }, { "G", KIB *KIB *KIB }, { "g", KIB *KIB *KIB }, { "GiB", KIB *KIB *KIB },
	{ NULL, 0 } };
static const struct unit time_units[] = { { "", NS_PER_S }, { "h", INT64_C(3600) * NS_PER_S }, { "m", INT64_C(60) * NS_PER_S },
	{ "min", INT64_C(60) * NS_PER_S }, { "s", NS_PER_S }, { "ms", NS_PER_MS }, { "us", NS_PER_US }, { "ns", 1 },
	{ NULL, 0 } };
static const struct unit count_units[] = { { "", 1 }, { "k", 1000 }, { "K", 1000 }, { "M", 1000000 }, { "m", 1000000 },
	{ "G", 1000000000 }, { "g", 1000000000 }, { NULL, 0 } };

static const struct unit decimal_units[] = { { "", 1000 }, { "k", 1000000 }, { "K", 1000000 }, { "M", 1000000000 },
	{ "m", 1000000000 }, { "G", 1000000000000 }, { "g", 1000000000000 }, { NULL, 0 } };

static const struct quantity size_quantity = { "size", "B, K, M, G", size_units };
static const struct quantity time_quantity = { "duration", "h, m, s, ms, us, ns", time_units };
static const struct quantity count_quantity = { "number", "k, M, G", count_units };

static const struct quantity decimal_quantity = { "number", "k, M, G", decimal_units };

static const int64_t value_max = INT64_C(1) << 62;

/* "12.5ms" taken apart: exact, since whole and fraction stay integers. */
struct number {
	unsigned __int128 whole;
	uint64_t fraction, divisor; /* fraction/divisor, 12 decimals at most */
	bool has_point;
	const char *unit;
	size_t unit_len;
};

static const char *take_digits(const char *at, struct number *n)
{
	for (; isdigit((unsigned char)*at); at++)
		if (n->whole <= (unsigned __int128)value_max)
			n->whole = n->whole * 10 + (unsigned)(*at - '0');
	return at;
}

static const char *take_fraction(const char *at, struct number *n)
{
	for (; isdigit((unsigned char)*at); at++) {
		if (n->divisor >= 1000000000000u)
			continue;
		n->fraction = n->fraction * 10 + (unsigned)(*at - '0');
		n->divisor *= 10;
	}
	return at;
}

/* Reads one number and its unit; returns the end, or NULL if there is no number. */
static const char *take_number(const char *text, struct number *ret)
{
	struct number n = { .divisor = 1 };
	const char *at = take_digits(text, &n);

	if (at == text)
		return NULL;
	if (*at == '.') {
		const char *first = ++at;

		n.has_point = true;
		at = take_fraction(first, &n);
		if (at == first)
			return NULL;
	}
	n.unit = at;
	while (*at && !isdigit((unsigned char)*at) && *at != '.')
		at++;
	n.unit_len = (size_t)(at - n.unit);
	*ret = n;
	return at;
}

static const struct unit *find_unit(const struct unit *units, const char *name, size_t len)
{
	for (; units->name; units++)
		if (strlen(units->name) == len && !memcmp(units->name, name, len))
			return units;
	return NULL;
}

/* One "NUMBER[UNIT]" at text, added to *sum.  Returns its end, or NULL with *err set. */
static const char *add_part(const struct quantity *q, const char *whole_text, const char *text, unsigned __int128 *sum,
	const struct unit **ret_unit, struct err *err)
{
	struct number n;
	const char *end = take_number(text, &n);

	if (!end) {
		err_say(err, EINVAL, "%s \"%s\": \"%s\" is not a number", q->what, whole_text, text);
		return NULL;
	}
	const struct unit *unit = find_unit(q->units, n.unit, n.unit_len);
	if (!unit) {
		err_say(err, EINVAL, "%s \"%s\": unknown unit \"%.*s\" (%s)", q->what, whole_text, (int)n.unit_len, n.unit,
			q->accept);
		return NULL;
	}
	if (n.has_point && unit->factor == 1) {
		err_say(err, EINVAL, "%s \"%s\": must be a whole number", q->what, whole_text);
		return NULL;
	}
	*sum += n.whole * (unsigned __int128)unit->factor;
	*sum += ((unsigned __int128)n.fraction * (unsigned __int128)unit->factor + n.divisor / 2) / n.divisor;
	*ret_unit = unit;
	return end;
}

static int check_range(const struct quantity *q, const char *text, unsigned __int128 sum, struct err *err)
{
	if (sum > (unsigned __int128)value_max)
		return err_say(err, ERANGE, "%s \"%s\": too large", q->what, text);
	return 0;
}

static int parse_single(const struct quantity *q, const char *text, int64_t *ret, struct err *err)
{
	unsigned __int128 sum = 0;
	const struct unit *unit;
	const char *end = add_part(q, text, text, &sum, &unit, err);

	if (!end)
		return -EINVAL;
	if (*end)
		return err_say(err, EINVAL, "%s \"%s\": unexpected \"%s\"", q->what, text, end);
	int r = check_range(q, text, sum, err);
	if (!r)
		*ret = (int64_t)sum;
	return r;
}

int text_parse_size(const char *text, int64_t *ret_bytes, struct err *err)
{
	return parse_single(&size_quantity, text, ret_bytes, err);
}

int text_parse_count(const char *text, int64_t *ret_count, struct err *err)
{
	return parse_single(&count_quantity, text, ret_count, err);
}

int text_parse_decimal(const char *text, int64_t *ret_thousandths, struct err *err)
{
	return parse_single(&decimal_quantity, text, ret_thousandths, err);
}

/* Also "1m30s", which text_duration() writes: units from large to small, each at most once. */
int text_parse_duration(const char *text, int64_t *ret_ns, struct err *err)
{
	unsigned __int128 sum = 0;
	const struct unit *unit, *last = NULL;
	const char *at = text;

	do {
		const char *part = at;

		at = add_part(&time_quantity, text, at, &sum, &unit, err);
		if (!at)
			return -EINVAL;
		if ((last && unit->factor >= last->factor) || ((last || *at) && !*unit->name))
			return err_say(err, EINVAL, "duration \"%s\": \"%s\" cannot stand here", text, last ? part : at);
		last = unit;
	} while (*at && sum <= (unsigned __int128)value_max);
	int r = check_range(&time_quantity, text, sum, err);
	if (!r)
		*ret_ns = (int64_t)sum;
	return r;
}
