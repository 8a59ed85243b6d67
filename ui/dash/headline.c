/* The rate that a mode is about.  See headline.h. */
#include "ui/dash/headline.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

bool headline_is_bits(const struct engine *e)
{
	return e && e->headline_bytes;
}

const char *headline_packet_rate(const struct engine *e)
{
	return e && e->packet_rate ? e->packet_rate : "pps";
}

bool headline_is_sent(const struct run_info *info, unsigned role)
{
	return role & info->tx_roles && !(role & info->rx_roles);
}

bool headline_is_one_way(const struct run_info *info)
{
	return info && info->tx_roles && info->rx_roles && !(info->tx_roles & info->rx_roles);
}

double headline_rate(const struct run_info *info, const struct rates *r, unsigned role)
{
	bool sent = headline_is_sent(info, role);

	if (headline_is_bits(info->engine))
		return 1e6 * (sent ? r->tx_mbps : r->rx_mbps);
	return sent ? r->tx_pps : r->rx_pps;
}

struct headline_scale headline_scale_of(const struct engine *e, bool bits, double max)
{
	static const struct {
		double scale;
		const char *prefix;
	} steps[] = { { 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" }, { 1, "" } };
	/* Packets stop at millions, and bits do not. */
	unsigned step = bits ? 0 : 1;
	struct headline_scale s;

	while (steps[step].scale > 1 && max < steps[step].scale)
		step++;
	s.scale = steps[step].scale;
	snprintf(s.unit, sizeof(s.unit), "%s%s", steps[step].prefix, bits ? "bit/s" : headline_packet_rate(e));
	return s;
}

struct headline_scale headline_scale(const struct engine *e, double max)
{
	return headline_scale_of(e, headline_is_bits(e), max);
}

char *headline_text(const struct engine *e, double rate, char *out, size_t size)
{
	char number[32];
	size_t digits;

	text_human(rate, number, sizeof(number));
	digits = strlen(number);
	if (!headline_is_bits(e))
		snprintf(out, size, "%s %s", number, headline_packet_rate(e));
	else if (digits && isalpha((unsigned char)number[digits - 1]))
		snprintf(out, size, "%.*s %cbit/s", (int)digits - 1, number, number[digits - 1]);
	else
		snprintf(out, size, "%s bit/s", number);
	return out;
}
