/* Reading and writing numbers for people, and making foreign bytes harmless: see text.h. */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* ---- numbers with a unit ---- */

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

static const struct quantity size_quantity = { "size", "B, K, M, G", size_units };
static const struct quantity time_quantity = { "duration", "h, m, s, ms, us, ns", time_units };
static const struct quantity count_quantity = { "number", "k, M, G", count_units };

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

/* Reads one number and its unit; returns the end, or NULL where no number stands there. */
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
		return err_say(err, EINVAL, "%s \"%s\": \"%s\" is too much", q->what, text, end);
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
			return err_say(err, EINVAL, "duration \"%s\": \"%s\" does not follow", text, last ? part : at);
		last = unit;
	} while (*at && sum <= (unsigned __int128)value_max);
	int r = check_range(&time_quantity, text, sum, err);
	if (!r)
		*ret_ns = (int64_t)sum;
	return r;
}

/* ---- numbers for people ---- */

/* Decimals that a number below 1000 is shown with. */
static int decimals_of(double magnitude)
{
	if (magnitude < 9.995)
		return 2;
	return 1;
}

static void human_plain(double value, char *out, size_t size)
{
	double magnitude = fabs(value);

	if (value == trunc(value))
		snprintf(out, size, "%.0f", value + 0.0);
	else
		snprintf(out, size, "%.*f", magnitude < 0.0995 ? 3 : decimals_of(magnitude), value);
}

char *text_human(double value, char *out, size_t size)
{
	static const char suffix[] = "kMGTPE";
	double magnitude = fabs(value), scale = 1;
	int step = -1;

	if (isnan(value))
		snprintf(out, size, "--");
	else if (magnitude < 999.95 || magnitude == 999)
		human_plain(value == 0 ? 0 : value, out, size);
	else if (magnitude >= 999.95e18)
		snprintf(out, size, isinf(value) ? "%sinf" : "%s>999E", value < 0 ? "-" : "");
	else {
		/* 999.95 would be shown as 1000.0: it belongs to the next step. */
		while (magnitude / scale >= 999.95) {
			scale *= 1000;
			step++;
		}
		int decimals = decimals_of(magnitude / scale);
		if (value < 0 && magnitude / scale >= 99.95)
			decimals = 0;
		snprintf(out, size, "%.*f%c", decimals, value / scale, suffix[step]);
	}
	return out;
}

char *text_us(int64_t ns, char *out, size_t size)
{
	static const struct {
		double below, per;
		int decimals;
		const char *suffix;
	} form[] = {
		{ 9.995e3, 1e3, 2, "" },
		{ 99.95e3, 1e3, 1, "" },
		{ 999.5e3, 1e3, 0, "" },
		{ 99.95e6, 1e6, 1, "m" },
		{ 999.5e6, 1e6, 0, "m" },
		{ 99.95e9, 1e9, 1, "s" },
		{ 9999.5e9, 1e9, 0, "s" },
		{ 99999.5 * 3.6e12, 3.6e12, 0, "h" },
	};
	double value = (double)ns;

	if (ns < 0) {
		snprintf(out, size, "--");
		return out;
	}
	for (size_t i = 0; i < sizeof(form) / sizeof(*form); i++)
		if (value < form[i].below) {
			snprintf(out, size, "%.*f%s", form[i].decimals, value / form[i].per, form[i].suffix);
			return out;
		}
	snprintf(out, size, ">9999h");
	return out;
}

/* ---- sizes and durations, exact ---- */

char *text_size(int64_t bytes, char *out, size_t size)
{
	static const struct unit units[] = { { "G", KIB * KIB * KIB }, { "M", KIB * KIB }, { "K", KIB } };

	if (bytes < 0) {
		snprintf(out, size, "--");
		return out;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		int64_t whole = bytes / units[i].factor, tenths = bytes % units[i].factor * 10;

		if (!whole || tenths % units[i].factor)
			continue;
		if (tenths)
			snprintf(out, size, "%" PRId64 ".%" PRId64 "%s", whole, tenths / units[i].factor, units[i].name);
		else
			snprintf(out, size, "%" PRId64 "%s", whole, units[i].name);
		return out;
	}
	snprintf(out, size, "%" PRId64 "B", bytes);
	return out;
}

/* value/per with as many decimals as it needs, and the unit. */
static void format_exact(uint64_t value, uint64_t per, const char *unit, char *out, size_t size)
{
	char decimals[32] = "";
	unsigned digits = 0;

	for (uint64_t p = per; p > 1; p /= 10)
		digits++;
	if (value % per) {
		snprintf(decimals, sizeof(decimals), ".%0*" PRIu64, (int)(digits % 10), value % per);
		for (size_t n = strlen(decimals); decimals[n - 1] == '0'; n--)
			decimals[n - 1] = '\0';
	}
	snprintf(out, size, "%" PRIu64 "%s%s", value / per, decimals, unit);
}

char *text_duration(int64_t ns, char *out, size_t size)
{
	uint64_t left = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns, minutes = left / (UINT64_C(60) * NS_PER_S);
	char seconds[40] = "", head[48] = "";

	if (left && left < NS_PER_US)
		format_exact(left, 1, "ns", seconds, sizeof(seconds));
	else if (left && left < NS_PER_MS)
		format_exact(left, NS_PER_US, "us", seconds, sizeof(seconds));
	else if (left && left < NS_PER_S)
		format_exact(left, NS_PER_MS, "ms", seconds, sizeof(seconds));
	else if (!minutes || left % (UINT64_C(60) * NS_PER_S))
		format_exact(left % (UINT64_C(60) * NS_PER_S), NS_PER_S, "s", seconds, sizeof(seconds));
	if (minutes >= 60 && minutes % 60)
		snprintf(head, sizeof(head), "%" PRIu64 "h%" PRIu64 "m", minutes / 60, minutes % 60);
	else if (minutes)
		snprintf(head, sizeof(head), minutes >= 60 ? "%" PRIu64 "h" : "%" PRIu64 "m",
			minutes >= 60 ? minutes / 60 : minutes);
	snprintf(out, size, "%s%s%s", ns < 0 ? "-" : "", head, seconds);
	return out;
}

char *text_clock(int64_t ns, char *out, size_t size)
{
	int64_t s = ns / NS_PER_S;

	if (ns < 0)
		snprintf(out, size, "--:--");
	else if (s < 3600)
		snprintf(out, size, "%02d:%02d", (int)(s / 60), (int)(s % 60));
	else
		snprintf(out, size, "%" PRId64 ":%02d:%02d", s / 3600, (int)(s / 60 % 60), (int)(s % 60));
	return out;
}

/* ---- foreign bytes ---- */

/* Length of the valid UTF-8 sequence at s (RFC 3629: no overlong forms, no surrogates), and its
 * code point; 0 where there is none. */
static size_t utf8_length(const unsigned char *s, size_t len, uint32_t *ret_code)
{
	static const uint32_t lowest[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
	uint32_t code = n > 1 ? s[0] & (0x7fu >> n) : s[0];

	if (!n || n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < lowest[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	*ret_code = code;
	return n;
}

/* Control characters, line separators, byte order mark, and what changes the direction of the
 * text round it. */
static bool harmful(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

char *text_escape(const void *bytes, size_t len, char *out, size_t size)
{
	const unsigned char *s = bytes;
	size_t used = 0;

	if (!size)
		return out;
	while (len) {
		uint32_t code = 0;
		size_t n = utf8_length(s, len, &code);
		bool clean = n && !harmful(code);
		size_t take = n ? n : 1, need = clean ? take : 4 * take;

		if (used + need >= size)
			break;
		if (clean)
			memcpy(out + used, s, take);
		for (size_t i = 0; !clean && i < take; i++)
			snprintf(out + used + 4 * i, 5, "\\x%02x", s[i]);
		used += need;
		s += take;
		len -= take;
	}
	out[used] = '\0';
	return out;
}

/* ---- the nearest word ---- */

enum { WORD_MAX = 48 };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours cost 1;
 * case costs nothing. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned d[WORD_MAX + 1][WORD_MAX + 1];

	for (size_t i = 0; i <= a_len; i++)
		d[i][0] = (unsigned)i;
	for (size_t j = 0; j <= b_len; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++)
		for (size_t j = 1; j <= b_len; j++) {
			int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);

			d[i][j] = least(d[i - 1][j - 1] + (x != y), least(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) && y == tolower((unsigned char)a[i - 2]))
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[a_len][b_len];
}

const char *text_nearest(const char *word, const char *const *names, size_t count)
{
	size_t len = strlen(word);
	unsigned best = 2 + (unsigned)(len / 3);
	const char *nearest = NULL;

	for (size_t i = 0; i < count && len <= WORD_MAX; i++) {
		size_t name_len = strlen(names[i]);
		unsigned edits = name_len <= WORD_MAX ? distance(word, len, names[i], name_len) : best;

		if (edits < best) {
			best = edits;
			nearest = names[i];
		}
	}
	return nearest;
}
