/* Figures and names in words.  See words.h. */
#include "ui/dash/words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

const char *words_us(const struct latency_summary *l, int64_t ns, char *out, size_t size)
{
	size_t length;

	text_us(l->count ? ns : -1, out, size);
	length = strlen(out);
	if (length && out[length - 1] == 'm' && length + 1 < size)
		memcpy(out + length, "s", 2);
	return out;
}

const char *words_ns(double ns, char *out, size_t size)
{
	struct latency_summary one = { .count = !isnan(ns) };

	return words_us(&one, one.count ? (int64_t)ns : 0, out, size);
}

const char *words_figure(const char *unit, double value, char *out, size_t size)
{
	return !strcmp(unit, "ns") ? words_ns(value, out, size) : text_human(value, out, size);
}

const char *words_us_unit(const char *text)
{
	size_t length = strlen(text);

	return !length || text[length - 1] == 's' || text[length - 1] == '-' ? "" : "µs";
}

const char *words_share(uint64_t lost, uint64_t sent, char *out, size_t size)
{
	double ppm = sent ? (double)lost / (double)sent * 1e6 : NAN;

	if (!lost)
		snprintf(out, size, "0");
	else if (isnan(ppm))
		snprintf(out, size, "--");
	else if (ppm >= 1e4)
		snprintf(out, size, ppm < 9.995e4 ? "%.2f %%" : "%.1f %%", ppm / 1e4);
	else
		snprintf(out, size, ppm < 1000 ? "%.1f ppm" : "%.0f ppm", ppm);
	return out;
}

const char *words_mode(const struct engine *e, char *out, size_t size)
{
	if (strstr(e->title, e->name))
		snprintf(out, size, "%s", e->title);
	else
		snprintf(out, size, "%s (%s)", e->name, e->title);
	return out;
}
