/* Who was the limit?  The part without which the run would have done more, with the evidence for
 * it: busy time, run delay, steal, softirq, lateness, packets a wait.  A finding, not a proof: it
 * says where to look first.  Pure; any thread. */
#pragma once

#include "record/reading.h"

enum limit_who {
	LIMIT_UNKNOWN,
	LIMIT_STOLEN,  /* the hypervisor took the CPUs */
	LIMIT_QUOTA,   /* the control group's cpu.max stopped the process */
	LIMIT_OTHERS,  /* workers were ready, and other threads had their CPUs */
	LIMIT_SHARED,  /* ... and other workers had them */
	LIMIT_SOFTIRQ, /* the kernel's packet work */
	LIMIT_SERVER,  /* its busiest worker had no time left */
	LIMIT_CLIENT,
	LIMIT_BOTH,
	LIMIT_RATE,      /* nobody: what was asked for was done */
	LIMIT_WAKE_UPS,  /* both ends slept, and waited for each other */
	LIMIT_ELSEWHERE, /* the end that is here had time left; the other one is not here */
	LIMITS,
};

struct limit {
	enum limit_who who;
	/* "the server: server busy 99 %, client busy 62 %; the server takes 31.4 packets a
	 * wake-up"; "" unknown */
	char text[200];
};

/* What results call it: "server", "wake_ups"; NULL: unknown. */
const char *limit_name(enum limit_who who);
/* The way back; name NULL, or none of them: LIMIT_UNKNOWN. */
enum limit_who limit_of_name(const char *name);
/* In words, with the ends as the mode calls them: "the writer", "a CPU quota"; "" unknown.  Returns
 * out. */
char *limit_words(enum limit_who who, const struct engine *engine, char *out, size_t size);
/* Of a final, or of two samples of the measure phase. */
void limit_of(const struct reading *r, struct limit *ret_limit);
