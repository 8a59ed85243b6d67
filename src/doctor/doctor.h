/* What on this host limits or falsifies results: the judgement of doctor_facts, and the commands
 * that mend and undo.  Pure, but for json_of_doctor(), which allocates; any thread. */
#pragma once

#include <jansson.h>

#include "doctor/facts.h"

enum doctor_severity {
	DOCTOR_OK,
	DOCTOR_NOT_KNOWN, /* it cannot be read here; `what` says why */
	DOCTOR_NOTE,      /* to know when numbers are compared with others */
	DOCTOR_LIMITS,    /* numbers are lower than they could be, or a feature is missing */
	DOCTOR_FALSIFIES, /* numbers that say something else than they seem to */
	DOCTOR_SEVERITIES,
};
extern const char *const doctor_severity_names[DOCTOR_SEVERITIES]; /* "ok", "not known" */

enum { DOCTOR_COMMAND_BYTES = 2048, DOCTOR_WHAT_BYTES = 320 };

struct doctor_finding {
	const char *id;    /* "rmem_max" */
	const char *title; /* "largest receive buffer" */
	enum doctor_severity severity;
	char what[DOCTOR_WHAT_BYTES]; /* how it stands */
	const char *why;              /* it matters */
	/* For a shell (bash), with the rights it needs; "": there is none.  `undo` brings back the
	 * present value.  Both or none, but for what no command takes back. */
	char mend[DOCTOR_COMMAND_BYTES], undo[DOCTOR_COMMAND_BYTES];
};

enum { DOCTOR_FINDINGS_MAX = 64 };

struct doctor_report {
	unsigned count; /* every check, those that are in order too: the worst first */
	struct doctor_finding finding[DOCTOR_FINDINGS_MAX];
	unsigned of[DOCTOR_SEVERITIES]; /* how many there are of each */
};

void doctor_judge(const struct doctor_facts *facts, struct doctor_report *ret_report);

/* CPUs for server and client so that no core and, where one node has cores enough, no NUMA node is
 * between them: the cores of the interface's node, or of the first.  false: there are not two
 * cores, or the machine does not tell. */
bool doctor_place(const struct doctor_facts *facts, struct cpu_list *ret_server, struct cpu_list *ret_client);
/* Do the default places of server and client share a core? */
bool doctor_shares_core(const struct doctor_facts *facts);
/* Is that word in a list with blanks between? */
bool doctor_has_word(const char *list, const char *word);

/* A setting that was tried without any privilege, A as it is and B mended, round by round. */
struct doctor_trial {
	const char *id;   /* of the finding that it belongs to */
	const char *mode; /* "stream" */
	char a[200], b[200];
	char skipped[160];         /* why it was not tried; "": it was */
	char figure[64], unit[24]; /* "throughput", "Mbit/s" */
	unsigned rounds;           /* in which both sides have a valid run */
	double a_median, b_median;
	/* (B - A) / A and its 95 % interval, as base/stats/evidence.h has it; NAN: not known */
	double gain, low, high;
};

/* The whole as docs/doctor.schema.json describes it; trials NULL: none were asked for.  NULL when
 * out of memory. */
json_t *json_of_doctor(
	const struct doctor_facts *facts, const struct doctor_report *report, const struct doctor_trial *trial, unsigned trials);
