/* Numbers as people read them.  See text.h. */
#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* ---- rounded ---- */

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

char *text_four(double value, char *out, size_t size)
{
	static const struct {
		double from, one; /* from: what would else be rounded to five digits */
		char suffix;
	} steps[] = { { 999.95e9, 1e12, 'T' }, { 999.95e6, 1e9, 'G' }, { 999.95e3, 1e6, 'M' }, { 9999.5, 1e3, 'k' } };

	if (isnan(value)) {
		snprintf(out, size, "--");
		return out;
	}
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (fabs(value) >= steps[i].from) {
			snprintf(out, size, "%#.4g%c", value / steps[i].one, steps[i].suffix);
			return out;
		}
	snprintf(out, size, "%.4g", value);
	return out;
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

/* ---- exact ---- */

char *text_size(int64_t bytes, char *out, size_t size)
{
	static const struct {
		const char *name;
		int64_t factor;
	} units[] = { { "G", 1 << 30 }, { "M", 1 << 20 }, { "K", 1 << 10 } };

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

char *text_grouped(uint64_t n, char *out, size_t size)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, n);
	size_t used = 0;

	for (int i = 0; i < length && used + 2 < size; i++) {
		if (i && (length - i) % 3 == 0)
			out[used++] = ' ';
		out[used++] = digits[i];
	}
	out[used] = '\0';
	return out;
}

/* ---- time that has gone, and time to come ---- */

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

char *text_eta(double seconds, char *out, size_t size)
{
	return text_clock((int64_t)(fmin(seconds, 1e9) * NS_PER_S), out, size);
}

char *text_about(double seconds, char *out, size_t size)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = { { "years", 365.25 * 86400 }, { "days", 86400 }, { "hours", 3600 }, { "minutes", 60 }, { "seconds", 1 } };
	size_t i = 0;

	while (i + 1 < sizeof(units) / sizeof(units[0]) && seconds < 2 * units[i].seconds)
		i++;
	if (seconds < 1)
		snprintf(out, size, "less than a second");
	else if (seconds < 1.5)
		snprintf(out, size, "about a second");
	else
		snprintf(out, size, "about %.0f %s", seconds / units[i].seconds, units[i].name);
	return out;
}
