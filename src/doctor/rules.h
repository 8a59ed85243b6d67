/* The checks, a row each.  Internal to src/doctor. */
#pragma once

#include "doctor/doctor.h"

struct doctor_rule {
	const char *id, *title, *why;
	/* Fills severity and what, and mend and undo where there are commands; all are empty, and
	 * the severity is DOCTOR_OK, before. */
	void (*look)(const struct doctor_facts *facts, struct doctor_finding *finding);
};

/* ended by id == NULL */
extern const struct doctor_rule doctor_rules_cpu[], doctor_rules_now[], doctor_rules_net[], doctor_rules_kernel[];

void doctor_say(struct doctor_finding *f, enum doctor_severity severity, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "sysctl -w NAME=VALUE", and with the present value. */
void doctor_sysctl(struct doctor_finding *f, const char *name, int64_t value, int64_t present);
