/* See run/stages_reader.h. */
#include "run/stages_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static const int64_t stages_every_ns = NS_PER_S;

int stages_reader_init(struct stages_reader *r, const struct worker *worker, unsigned workers, struct err *err)
{
	*r = (struct stages_reader){ .record = calloc(workers, sizeof(*r->record)) };
	if (!r->record)
		return err_sys(err, ENOMEM, "prepare to read stages");
	for (unsigned i = 0; i < workers; i++)
		if (worker[i].stages)
			r->record[r->records++] = worker[i].stages;
	if (!r->records)
		return 0;
	r->now = calloc(1, sizeof(*r->now));
	r->before = calloc(1, sizeof(*r->before));
	r->since = calloc(1, sizeof(*r->since));
	return r->now && r->before && r->since ? 0 : err_sys(err, ENOMEM, "prepare to read stages");
}

void stages_reader_close(struct stages_reader *r)
{
	free(r->record);
	free(r->now);
	free(r->before);
	free(r->since);
	*r = (struct stages_reader){ 0 };
}

bool stages_reader_due(const struct stages_reader *r, int64_t now_ns)
{
	/* Half a tick early is on time: ticks are not exact. */
	return r->records && (!r->before_ns || now_ns - r->before_ns >= stages_every_ns * 95 / 100);
}

static void stages_reader_copy(struct stages_reader *r)
{
	memset(r->now, 0, sizeof(*r->now));
	for (unsigned i = 0; i < r->records; i++)
		stage_tally_add(r->now, r->record[i]);
}

struct stage_summary *stages_reader_read(struct stages_reader *r, int64_t now_ns)
{
	struct stage_summary *s = r->records ? malloc(sizeof(*s)) : NULL;
	struct stage_tally *older = r->before;

	if (!s)
		return NULL;
	stages_reader_copy(r);
	*r->since = *r->now;
	stage_tally_summarise(r->since, older, s);
	r->before = r->now;
	r->now = older;
	s->at_ns = now_ns;
	r->before_ns = now_ns;
	return s;
}

struct stage_summary *stages_reader_final(struct stages_reader *r, int64_t now_ns)
{
	struct stage_summary *s = r->records ? malloc(sizeof(*s)) : NULL;

	if (!s)
		return NULL;
	stages_reader_copy(r);
	stage_tally_summarise(r->now, NULL, s);
	s->at_ns = now_ns;
	return s;
}
