/* The rate that a mode is about: packets, or bits where it moves bulk (engine->headline_bytes).
 * Pure. */
#pragma once

#include "record/rates.h"

struct headline_scale {
	double scale;
	char unit[16]; /* "Mpps", "kmsg/s", "Gbit/s" */
};

bool headline_is_bits(const struct engine *e);            /* e may be NULL */
const char *headline_packet_rate(const struct engine *e); /* "pps", "msg/s" */
/* Does this side only send?  Then what it sends is its rate; everybody else's is what he
 * receives. */
bool headline_is_sent(const struct run_info *info, unsigned role);
/* Does each side only send or only receive?  info may be NULL. */
bool headline_is_one_way(const struct run_info *info);
/* Packets/s or payload bits/s of a worker, or of a side, of this role. */
double headline_rate(const struct run_info *info, const struct rates *r, unsigned role);
/* The magnitude in which a chart up to `max` is read; e may be NULL. */
struct headline_scale headline_scale(const struct engine *e, double max);
/* The same of bits/s, or of packets/s, whichever of them the mode is about. */
struct headline_scale headline_scale_of(const struct engine *e, bool bits, double max);
/* "1.28k pps", "11.7 Gbit/s", "-- pps". */
char *headline_text(const struct engine *e, double rate, char *out, size_t size);
