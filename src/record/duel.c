/* The duel.  See duel.h. */
#include "record/duel.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "base/text.h"

/* It ends when the headline's interval is no wider than this, up and down. */
static const double narrow_enough = 0.01;

void duel_say(struct duel *d, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(d->said, sizeof(d->said), fmt, args);
	va_end(args);
	d->news++;
}

void duel_begin(struct duel *d, const struct duel *from, uint64_t seed)
{
	struct duel begun = { .phase = DUEL_GOING, .same = from->same, .metrics = from->metrics, .seed = seed, .news = d->news };

	memcpy(begun.side, from->side, sizeof(begun.side));
	memcpy(begun.metric, from->metric, sizeof(begun.metric));
	for (unsigned side = 0; side < DUEL_SIDES; side++)
		for (unsigned i = 0; i < DUEL_METRICS; i++)
			for (unsigned round = 0; round < DUEL_ROUNDS; round++)
				begun.value[side][i][round] = NAN;
	for (unsigned i = 0; i < DUEL_METRICS; i++)
		begun.of[i] = (struct compared){ .a = NAN, .b = NAN, .p = 1 };
	*d = begun;
}

enum duel_side_index duel_side(const struct duel *d)
{
	uint64_t first = rng_mix(d->seed + rng_mix(d->round)) & 1;

	return (first + d->ended) & 1 ? DUEL_B : DUEL_A;
}

size_t duel_pairs(const struct duel *d)
{
	return d->of[0].evidence.a < d->of[0].evidence.b ? d->of[0].evidence.a : d->of[0].evidence.b;
}

static void duel_end(struct duel *d, const char *why)
{
	d->phase = DUEL_OVER;
	duel_say(d, "the duel is over after %u round%s: %s", d->looks, d->looks == 1 ? "" : "s", why);
}

void duel_stop(struct duel *d, const char *why)
{
	if (d->phase == DUEL_GOING)
		duel_end(d, why);
}

/* ---- looks ---- */

static void look_at_headline(struct duel *d)
{
	const struct evidence *e = &d->of[0].evidence;

	d->look[d->looks - 1] = (struct duel_look){ .middle = e->known && e->relative ? e->middle : NAN,
		.low = e->bounded && e->relative && d->level > 0 ? e->low : NAN,
		.high = e->bounded && e->relative && d->level > 0 ? e->high : NAN };
}

/* Before the first look that could say anything, differences stand without an interval. */
static void duel_look(struct duel *d)
{
	bool wanted[DUEL_METRICS];

	d->looks = d->round;
	d->level = compared_level_of_look(d->looks, DUEL_ROUNDS);
	double level = d->level > 0 ? d->level : compared_level_of_look(DUEL_ROUNDS, DUEL_ROUNDS);

	for (unsigned i = 0; i < d->metrics; i++) {
		compared_of_pairs(d->value[DUEL_A][i], d->value[DUEL_B][i], d->looks, level, &d->of[i]);
		wanted[i] = true;
	}
	d->tests = compared_mark_all(d->of, wanted, d->metrics, true, level, &d->least);
	look_at_headline(d);
}

static bool is_narrow(const struct duel *d)
{
	const struct duel_look *l = &d->look[d->looks - 1];

	return d->of[0].mark > COMPARED_TOO_FEW && (l->high - l->low) / 2 <= narrow_enough;
}

static void end_round(struct duel *d)
{
	char why[DUEL_TEXT_BYTES];

	if (d->round)
		duel_look(d);
	for (unsigned side = 0; side < DUEL_SIDES && d->phase == DUEL_GOING; side++)
		if (d->barren[side] == DUEL_BARREN) {
			snprintf(why, sizeof(why), "%c has had no valid run in %u rounds: %s", side ? 'B' : 'A',
				(unsigned)DUEL_BARREN, d->invalid);
			duel_end(d, why);
		}
	if (d->phase != DUEL_GOING)
		return;
	if (d->looks && is_narrow(d))
		duel_end(d, "the interval is within 1 %");
	else if (d->looks == DUEL_ROUNDS)
		duel_end(d, "that was the last one");
	else
		d->round++;
}

/* ---- runs ---- */

static void end_run(struct duel *d)
{
	d->attempts = 0;
	if (++d->ended < DUEL_SIDES)
		return;
	d->ended = 0;
	end_round(d);
}

void duel_take(struct duel *d, const double *value)
{
	enum duel_side_index side = duel_side(d);

	if (d->phase != DUEL_GOING)
		return;
	for (unsigned i = 0; i < d->metrics && d->round; i++)
		d->value[side][i][d->round - 1] = value[i];
	d->valid[side] += d->round > 0;
	d->barren[side] = 0;
	end_run(d);
}

void duel_refuse(struct duel *d, const char *why)
{
	if (d->phase != DUEL_GOING)
		return;
	snprintf(d->invalid, sizeof(d->invalid), "%s", why);
	if (d->attempts < DUEL_RETRIES) {
		d->attempts++;
		d->repeated++;
		return;
	}
	d->barren[duel_side(d)]++;
	end_run(d);
}

/* ---- words ---- */

static char *too_few_words(const struct duel *d, char out[DUEL_WORDS_BYTES])
{
	size_t pairs = duel_pairs(d);

	if (!d->looks)
		return text_add(out, DUEL_WORDS_BYTES, "no round that counts is over");
	if (!pairs)
		return text_add(out, DUEL_WORDS_BYTES, "no round has a valid run of each");
	return text_add(out, DUEL_WORDS_BYTES, "not enough rounds to tell: %zu, and %zu are the least", pairs, d->least);
}

/* The scatter says how many rounds it takes; fewer than there are is no news. */
static void add_wanted(const struct duel *d, char out[DUEL_WORDS_BYTES])
{
	const struct compared *of = &d->of[0];

	if (of->mark == COMPARED_SAME && of->rounds_wanted > duel_pairs(d))
		text_add(out, DUEL_WORDS_BYTES, "; it would take about %zu rounds to show a difference of 5 %% in %s",
			of->rounds_wanted, d->metric[0].title);
}

char *duel_words(const struct duel *d, char out[DUEL_WORDS_BYTES])
{
	char words[COMPARED_WORDS_BYTES];
	bool any = false;

	snprintf(out, DUEL_WORDS_BYTES, "B against A: ");
	for (unsigned i = 0; i < d->metrics; i++) {
		bool again = i == 1 && compared_alike(&d->of[0], &d->of[1]);

		if (d->of[i].mark < COMPARED_SAME || again)
			continue;
		text_add(out, DUEL_WORDS_BYTES, "%s%s", any ? "; " : "",
			compared_words(&d->of[i], d->metric[i].title, d->tests, words));
		any = true;
	}
	if (!any)
		return too_few_words(d, out);
	add_wanted(d, out);
	return out;
}
