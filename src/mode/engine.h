/* The contract that a mode (an engine) keeps with the run layer, and the shapes both share.
 *
 * Life: plan() on the main thread says which workers there are.  The run layer starts a pinned
 * thread per worker and calls open() on each, one after the other in plan order (servers come
 * first in the plan, so clients find the ports that servers bound; the order of binds is the
 * order of workers).  Then all workers poll() until told otherwise.  A worker's own phase,
 * worker->phase, changes only between two calls:
 *
 *   PHASE_WARMUP   traffic flows, nothing counts
 *   PHASE_SETTLE   who starts traffic (plan->quiet_first) stops sending: drain() is called on
 *                  them, poll() on the others; ends when nothing is in flight (IN_FLIGHT of
 *                  plan->flying; or nothing has moved for 100 ms)
 *   PHASE_MEASURE  traffic flows and counts; entered with nothing in flight, so that every
 *                  counter's difference is exact
 *   PHASE_DRAIN    like SETTLE, after the measurement
 *
 * SETTLE and DRAIN are entered first by the workers of plan->quiet_first, MEASURE by them last:
 * what they send is received by workers in the same phase.  Where the measurement has a length,
 * those of plan->quiet_first go from MEASURE to DRAIN by themselves when it is over.
 *
 * then close().  Without warm-up the first phase is MEASURE.  A stop, a change of load and the
 * sampler's tick reach a worker through words that only it reads; it acknowledges in words that
 * only it writes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/counters.h"
#include "base/err.h"
#include "base/histogram.h"
#include "mode/options.h"

struct plan; /* which workers there are: mode/plan.h */
struct worker;

enum role { ROLE_SERVER = 1, ROLE_CLIENT = 2, ROLE_BOTH = 3 };
/* "server", "client", "both": what --role and files call them in every mode; [0] is NULL. */
extern const char *const role_names[ROLE_BOTH + 1];

enum phase { PHASE_IDLE, PHASE_PREPARE, PHASE_WARMUP, PHASE_SETTLE, PHASE_MEASURE, PHASE_DRAIN, PHASE_DONE, PHASE_FAILED };
const char *phase_name(enum phase phase); /* "measure" */

/* ---- counters ---- */

enum counter_kind {
	COUNTER_SUM,   /* cumulative; rates are differences */
	COUNTER_GAUGE, /* how it stands now (in flight, connections); of several workers: the sum */
	/* The lowest or the highest, as it stands now; of several workers: the lowest or highest.
	 * COUNTER_NOTHING as long as there is none: so it begins, and so the worker sets it
	 * again when it enters MEASURE. */
	COUNTER_MIN,
	COUNTER_MAX,
};

/* One reading says it all; the others are told as differences of two. */
static inline bool counter_is_level(enum counter_kind kind)
{
	return kind != COUNTER_SUM;
}

/* The value that a counter starts from, and so does a merge over several workers. */
static inline uint64_t counter_first(enum counter_kind kind)
{
	return kind == COUNTER_MIN || kind == COUNTER_MAX ? COUNTER_NOTHING : 0;
}

/* The lowest or highest of nothing. */
static inline bool counter_is_nothing(enum counter_kind kind, uint64_t value)
{
	return value == COUNTER_NOTHING && counter_first(kind) == COUNTER_NOTHING;
}

/* One counter of two workers as one. */
uint64_t counter_merge(enum counter_kind kind, uint64_t a, uint64_t b);

enum ledger_side {
	LEDGER_NONE,
	LEDGER_SENT,     /* adds to what was offered */
	LEDGER_RECEIVED, /* adds to what arrived */
	/* arrived in the measure phase but belongs to the time before: taken off received */
	LEDGER_CARRIED,
	/* lost at def->place, and part of what was offered (server-only runs: drops at our own
	 * socket) */
	LEDGER_LOST_ARRIVING,
	LEDGER_LOST, /* lost at def->place */
	/* may be lost at def->place as well: so many at most, of those that nothing else
	 * explains.  A packet that the kernel dropped counts as one, and may have held several
	 * datagrams. */
	LEDGER_LOST_UP_TO,
	/* the other end, elsewhere, has told that so many came there, dropped at its sockets or
	 * not: the others were lost on the way there */
	LEDGER_ARRIVED_THERE,
	/* gauge, not 0: the other end, elsewhere, has told all that it lost; before that the places
	 * of that end are not known, and the rest was lost somewhere */
	LEDGER_TOLD,
	/* gauge: neither yet.  The common IN_FLIGHT: live only; a mode's own: of the final, too,
	 * for what may still wait when a run ends. */
	LEDGER_IN_FLIGHT,
};

/* Names for packets that are missing and that no place has. */
enum ledger_rest {
	REST_UNEXPLAINED, /* our own accounting should know where: the numbers are not valid */
	/* the other end could know: they were lost between here and the answer */
	REST_SOMEWHERE,
	REST_ON_THE_PATH, /* the other end has told all that it lost: they never came there */
	REST_THERE,       /* ... on the way to it, where it tells what came; the others */
	REST_BACK,        /* ... on the way back */
	LEDGER_RESTS,
};

enum counter_show {
	SHOW_TABLE = 1, /* a column of the core table, where there is room */
	SHOW_DRILL = 2, /* the drill-down of one core */
	SHOW_SUM = 4,   /* a key of results' sum */
	SHOW_CORE = 8,  /* a key of results' cores[] */
	/* those that are set, but only where it has come to something: is neither 0 nor unknown; of
	 * a figure also the line of its `why` */
	SHOW_IF_ANY = 16,
	SHOW_PANEL = 32, /* the dashboard's panel of figures, over all workers that count it */
	/* the dashboard's chart of a figure over time: of the first that has it.  A latency of the
	 * same title stands beside it with its percentiles. */
	SHOW_TREND = 64,
	/* the dashboard's panel of the connections as the kernel has them: of the workers that
	 * send */
	SHOW_LINK = 256,
	SHOW_TESTED = 128, /* a figure whose difference is judged where two settings are compared */
};

/* The effect of a counter or figure on the verdict if its value over the measure phase is above
 * `over`.  In the texts {} stands for the value; NULL: nothing. */
struct judgement {
	double over;
	/* the number must not be used: "{} messages were damaged on the way" */
	const char *reason;
	const char *caution; /* the number is not what its name suggests */
	const char *label;   /* the caution in a few words, for the legend of a chart; NULL: none */
};

struct counter_def {
	const char *name;  /* JSON key and CSV column; the unit is in it */
	const char *title; /* column head, at most 8 cells */
	const char *unit;  /* "packets", "bytes", "ns", "" */
	enum counter_kind kind;
	unsigned roles;                 /* bit set of enum role: which workers count it */
	enum ledger_side ledger;        /* in a run with a client here (role client or both) */
	enum ledger_side server_ledger; /* in a run of servers only */
	/* key of the place in the ledger where LEDGER_LOST: "server_socket_buffer" */
	const char *place;
	const char *place_title; /* the same for people: "server socket buffer" */
	/* what helps against losses there, for remedy_text() of record/judge/remedy.h; NULL:
	 * nothing */
	const char *remedy;
	/* It counts sends that were tried again, which the host counts among its UDP send buffer
	 * errors. */
	bool retried;
	unsigned show;    /* bit set of enum counter_show */
	const char *help; /* its meaning, in one line */
	struct judgement judgement;
};

/* Every worker has these, in front of its mode's own (whose first index is COUNTER_OWN).  The
 * table is counters_common[] in engine.c. */
enum {
	/* written by the engine */
	COUNTER_TX_PACKETS, /* datagrams / messages that the kernel took */
	COUNTER_TX_BYTES,   /* bytes that the application sent in them */
	COUNTER_RX_PACKETS, /* valid and first-time datagrams / messages */
	COUNTER_RX_BYTES,
	COUNTER_IN_FLIGHT, /* gauge: sent, not yet answered, not yet given up */
	COUNTER_SCHEDULED, /* open loop: packets due by the schedule so far; closed loop: 0 */
	/* system calls made by the engine (waits are counted by the worker loop) */
	COUNTER_SYSCALLS,
	/* written by the worker loop */
	/* times the worker slept because there was nothing to do; also counted as system calls */
	COUNTER_WAITS,
	COUNTER_CPU_USER_NS, /* getrusage(RUSAGE_THREAD) */
	COUNTER_CPU_SYSTEM_NS,
	COUNTER_CTX_VOLUNTARY,
	COUNTER_CTX_INVOLUNTARY,
	COUNTER_PAGE_FAULTS,
	/* perf_event_open (base/perf.h), to COUNTER_BRANCH_MISSES; unknown without a PMU */
	COUNTER_CYCLES,
	COUNTER_INSTRUCTIONS,
	COUNTER_L1D_MISSES,
	COUNTER_LLC_MISSES,
	COUNTER_BRANCH_MISSES,
	/* CPU time in which a hardware counter did not count; its value is scaled up for that */
	COUNTER_PERF_UNSEEN_NS,
	/* ready to run, but without a CPU: /proc/thread-self/schedstat, second field
	 * (sched-stats.rst, Linux >= 2.6.9 with SCHED_INFO) */
	COUNTER_RUN_DELAY_NS,
	/* CPU time of threads that work for the worker: see worker_add_helper() */
	COUNTER_HELPER_CPU_NS,
	COUNTER_OBSERVED_NS, /* run clock at which the CPU_*, CTX_* and perf counters were read */
	COUNTER_OWN,         /* first of the mode's own */
};
extern const struct counter_def counters_common[COUNTER_OWN];

/* Read through perf_event_open(2): these have a reason of their own where they are unknown. */
static inline bool counter_is_hardware(unsigned counter)
{
	return counter >= COUNTER_CYCLES && counter <= COUNTER_PERF_UNSEEN_NS;
}

/* A figure derived from differences: scale * sum(numerators) / sum(denominators); denominator
 * COUNTER_PER_SECOND divides by seconds.  What the CPU costs is CPU_USER_NS, CPU_SYSTEM_NS and
 * HELPER_CPU_NS.  Unknown (NaN, null) if a part is unknown or the
 * denominator is 0. */
enum { COUNTER_PER_SECOND = -2, COUNTER_NONE = -1, FIGURE_NUMERATORS = 3 };
struct figure_def {
	const char *name, *title, *unit;
	int numerator[FIGURE_NUMERATORS]; /* counter indices; COUNTER_NONE ends them */
	int denominator;                  /* counter index or COUNTER_PER_SECOND */
	double scale;
	unsigned numerator_roles, denominator_roles; /* workers of which roles are summed */
	unsigned show;
	/* The line of the panel that says why a method is as fast as it is ("system calls"): the
	 * same figure of the two roles has the same words, and stands in one line.  NULL: none. */
	const char *why;
	const char *help;
	struct judgement judgement;
};

/* ---- details ---- */

enum { DETAIL_COLUMNS_MAX = 8 };

struct detail_column {
	const char *name;  /* JSON key; the unit is in it; not "id", "role" or "index" */
	const char *title; /* column head, at most 8 cells */
	/* "packets", "bytes", "ns", ""; "hex": a number to compare with others, whose last 6 digits
	 * stand on the screen */
	const char *unit;
	/* SUM: cumulative since the row began.  The others: as it stands in the row. */
	enum counter_kind kind;
	const char *help; /* one line */
};

/* Figures that a mode counts per connection or reader, beside the counters of its workers: a
 * row each, that comes and goes, in run/rows.h. */
struct detail_def {
	const char *name;                    /* JSON name, and what the rows are: "connections" */
	const char *title;                   /* "Connections" */
	unsigned roles;                      /* bit set of enum role: whose workers keep rows */
	const struct detail_column *columns; /* ended by name == NULL, at most DETAIL_COLUMNS_MAX */
	/* the column by which rows are ranked at first, the worst in front: that with the least
	 * (ascending) or the most of it */
	unsigned sort;
	bool ascending;
	/* a column that a screen shows of all rows at once, a cell each: that all have much of it
	 * is good */
	bool has_strip;
	unsigned strip;
};
unsigned detail_columns(const struct detail_def *def); /* 0 of NULL */

/* ---- ledgers ---- */

/* A counter of the workers of these roles, on a side of a ledger. */
struct ledger_row {
	enum ledger_side side; /* LEDGER_NONE ends the table */
	unsigned counter, roles;
	const char *place, *place_title; /* where LEDGER_LOST: as in counter_def */
};

/* A ledger beside the one that the counters' own sides make: of something else that a mode moves.
 * Its counters are read as that one's are, after the drain. */
struct ledger_def {
	const char *name;     /* JSON key, and what it is of: "messages" */
	const char *received; /* the received side, for people: "read by the server" */
	unsigned roles;       /* all of them must be here, else it is not known */
	const struct ledger_row *rows;
};

/* ---- latencies ---- */

enum { LATENCIES_MAX = 3 };

struct latency_def {
	const char *name;  /* "rtt": JSON key "rtt_us" */
	const char *title; /* "RTT" */
	const char *since; /* the beginning of the time: "schedule", "send" */
	unsigned roles;    /* the workers that record it */
	/* Each packet of the ledger that arrives gives one value: what is missing of them leaves
	 * the slowest out. */
	bool each_packet;
	/* It is how late the generator was against its schedule, which the headline counts from. */
	bool of_generator;
	const char *help;
};

/* ---- stages ---- */

enum { STAGES_MAX = 10 };

/* A part of the way of a packet that was stamped (record/stages/stages.h), in the order of the
 * way. */
struct stage_def {
	const char *name;  /* "client_send": JSON key "client_send_us" */
	const char *title; /* at most 20 cells: "client to kernel" */
	unsigned role;     /* of enum role, whose host it is in; 0: between them */
	const char *help;  /* from which moment to which, in one line */
};

/* ---- results ---- */

/* A column that a mode puts in front of a CSV row's options: a value of the result document under
 * the name that its users look for.  Of several with one name the first that has a value counts. */
struct result_column {
	const char *name; /* "throughput_gbps" */
	const char *path; /* "end.sum.rx_mbps" */
	double scale;     /* of a number; 0: as it is */
};

/* ---- methods ---- */

/* The limits of a method in one run. */
struct method_limits {
	unsigned workers;        /* of each role; 0: it cannot run there */
	uint32_t datagram_bytes; /* the longest that it sends or receives */
	/* in words a user can act on: "eth0 has 2 queues" */
	char workers_why[80], bytes_why[80];
};

struct method {
	const char *name;    /* "mmsg" */
	const char *summary; /* one line */
	/* Does it run here?  true, or false with the reason in words a user can act on.  Main
	 * thread; may try system calls; leaves nothing open.  NULL: it runs everywhere.  Asked
	 * through method_runs(). */
	bool (*probe)(char *why, size_t size);
	/* Its workers open packet sockets or AF_XDP ones, so that the process must have
	 * CAP_NET_RAW. */
	bool packet_socket;
	/* They load a program into the kernel, which the helper of path veth cannot do for them:
	 * probe() says whether this process may. */
	bool loads_program;
	/* Why it was left out when this program was built: METHOD_MISSING() sets it.  Then the
	 * row has nothing else, and method_runs() gives this reason. */
	const char *missing;
	/* NULL: none of its own.  Main thread, from plan_limit(): the plan has path, address
	 * family and interface.  Lowers what is set in *limits and says why. */
	void (*limits)(const struct options *o, const struct plan *plan, enum role role, struct method_limits *limits);
};

/* The row of a method whose library was not there at build time, in place of its file: it stands
 * in every list, and says what to install.  METHOD_MISSING("uring", "io_uring, one call for
 * many", "liburing", "liburing-dev"). */
#define METHOD_MISSING(method_name, method_summary, library, package)                                           \
	{                                                                                                       \
		.name = method_name, .summary = method_summary,                                                 \
		.missing = "this netdyno was built without " library ": install " package " and build it again" \
	}

/* Does it run here?  true, or false with the reason.  Main thread. */
bool method_runs(const struct method *m, char *why, size_t size);
/* Does it, where path veth does?  What lacks nothing but rights has them there. */
bool method_runs_on_veth(const struct method *m, char *why, size_t size);

/* ---- options that do nothing ---- */

/* An option that does nothing in some runs: see mode/in_force.h. */
struct option_rule {
	const char *option; /* its name; NULL ends the table */
	/* does it do nothing with these?  NULL: in every run */
	bool (*idle)(const struct options *o);
	const char *why; /* in words that follow "--x does nothing in this run: " */
};

/* ---- the engine ---- */

/* The name of a role in this mode, for people. */
struct role_words {
	const char *title; /* "writer" */
	const char *brief; /* "wri", at most 4 cells */
};

struct engine {
	const char *name;    /* "echo" */
	const char *title;   /* "UDP echo" */
	const char *summary; /* one line */
	bool built;          /* false: a mode still to come; only name, title and summary are set */
	/* no I/O: on the virtual clock its workers are stepped by the sampler, and it writes the
	 * CPU counters itself */
	bool synthetic;
	/* Nothing gets lost on the way while both ends run (TCP): what is sent and not yet
	 * received is in flight, and a peer that is not there is silence even where nothing
	 * could be sent to it. */
	bool reliable;
	/* not a tab of the dashboard unless it is the mode that was asked for (null) */
	bool hidden;
	/* NULL: server (srv), client (cli) */
	const struct role_words *server, *client;
	/* the gauge of its connections with the other end, where it keeps them: without one the
	 * other end is away; 0: none */
	unsigned connections;
	/* plural of what open() may leave for later (worker_set_missing): "connections"; NULL:
	 * nothing */
	const char *missing;
	const char *packets;     /* the plural of one: "answers", "messages" */
	const char *packet_rate; /* unit of their rate on a screen: "msg/s"; NULL: "pps" */
	/* one that a client receives, in few letters, where each that is sent comes to many:
	 * "dlv"; NULL: it is one of those that were sent */
	const char *delivery;
	/* for captures: what its packets are, IPPROTO_UDP or IPPROTO_TCP; 0: either */
	int protocol;
	bool echo_header; /* each datagram begins with engines/echo/wire.h's header */
	/* bulk transfer: its rate is bits/s, of the side that sends as of the side that
	 * receives; else packets received */
	bool headline_bytes;
	const struct option_def *options; /* own, ended by name == NULL; may be NULL */
	/* of them and of the common ones, beside those of every mode; may be NULL */
	const struct option_rule *rules;
	/* own, ended by name == NULL; the first has index COUNTER_OWN; may be NULL */
	const struct counter_def *counters;
	const struct figure_def *figures; /* ended by name == NULL; may be NULL */
	/* Counters of receive calls by how many packets they brought: none, 1, 2-3, 4-7 and so on;
	 * the index of the first, and how many there are (0: it keeps none). */
	unsigned fill, fills;
	/* NULL: it keeps one ledger, of what its counters' sides say */
	const struct ledger_def *second_ledger;
	/* ended by name == NULL, at most LATENCIES_MAX; the first is the headline; may be NULL */
	const struct latency_def *latencies;
	/* ended by name == NULL, at most STAGES_MAX; NULL: it stamps no packets.  Its option
	 * "stages" says which. */
	const struct stage_def *stages;
	/* own, ended by name == NULL; may be NULL */
	const struct result_column *columns;
	/* NULL: its workers keep no rows */
	const struct detail_def *details;
	/* The method that a screen compares the others with, by the first of the figures; NULL: it
	 * does not. */
	const char *yardstick;
	/* NULL-terminated, the first that runs here is the default */
	const struct method *const *methods;

	/* Mandatory; main thread.  Checks what options_set() cannot (combinations), fills *plan
	 * (zeroed, path set).  -EINVAL = usage. */
	int (*plan)(const struct options *o, struct plan *plan, struct err *err);
	/* NULL if nothing to do; after all workers have closed (control thread), or when plan()
	 * failed half-way or the run never began (main thread): frees plan->shared. */
	void (*release)(struct plan *plan);
	/* NULL if nothing outlives a run.  Control thread: a run of this mode takes the place of
	 * another one, whose workers have closed and whose plan is released afterwards: sockets
	 * may move from one plan->shared to the other.  What does not fit stays where it is. */
	void (*inherit)(struct plan *from, struct plan *to);
	/* The rest runs on the owning worker's thread and returns >= 0, or -errno with *err
	 * naming what was tried. */
	/* mandatory; the only one that may allocate */
	int (*open)(struct worker *w, struct err *err);
	/* mandatory: one burst; 0 = nothing to do now: the worker waits */
	int (*poll)(struct worker *w, struct err *err);
	/* In place of poll() for the workers of plan->quiet_first in SETTLE and DRAIN: one burst of
	 * receiving only.  NULL: poll(), which looks at w->phase itself. */
	int (*drain)(struct worker *w, struct err *err);
	/* NULL: the worker sleeps in ppoll(2) on what w->wait says.  An engine whose own system
	 * call is its wait (epoll_wait, io_uring_enter, a blocking recv) pays one call a wake-up
	 * with this one.  Called where poll() or drain() returned 0, with --wait block; may do the
	 * work that it waited for.  It
	 *
	 * - returns by until_ns (CLOCK_MONOTONIC), at most WORKER_WAIT_MS away; earlier is fine,
	 *   and so is EINTR;
	 * - returns when w->wake_fd is readable, and calls worker_woken() then, and only then.  A
	 *   call that cannot watch it (a blocking recv) is ended by a signal instead: see
	 *   w->wait.by_signal;
	 * - counts itself with worker_count_wait().
	 *
	 * Where it has no use for its own call just now (no connection yet), it returns what
	 * worker_ppoll() returns. */
	int (*wait)(struct worker *w, int64_t until_ns, struct err *err);
	/* NULL if nothing to do: the worker has just entered this phase */
	int (*enter)(struct worker *w, enum phase phase, struct err *err);
	/* NULL if nothing to do: at each sampler tick (10 Hz) and at every phase change: reads
	 * what only a system call tells (socket drops) */
	int (*observe)(struct worker *w, struct err *err);
	/* mandatory; must accept half-opened; w->state may be NULL */
	void (*close)(struct worker *w);
};

/* Number of counters in all, and the definition of one of them. */
unsigned engine_counters(const struct engine *e);
const struct counter_def *engine_counter(const struct engine *e, unsigned index);
int engine_find_counter(const struct engine *e, const char *name); /* index or -1 */
unsigned engine_latencies(const struct engine *e);
unsigned engine_stages(const struct engine *e);
/* The words for ROLE_SERVER or ROLE_CLIENT; of several roles, those of the first. */
const struct role_words *engine_role(const struct engine *e, unsigned roles);
unsigned engine_methods(const struct engine *e);
/* or NULL */
const struct method *engine_find_method(const struct engine *e, const char *name);
/* NULL-terminated table; or NULL */
const struct engine *engine_find(const struct engine *const *engines, const char *name);
