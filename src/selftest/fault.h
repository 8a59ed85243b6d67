/* What is put into runs: a table of faults, and how each is played.  Internal to src/selftest.  A
 * play is one process, which has namespaces of its own as the fault needs them. */
#pragma once

#include "selftest/child.h"
#include "selftest/selftest.h"
#include "selftest/witness.h"

enum fault_needs {
	NEEDS_LOOPBACK, /* a network namespace with nothing but lo */
	NEEDS_VETH,
	NEEDS_ROOT_VETH, /* ... and the first user namespace's rights over its devices */
};

/* Of a far end of our own: far_end.c. */
enum far_kind { FAR_DUPLICATED, FAR_REORDERED, FAR_LATE, FAR_LOST, FAR_GONE };

/* Of the path's netem: emulated.c. */
enum emulates { EMULATES_COPIES, EMULATES_ORDER, EMULATES_DELAY };

struct fault;

struct play {
	const struct fault *fault;
	const char *method; /* of faults of a mode; else NULL */
	const char *lie;    /* as in struct selftest_here */
	struct selftest_row *row;
	struct child run, server; /* server: where it is a process of its own */
	struct witness witness;
};

/* A loss that the ledger must name. */
struct fault_place {
	const char *place; /* NULL: no more of them */
	int64_t (*seen)(const struct witness *w);
	const char *source;
	/* Where packets hold several datagrams the kernel counts packets: with methods that join
	 * datagrams (GSO, GRO), and with those that send one for all readers. */
	bool joined, copied;
	/* to sockets that ask for it: methods that have such ones send again */
	bool told;
	/* of the result's sum, which counts packets as the kernel does; NULL */
	const char *counter;
};

enum { FAULT_PLACES = 2, FAULT_READERS = 8, FAULT_JOINED_MOST = 128 };

struct fault {
	const char *word; /* its name, or the last part of it */
	/* A row for each of its methods, `only` for this one, `never` for that one; mode NULL: it
	 * is one row. */
	const char *mode;
	const char *only;
	const char *never;
	const char *injected;
	enum fault_needs needs;
	bool alone; /* needs the CPUs for itself */
	/* Mandatory: fills in the row's checks.  -errno with *err: it could not be played,
	 * -ENOTSUP: not here. */
	int (*play)(struct play *p, struct err *err);

	/* ---- of play_losses() ---- */
	const char *options;
	/* once packets go; NULL: the options do it */
	int (*inject)(struct play *p, struct err *err);
	int64_t enough; /* that the second sources must have counted */
	struct fault_place at[FAULT_PLACES];
	uint32_t lost_of_1000; /* --loss, of what comes to a side; 0: something else loses */

	enum far_kind kind;     /* of play_far_end() */
	enum emulates emulates; /* of play_emulated(), which has options, too */
};

/* ended by word == NULL */
extern const struct fault fault_losses[], fault_others[];

/* losses.c, backlog.c, far_end.c, emulated.c, verdicts.c */
int play_losses(struct play *p, struct err *err);
int play_backlog(struct play *p, struct err *err);
int play_far_end(struct play *p, struct err *err);
int play_emulated(struct play *p, struct err *err);
int play_stall(struct play *p, struct err *err);
int play_suspended(struct play *p, struct err *err);
int play_rate(struct play *p, struct err *err);
int play_copied(struct play *p, struct err *err);
int play_stolen(struct play *p, struct err *err);

/* The next check of the row: each is 1, injected, said and second are unknown. */
struct selftest_check *play_check(struct play *p, const char *place, const char *unit);
/* The number of the ledger at this place. */
int64_t play_place(const struct play *p, const char *place);
/* A check: nothing is left unexplained. */
void play_balance(struct play *p);
/* 0 where a check has counted anything.  Some kernels may not do what was asked of them, then there
 * is nothing to be said: -ENOTSUP. */
int play_happened(const struct play *p, struct err *err);
/* Starts the run with these words, the lie added. */
int play_start(struct play *p, struct child *c, const char *words, struct err *err);
/* Waits until the counter has reached it: 0, or -ETIMEDOUT with *err, -EIO if the run ended. */
int play_await(struct play *p, const char *group, const char *name, int64_t least, struct err *err);
/* Of a run over veth: its namespaces, in which packets go, as soon as that is so.  0, or -errno and
 * why there are none. */
int play_meet(struct play *p, struct err *err);
/* Files of the run's device: they are those of the namespace that /sys was mounted in. */
#define DEVICE "/sys/class/net/" VETH_INTERFACE "/"
/* From now on /sys is of the network namespace that the process is in: for itself alone.  Root. */
bool play_own_sys(void);
/* Writes a word to a file of the kernel's. */
bool play_write(const char *path, const char *word);
/* A port of 127.0.0.1 that is free in this namespace. */
int play_free_port(struct err *err);
