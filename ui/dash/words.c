/* Figures and names in words.  See words.h. */
#include "ui/dash/words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

const char *words_us(const struct latency_summary *l, int64_t ns, char *out, size_t size)
{
	return words_ns(l->count ? (double)ns : NAN, out, size);
}

const char *words_time(double ns, bool in_ms, char *out, size_t size)
{
	double time = ns / (in_ms ? 1e6 : 1e3);
	/* Beside long ones there may be some of a few microseconds. */
	int most = in_ms && time < 0.9995 ? 3 : 2;

	if (isnan(ns) || ns < 0)
		snprintf(out, size, "--");
	else if (time < 99999.5)
		snprintf(out, size, "%.*f", time < 9.995 ? most : time < 99.95 ? 1 : 0, time);
	else
		text_human(time, out, size);
	return out;
}

const char *words_ns(double ns, char *out, size_t size)
{
	return words_time(ns, false, out, size);
}

const char *words_bytes(double bytes, char *out, size_t size)
{
	static const char suffix[] = "KMGTPE";
	int step = -1;

	if (isnan(bytes) || bytes < 999.5)
		return text_human(bytes, out, size);
	if (bytes < 1024) {
		snprintf(out, size, "%.0f", bytes);
		return out;
	}
	for (; bytes >= 1024 && step + 2 < (int)sizeof(suffix); step++)
		bytes /= 1024;
	snprintf(out, size, "%.*f%c",
		bytes == trunc(bytes) ? 0
		: bytes < 9.995       ? 2
		: bytes < 999.95      ? 1
				      : 0,
		bytes, suffix[step]);
	return out;
}

const char *words_figure(const char *unit, double value, char *out, size_t size)
{
	if (!strcmp(unit, "ns"))
		return words_ns(value, out, size);
	if (!strcmp(unit, "bytes"))
		return words_bytes(value, out, size);
	return text_human(strcmp(unit, "Mbit/s") ? value : 1e6 * value, out, size);
}

const char *words_unit(const char *unit)
{
	return !strcmp(unit, "ns") || !strcmp(unit, "us") ? "µs" : strcmp(unit, "Mbit/s") ? unit : "bit/s";
}

const char *words_us_unit(const char *text)
{
	return strcmp(text, "--") ? "µs" : "";
}

bool words_share_is_percent(uint64_t all, uint64_t sent)
{
	return (double)all >= 0.01 * (double)sent;
}

const char *words_share(uint64_t lost, uint64_t all, uint64_t sent, char *out, size_t size)
{
	double ppm = sent ? (double)lost / (double)sent * 1e6 : NAN;

	if (!lost)
		snprintf(out, size, "0");
	else if (isnan(ppm))
		snprintf(out, size, "--");
	else if (!words_share_is_percent(all, sent))
		snprintf(out, size, ppm < 1000 ? "%.1f ppm" : "%.0f ppm", ppm);
	else if (ppm < 50)
		snprintf(out, size, "<0.01 %%");
	else
		snprintf(out, size, ppm < 9.995e4 ? "%.2f %%" : "%.1f %%", ppm / 1e4);
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
