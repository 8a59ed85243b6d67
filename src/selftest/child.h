/* A run of this very program as a child process, and the result that it writes.  One thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct child {
	pid_t pid;     /* 0: none, or it has ended */
	int out, told; /* its standard output and standard error: files without a name */
	int status;    /* of its end, as waitpid(2) has it */
	json_t *result;
};

/* Starts `netdyno run WORDS --json -`; the words are separated by blanks.  The kernel ends it with
 * the calling process.  0 or -errno; child_end() in either case. */
int child_start(struct child *c, const char *words, struct err *err);
/* Has it ended?  Then its status is known. */
bool child_has_ended(struct child *c);
/* How many bytes it has printed, and do these words stand behind so many of them?  Only what it
 * printed last is looked at. */
int64_t child_told(const struct child *c);
bool child_has_told(const struct child *c, int64_t from, const char *words);
/* Asks for its end (SIGINT), waits for that and reads its result.  0, or -errno with what it said
 * last where there is none. */
int child_finish(struct child *c, struct err *err);
/* The same for one that ends by itself. */
int child_await(struct child *c, struct err *err);
/* Kills it if need be.  Frees the result. */
void child_end(struct child *c);

/* A whole number of the result by its way through the objects, "end.ledger.sent";
 * SELFTEST_UNKNOWN where there is none.  Into the keys of other objects go no dots. */
int64_t child_number(const struct child *c, const char *way);
/* The same of any number, in thousandths. */
int64_t child_thousandths(const struct child *c, const char *way);
/* The first reason or caution of the verdict that has these words in it; NULL: none has. */
const char *child_verdict(const struct child *c, const char *words);

/* For a process that was forked off and has done its part: it must not run on into its parent's. */
void child_vanish(void) __attribute__((noreturn));
/* In a process that `parent` has just forked off: it ends with that one, also if that has gone. */
void child_end_with(pid_t parent);

/* Waits, 5 ms at a time, until it holds or so much time has passed: what then holds. */
bool wait_until(bool (*holds)(void *of), void *of, int64_t patience_ns);
void wait_ns(int64_t ns);
