/* The report as JSON.  See doctor.h. */
#include <math.h>

#include "doctor/doctor.h"
#include "results/json_parts.h"

enum { SCHEMA = 1, DIGITS = 4 };

static json_t *json_of_finding(const struct doctor_finding *f)
{
	struct json_maker m = json_make();

	json_put(&m, "id", json_string(f->id));
	json_put(&m, "title", json_string(f->title));
	json_put(&m, "severity", json_string(doctor_severity_names[f->severity]));
	json_put(&m, "what", json_of_text(f->what));
	json_put(&m, "why", json_string(f->why));
	json_put(&m, "mend", json_of_text_or_null(f->mend));
	json_put(&m, "undo", json_of_text_or_null(f->undo));
	return json_made(&m);
}

static json_t *json_of_trial(const struct doctor_trial *t)
{
	struct json_maker m = json_make();

	json_put(&m, "id", json_string(t->id));
	json_put(&m, "mode", json_string(t->mode));
	json_put(&m, "a", json_of_text(t->a));
	json_put(&m, "b", json_of_text(t->b));
	json_put(&m, "skipped", json_of_text_or_null(t->skipped));
	json_put(&m, "figure", json_of_text_or_null(t->figure));
	json_put(&m, "unit", json_of_text_or_null(t->unit));
	json_put(&m, "rounds", json_of_count(t->rounds));
	json_put(&m, "a_median", json_of_real(t->a_median, DIGITS));
	json_put(&m, "b_median", json_of_real(t->b_median, DIGITS));
	json_put(&m, "gain_percent", json_of_real(100 * t->gain, DIGITS));
	json_put(&m, "low", json_of_real(100 * t->low, DIGITS));
	json_put(&m, "high", json_of_real(100 * t->high, DIGITS));
	return json_made(&m);
}

static json_t *json_of_trials(const struct doctor_trial *trial, unsigned trials)
{
	json_t *array = trial ? json_array() : json_null();
	bool failed = false;

	for (unsigned i = 0; trial && i < trials; i++)
		json_append(array, json_of_trial(&trial[i]), &failed);
	return trial ? json_array_made(array, failed) : array;
}

json_t *json_of_doctor(
	const struct doctor_facts *facts, const struct doctor_report *report, const struct doctor_trial *trial, unsigned trials)
{
	struct json_maker m = json_make();
	json_t *checks = json_array();
	bool failed = false;

	for (unsigned i = 0; i < report->count; i++)
		json_append(checks, json_of_finding(&report->finding[i]), &failed);
	json_put(&m, "netdyno", json_of_head(SCHEMA));
	json_put(&m, "host", json_of_host(&facts->host));
	json_put(&m, "interface", json_of_text(facts->interface));
	json_put(&m, "checks", json_array_made(checks, failed));
	json_put(&m, "measured", json_of_trials(trial, trials));
	return json_made(&m);
}
