/* Stamped packets of a run in a record.  See snapshot/reader.h. */
#include "snapshot/reader.h"

#include <errno.h>
#include <stdlib.h>

/* A stage that this version does not have is left out. */
static int read_stage(const struct reader *r, const json_t *from, const char *where, struct stage_summary *s, unsigned stage)
{
	static const struct member a_time = { .name = "share_ns", .type = MEMBER_I64, .max = INT64_MAX / 4 };
	int rc = read_array(r, from, where, "a stage", 1 + STAGE_POINTS, 1 + STAGE_POINTS);

	if (!rc)
		rc = read_latency(r, json_array_get(from, 0), where, &s->stage[stage]);
	for (unsigned p = 0; !rc && p < STAGE_POINTS; p++)
		rc = read_member(r, json_array_get(from, 1 + p), where, &a_time, &s->share_ns[p][stage]);
	return rc;
}

static int read_all_stages(
	const struct reader *r, const json_t *from, const char *where, const struct engine *e, struct stage_summary *s)
{
	int rc = read_members(r, from, where, stages_members, s);

	if (!rc)
		rc = read_latency(r, json_object_get(from, "whole"), where, &s->whole);
	for (unsigned i = 0; !rc && i < engine_stages(e); i++) {
		const json_t *stage = json_object_get(json_object_get(from, "stages"), e->stages[i].name);

		rc = stage ? read_stage(r, stage, where, s, i) : 0;
	}
	return rc;
}

int read_stages(
	const struct reader *r, const json_t *run, const char *where, const struct engine *e, struct stage_summary **ret_stages)
{
	const json_t *from = json_object_get(run, "stages");
	struct stage_summary *s;
	int rc;

	if (!from || json_is_null(from) || !e->stages)
		return 0;
	s = calloc(1, sizeof(*s));
	rc = s ? read_all_stages(r, from, where, e, s) : err_sys(r->err, ENOMEM, "%s", r->file);
	if (rc)
		free(s);
	else
		*ret_stages = s;
	return rc;
}
